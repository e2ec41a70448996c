"""The page on which the practice books a patient's next visit."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import booking, noting
from clinic.models import Appointment
from messaging.models import Letter

pytestmark = pytest.mark.django_db

NOBODY = "01a20000-0000-7000-8000-000000000000"


@pytest.fixture
def visit(confirmed, forced) -> Appointment:
    return forced(confirmed, "completed")


@pytest.fixture
def later(make_slot):
    return make_slot(24 * 28)


def page(appointment: Appointment, name: str = "follow_up") -> str:
    return reverse(f"admin:clinic_appointment_{name}", args=[appointment.pk])


def told(client, appointment: Appointment) -> list[str]:
    return [str(message) for message in client.get(page(appointment, "change")).context["messages"]]


class TestLooking:
    def test_shows_the_same_doctor_when_the_next_visit_is_due(
        self, visit, later, make_slot, make_doctor, reception, staff_client
    ):
        make_slot(48)
        make_slot(24 * 28, of=make_doctor("other"))

        context = staff_client(reception).get(page(visit)).context

        assert context["weeks"] == 4
        assert context["choice"].doctors == [(later.practitioner, [later])]

    def test_shows_another_doctor_and_week_if_asked(
        self, visit, later, make_slot, make_doctor, reception, staff_client
    ):
        other = make_doctor("other")
        theirs = make_slot(24 * 14, of=other)

        context = staff_client(reception).get(page(visit), {"weeks": 2, "doctor": other.pk}).context

        assert (context["weeks"], context["choice"].doctors) == (2, [(other, [theirs])])

    def test_shows_any_doctor_if_asked(self, visit, later, make_slot, make_doctor, reception, staff_client):
        theirs = make_slot(24 * 28, of=make_doctor("other"))

        choice = staff_client(reception).get(page(visit), {"doctor": ""}).context["choice"]

        assert {slot for _, slots in choice.doctors for slot in slots} == {later, theirs}

    @pytest.mark.parametrize(
        "wish", [{"weeks": "many"}, {"weeks": "-3"}, {"doctor": "x"}, {"doctor": NOBODY}, {"day": "x"}]
    )
    def test_is_not_upset_by_nonsense(self, visit, later, reception, staff_client, wish):
        answer = staff_client(reception).get(page(visit), wish)

        assert (answer.status_code, answer.context["weeks"]) == (200, 4)

    def test_tells_what_the_patient_has_ahead(self, visit, later, make_slot, reception, staff_client):
        booking.hold(make_slot(24 * 30), patient=visit.patient, by=None)

        assert "Booked already" in staff_client(reception).get(page(visit)).content.decode()

    def test_says_when_nothing_is_free(self, visit, reception, staff_client):
        assert (
            "ask the patient to join the waiting list"
            in staff_client(reception).get(page(visit)).content.decode()
        )

    def test_asks_equally_often_for_one_time_and_three(
        self, visit, later, make_slot, reception, staff_client
    ):
        client = staff_client(reception)
        client.get(page(visit))
        with CaptureQueriesContext(connection) as one:
            client.get(page(visit))
        for hours in (1, 2):
            make_slot(24 * 28 + hours)
            booking.hold(make_slot(24 * 40 + hours), patient=visit.patient, by=None)

        with CaptureQueriesContext(connection) as three:
            client.get(page(visit))

        assert len(one) == len(three)


class TestBooking:
    def test_holds_the_time_and_tells_until_when(self, visit, later, reception, staff_client):
        client = staff_client(reception)

        answer = client.post(page(visit), {"to": later.pk, "why": "As the doctor asked."})

        held = later.appointments.get()
        assert (held.status, held.patient) == ("held", visit.patient)
        assert answer.url == page(held, "change")
        [sentence] = told(client, held)
        assert sentence.startswith("Held for Patient Example until ")
        assert sentence.endswith("They get a letter with a link to pay.")

    def test_leads_the_doctor_back_to_the_consultation(self, encounter, later, doctor, staff_client):
        client = staff_client(doctor.user)
        visit = encounter.appointment

        shown = client.get(reverse("admin:clinic_encounter_change", args=[encounter.pk])).content.decode()
        answer = client.post(page(visit), {"to": later.pk, "why": "As we agreed."})

        assert page(visit) in shown
        assert answer.url == reverse("admin:clinic_encounter_change", args=[encounter.pk])

    def test_leads_a_doctor_nowhere_they_may_not_go(
        self, visit, doctor, make_doctor, make_slot, staff_client
    ):
        theirs = make_slot(24 * 28, of=make_doctor("other"))

        answer = staff_client(doctor.user).post(page(visit), {"to": theirs.pk, "why": "I am away."})

        assert answer.url == page(visit, "change")

    @pytest.mark.parametrize("answers", [{}, {"to": NOBODY, "why": "x"}, {"to": "nonsense", "why": "x"}])
    def test_asks_for_a_time_and_a_reason(self, visit, later, reception, staff_client, answers):
        answer = staff_client(reception).post(page(visit), answers)

        assert (answer.status_code, later.appointments.count()) == (400, 0)

    def test_keeps_what_was_typed_when_the_reason_is_missing(self, visit, later, reception, staff_client):
        answer = staff_client(reception).post(page(visit), {"to": later.pk, "why": ""})

        assert answer.status_code == 400
        assert f'value="{later.pk}" checked' in answer.content.decode()

    def test_says_beside_the_times_that_one_is_taken(
        self, visit, later, make_patient, reception, staff_client
    ):
        booking.hold(later, patient=make_patient("faster"), by=None)

        answer = staff_client(reception).post(page(visit), {"to": later.pk, "why": "As asked."})

        assert answer.status_code == 400
        assert answer.context["form"].errors["to"] == [
            "This time has just been taken. Please choose another."
        ]
        assert not Letter.objects.filter(template__endswith="follow_up").exists()

    def test_says_why_it_cannot(self, confirmed, reception, staff_client):
        client = staff_client(reception)

        assert client.get(page(confirmed)).url == page(confirmed, "change")
        assert told(client, confirmed) == [
            "Book the next visit once this one has begun, or when the patient has missed it."
        ]


class TestWho:
    @pytest.mark.parametrize(("role", "status"), [("manager", 200), ("reception", 200), ("auditor", 403)])
    def test_is_for_those_who_book(self, visit, make_user, staff_client, role, status):
        client = staff_client(make_user(role, f"one-{role}"))

        assert client.get(page(visit)).status_code == status
        assert (page(visit) in client.get(page(visit, "change")).content.decode()) == (status == 200)

    def test_an_auditor_books_nothing(self, visit, later, auditor, staff_client):
        answer = staff_client(auditor).post(page(visit), {"to": later.pk, "why": "x"})

        assert (answer.status_code, later.appointments.count()) == (403, 0)

    def test_is_for_the_doctor_but_no_other(self, visit, later, doctor, make_doctor, staff_client):
        own, strange = staff_client(doctor.user), staff_client(make_doctor("stranger").user)

        answer = strange.post(page(visit), {"to": later.pk, "why": "x"})

        assert (own.get(page(visit)).status_code, strange.get(page(visit)).status_code) == (200, 404)
        assert (answer.status_code, later.appointments.count()) == (404, 0)


def test_the_review_date_is_chosen_already(encounter, doctor, reception, staff_client):
    due = timezone.localdate() + timedelta(weeks=8)
    noting.save(encounter.note, by=doctor.user, review_on=due)

    html = staff_client(reception).get(page(encounter.appointment)).content.decode()

    assert '<option value="8" selected>In 8 weeks</option>' in html
