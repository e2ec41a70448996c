"""The screens on which somebody says what becomes of appointments outside the hours."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing import refunding
from clinic import booking, rostering
from clinic.models import Appointment, AuditEvent, RosterException

pytestmark = pytest.mark.django_db

LIST = "/admin/clinic/roster/outside/"


@pytest.fixture
def leave_of(manager):
    """Let the doctor of some times take leave on their days."""

    def go(*slots) -> None:
        for slot in slots:
            day = slot.starts_at.astimezone(ZoneInfo(slot.practitioner.time_zone)).date()
            leave = RosterException(
                kind="leave", practitioner=slot.practitioner, time_zone=slot.practitioner.time_zone,
                from_on=day, until_on=day, name="Conference",
            )  # fmt: skip
            rostering.set_exceptions([leave], by=manager)

    return go


@pytest.fixture
def stranded(confirmed, leave_of) -> Appointment:
    leave_of(confirmed.slot)
    return confirmed


def said(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


class TestList:
    def test_tells_who_when_and_why(self, boss, stranded):
        page = boss.get(LIST).content.decode()

        assert str(stranded.patient) in page
        assert "Leave: Conference" in page

    def test_is_empty_where_all_is_well(self, boss, confirmed):
        assert "No appointment lies outside the hours" in boss.get(LIST).content.decode()

    def test_is_of_one_doctor_where_asked(self, boss, stranded, doctor, make_doctor):
        other = make_doctor("other")

        assert str(stranded.patient) in boss.get(f"{LIST}?practitioner={doctor.pk}").content.decode()
        assert str(stranded.patient) not in boss.get(f"{LIST}?practitioner={other.pk}").content.decode()

    def test_is_what_the_dashboard_counts(self, boss, stranded):
        queue = {figure.label: figure for figure in boss.get("/admin/").context["queues"]}

        figure = queue["Appointments outside the doctor’s hours"]
        assert (figure.value, figure.link) == (1, LIST)

    def test_of_a_doctor_is_of_their_own(self, stranded, doctor, make_doctor, staff_client):
        own, strange = staff_client(doctor.user), staff_client(make_doctor("other").user)

        assert len(own.get(LIST).context["cases"]) == 1
        assert len(strange.get(LIST).context["cases"]) == 0

    def test_is_not_for_an_auditor(self, stranded, auditor, staff_client):
        assert staff_client(auditor).get(LIST).status_code == 403

    def test_asks_the_database_equally_often_for_one_and_three(
        self, boss, stranded, make_slot, make_doctor, make_patient, leave_of, fees
    ):
        boss.get(LIST)
        with CaptureQueriesContext(connection) as one:
            boss.get(LIST)
        for number in (2, 3):
            slot = make_slot(48 * number, of=make_doctor(f"doctor-{number}", zone="Australia/Perth"))
            booking.hold(slot, patient=make_patient(f"patient-{number}"), by=None)
            leave_of(slot)

        with CaptureQueriesContext(connection) as three:
            answer = boss.get(LIST)

        assert len(answer.context["cases"]) == 3
        assert len(one) == len(three)


class TestDeciding:
    def test_keeps_those_ticked(self, boss, stranded, manager):
        answer = boss.post(
            LIST, {"chosen": [stranded.pk], "decision": "keep", "why": "Comes in."}, follow=True
        )

        stranded.slot.refresh_from_db()
        assert said(answer) == ["Appointments that take place all the same: 1."]
        assert stranded.slot.kept_by == manager

    def test_shows_first_what_a_cancellation_costs(self, boss, stranded):
        answer = boss.post(LIST, {"chosen": [stranded.pk], "decision": "cancel", "why": "Away."})

        page = answer.content.decode()
        assert "Cancel 1 appointment?" in page
        assert "A$80.00 goes back in full." in page
        assert Appointment.objects.get().status == "confirmed"

    def test_counts_only_what_is_still_there(self, boss, stranded, manager):
        refunding.refund(stranded.order, by=manager, why="A kindness.", amount=Decimal(30))
        payment = stranded.order.payments.get()

        page = boss.post(
            LIST, {"chosen": [stranded.pk], "decision": "cancel", "why": "Away."}
        ).content.decode()

        assert payment.amount == 80
        assert "A$50.00 goes back in full." in page

    def test_cancels_then_and_refunds(self, boss, stranded):
        sure = {"chosen": [stranded.pk], "decision": "cancel", "why": "Away.", "is_sure": "on"}

        answer = boss.post(LIST, sure, follow=True)

        found = Appointment.objects.get()
        assert said(answer) == [
            "Appointments that are cancelled; the money goes back, and letters are sent: 1."
        ]
        assert (found.status, found.order.status) == ("cancelled", "refunding")

    def test_says_what_could_not_be_done(self, boss, stranded):
        stale = {"chosen": [stranded.pk], "decision": "keep", "why": "Comes in."}
        boss.post(LIST, stale)

        answer = boss.post(LIST, stale)

        assert answer.status_code == 400
        assert "Somebody has dealt with one of these appointments." in answer.content.decode()

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ({"decision": "keep", "why": "Comes in."}, "Tick the appointments first."),
            ({"chosen": ["no-uuid"], "decision": "keep", "why": "x"}, "is not a valid UUID"),
            ({"decision": "keep", "why": ""}, "Please say why: it stays with the appointment."),
        ],
    )
    def test_says_what_is_missing(self, boss, stranded, typed, sentence):
        answer = boss.post(LIST, typed)

        stranded.slot.refresh_from_db()
        assert sentence in answer.content.decode()
        assert (answer.status_code, stranded.slot.kept_at) == (400, None)

    def test_is_not_for_a_colleague(self, stranded, make_doctor, staff_client):
        stranger = staff_client(make_doctor("other").user)

        answer = stranger.post(LIST, {"chosen": [stranded.pk], "decision": "keep", "why": "Comes in."})

        stranded.slot.refresh_from_db()
        assert (answer.status_code, stranded.slot.kept_at) == (400, None)


class TestMoving:
    @pytest.fixture
    def page(self, stranded) -> str:
        return f"{LIST}{stranded.pk}/"

    def test_shows_what_is_free_and_is_in_the_trail(self, boss, page, stranded, make_slot, manager):
        there = make_slot(72)

        answer = boss.get(page)

        assert str(there.pk) in answer.content.decode()
        assert AuditEvent.objects.filter(action="read", record_id=stranded.pk, by=manager).exists()

    def test_says_so_where_nothing_is_free(self, boss, page):
        assert "Nothing is free for this kind of appointment." in boss.get(page).content.decode()

    def test_can_be_with_another_doctor_on_another_day(self, boss, page, make_slot, make_doctor):
        make_slot(72)
        there = make_slot(96, of=make_doctor("other", zone="Australia/Perth"))
        day = timezone.localtime(there.starts_at).date()

        answer = boss.get(f"{page}?doctor={there.practitioner.pk}&day={day.isoformat()}")

        assert [slot for times in answer.context["choice"].doctors for slot in times.slots] == [there]

    def test_moves_the_appointment(self, boss, page, make_slot):
        there = make_slot(72)

        answer = boss.post(page, {"to": there.pk, "why": "Leave."}, follow=True)

        assert said(answer) == ["Patient Example has another time now, and gets a letter."]
        assert Appointment.objects.get(slot=there).status == "confirmed"

    def test_says_why_a_time_cannot_be_had(self, boss, page, make_slot, make_patient):
        taken, other = make_slot(72), make_patient("other")
        booking.hold(taken, patient=other, by=other.user)

        answer = boss.post(page, {"to": taken.pk, "why": "Leave."})

        assert answer.status_code == 400
        assert "This time has just been taken." in answer.content.decode()

    @pytest.mark.parametrize(
        ("to", "sentence"),
        [("", "Choose one of the times."), ("no-uuid", "is not a valid UUID")],
    )
    def test_says_what_is_wrong_with_the_choice(self, boss, page, make_slot, to, sentence):
        make_slot(72)

        answer = boss.post(page, {"to": to, "why": "Leave."})

        assert answer.status_code == 400
        assert sentence in answer.content.decode()

    def test_of_a_colleagues_patient_is_not_there(self, page, make_doctor, staff_client):
        assert staff_client(make_doctor("other").user).get(page).status_code == 404

    def test_of_one_that_needs_no_decision_is_not_there(self, boss, confirmed):
        assert boss.get(f"{LIST}{confirmed.pk}/").status_code == 404


class TestLeadingThere:
    """Whoever changes hours is led to the appointments that they leave outside."""

    @pytest.fixture
    def leave(self, confirmed, doctor) -> dict:
        day = timezone.localtime(confirmed.starts_at).date()
        return {
            "kind": "leave", "practitioner": doctor.pk, "state": "", "name": "Conference",
            "from_on": day.isoformat(), "until_on": "", "other_dates": "", "starts": "", "ends": "",
            "appointment_type": "",
        }  # fmt: skip

    def test_right_after_adding_leave(self, boss, leave, doctor):
        answer = boss.post("/admin/clinic/rosterexception/add/", leave)

        assert answer.headers["Location"] == f"{LIST}?practitioner={doctor.pk}"

    def test_later_from_the_leave_itself_and_from_the_lists(self, boss, leave, doctor):
        boss.post("/admin/clinic/rosterexception/add/", leave)
        kept = RosterException.objects.get()

        affected = boss.get(reverse("admin:clinic_rosterexception_show_affected", args=[kept.pk]))
        all_of_them = boss.get(reverse("admin:clinic_rosterexception_show_outside"))

        assert affected.headers["Location"] == f"{LIST}?practitioner={doctor.pk}"
        assert all_of_them.headers["Location"] == LIST

    def test_right_after_withdrawing_hours(self, boss, stranded, doctor, short_visit, manager):
        kept = RosterException.objects.get()
        away = {"_form_submitted": "True", "why": "Goes by train."}

        answer = boss.post(f"/admin/clinic/rosterexception/{kept.pk}/withdraw/", away)

        assert answer.headers["HX-Redirect"] == f"/admin/clinic/rosterexception/{kept.pk}/change/"
