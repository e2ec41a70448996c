"""The desk's screens of appointments: who gets in, what the buttons do."""

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import booking
from clinic.models import Appointment

pytestmark = pytest.mark.django_db

LIST = "/admin/clinic/appointment/"
NOBODY = "01a20000-0000-7000-8000-000000000000"


@pytest.fixture
def late(held, make_policy, settle) -> Appointment:
    """One that is paid for, and too close to be cancelled without a loss."""
    held.change(policy=make_policy(free_hours=48), by=None, why="As read at booking.")
    return settle(held)


def page(appointment: Appointment, name: str = "change") -> str:
    return reverse(f"admin:clinic_appointment_{name}", args=[appointment.pk])


def press(client, appointment: Appointment, button: str, **answers):
    return client.post(page(appointment, button), {"_form_submitted": "True", **answers})


def cancel(client, appointment: Appointment, **answers):
    """Open the dialog, and send it with the sums that it showed."""
    shown = client.get(page(appointment, "cancel")).context["form"]
    return press(
        client, appointment, "cancel", **{name: shown[name].value() for name in ("ours", "theirs")}, **answers
    )


def told(client, appointment: Appointment) -> list[str]:
    return [str(message) for message in client.get(page(appointment)).context["messages"]]


class TestPages:
    @pytest.mark.parametrize("role", ["manager", "reception", "auditor"])
    def test_open_for_the_practice(self, confirmed, make_user, staff_client, role):
        client = staff_client(make_user(role, f"one-{role}"))

        assert [
            client.get(address).status_code for address in (LIST, page(confirmed), page(confirmed, "history"))
        ] == [
            200,
            200,
            200,
        ]

    def test_show_a_doctor_their_own(self, confirmed, doctor, staff_client):
        client = staff_client(doctor.user)

        assert list(client.get(LIST).context["cl"].queryset) == [confirmed]
        assert client.get(page(confirmed)).status_code == 200

    def test_hide_those_of_others(self, confirmed, make_doctor, staff_client):
        client = staff_client(make_doctor("stranger").user)

        assert list(client.get(LIST).context["cl"].queryset) == []
        assert client.get(page(confirmed)).status_code == 302
        assert client.get(page(confirmed, "history")).status_code == 404
        assert press(client, confirmed, "cancel", why="Mine now.").status_code == 404
        confirmed.refresh_from_db()
        assert confirmed.status == "confirmed"

    def test_show_times_by_the_clock_of_the_practice(
        self, make_slot, make_patient, fees, manager, staff_client
    ):
        with time_machine.travel("2026-07-05T23:00Z", tick=False):
            someone = make_patient("someone", zone="Australia/Perth")
            booking.hold(make_slot(24), patient=someone, by=None)

            page = staff_client(manager).get(LIST).content.decode()

        assert "Tue 7 Jul 2026, 9:00 am AEST" in page

    @pytest.mark.parametrize(
        ("status", "buttons"),
        [
            ("held", {"cancel", "waive"}),
            ("confirmed", {"arrived", "did_not_attend", "move", "cancel"}),
            ("completed", {"follow_up"}),
            ("cancelled", set()),
        ],
    )
    def test_offer_only_what_can_be_done_now(self, confirmed, manager, staff_client, forced, status, buttons):
        every = {"consult", "arrived", "did_not_attend", "follow_up", "move", "cancel", "waive"}
        shown = staff_client(manager).get(page(forced(confirmed, status))).content.decode()

        assert {name for name in every if page(confirmed, name) in shown} == buttons

    def test_ask_the_database_equally_often_for_one_and_three(
        self, make_patient, make_slot, fees, manager, staff_client
    ):
        client = staff_client(manager)
        booking.hold(make_slot(24), patient=make_patient("one"), by=None)
        client.get(LIST)
        with CaptureQueriesContext(connection) as one:
            client.get(LIST)
        for hours in (48, 72):
            booking.hold(make_slot(hours), patient=make_patient(f"in{hours}"), by=None)

        with CaptureQueriesContext(connection) as three:
            client.get(LIST)

        assert len(one) == len(three)


class TestCancel:
    def test_gives_the_money_back_and_says_so(self, confirmed, reception, staff_client):
        client = staff_client(reception)

        cancel(client, confirmed, why="The doctor is ill.")

        confirmed.refresh_from_db()
        assert (confirmed.status, confirmed.order.status) == ("cancelled", "refunding")
        assert (confirmed.history.first().history_user, confirmed.history.first().history_change_reason) == (
            reception,
            "The doctor is ill.",
        )
        assert told(client, confirmed) == [
            "The appointment of Patient Example is cancelled. A$80.00 goes back."
        ]

    def test_asks_for_a_reason(self, confirmed, manager, staff_client):
        cancel(staff_client(manager), confirmed, why="")

        confirmed.refresh_from_db()
        assert confirmed.status == "confirmed"

    def test_says_why_it_cannot(self, confirmed, manager, staff_client, forced):
        forced(confirmed, "completed")
        client = staff_client(manager)

        cancel(client, confirmed, why="The doctor is ill.")

        assert told(client, confirmed) == [
            "The appointment of Patient Example is completed and cannot become cancelled."
            " Please reload the page to see what changed."
        ]

    def test_is_not_for_auditors(self, confirmed, auditor, staff_client):
        answer = press(staff_client(auditor), confirmed, "cancel", why="Curious.")

        confirmed.refresh_from_db()
        assert (answer.status_code, confirmed.status) == (403, "confirmed")

    def test_shows_first_what_either_decision_costs(self, late, reception, staff_client):
        dialog = staff_client(reception).get(page(late, "cancel")).content.decode()

        assert "A$80.00 goes back." in dialog
        assert "A$40.00 goes back, A$40.00 is kept unless you waive it." in dialog

    @pytest.mark.parametrize("key", ["nonsense", NOBODY])
    def test_shows_no_dialog_at_a_wrong_address(self, confirmed, reception, staff_client, key):
        address = page(confirmed, "cancel").replace(str(confirmed.pk), key)

        assert staff_client(reception).get(address).status_code == 404

    def test_shows_strangers_no_amounts(self, late, make_doctor, staff_client):
        client = staff_client(make_doctor("stranger").user)

        assert client.get(page(late, "cancel")).status_code == 404

    @pytest.mark.parametrize(
        ("answers", "side", "kept"),
        [
            ({}, "practice", 0),
            ({"for_patient": "on"}, "patient", 40),
            ({"for_patient": "on", "is_waived": "on"}, "patient", 0),
            ({"for_patient": "on", "has_failed": "on"}, "patient", 0),
        ],
    )
    def test_keeps_what_was_agreed_to_unless_it_is_waived(
        self, late, reception, staff_client, answers, side, kept
    ):
        cancel(staff_client(reception), late, why="They called.", **answers)

        late.refresh_from_db()
        assert (late.status, late.cancelled_as) == ("cancelled", side)
        assert late.order.kept - late.order.promised == kept

    def test_tells_what_is_kept(self, late, reception, staff_client):
        client = staff_client(reception)

        cancel(client, late, why="They called.", for_patient="on")

        assert told(client, late) == [
            "The appointment of Patient Example is cancelled. A$40.00 goes back. A$40.00 is kept."
        ]

    def test_is_refused_for_another_sum_than_was_shown(self, late, reception, staff_client):
        """The dialog was open while the free time ran out: nothing is kept unless somebody saw that."""
        client = staff_client(reception)
        whole = {"ours": "80.00 0.00", "theirs": "80.00 0.00"}

        press(client, late, "cancel", why="They called.", for_patient="on", **whole)

        late.refresh_from_db()
        assert (late.status, late.order.promised) == ("confirmed", 0)
        assert told(client, late) == [
            "What becomes of the money has changed since you looked: A$40.00 goes back now, and A$40.00 is"
            " kept. If that is right, please cancel once more."
        ]

    @pytest.mark.parametrize("answers", [{}, {"for_patient": "on", "is_waived": "on"}])
    def test_is_bound_to_the_sum_of_the_decision_alone(self, late, reception, staff_client, answers):
        """What the other decision would have cost is no reason to refuse this one."""
        sums = {"ours": "80.00 0.00", "theirs": "80.00 0.00"}

        press(staff_client(reception), late, "cancel", why="They called.", **sums, **answers)

        late.refresh_from_db()
        assert (late.status, late.order.promised) == ("cancelled", 80)

    @pytest.mark.parametrize(
        "sums", [{}, {"ours": "", "theirs": "40.00 40.00"}, {"theirs": "40.00 40.00", "for_patient": ""}]
    )
    def test_is_refused_where_nobody_can_tell_which_sums_were_seen(self, late, reception, staff_client, sums):
        answer = press(staff_client(reception), late, "cancel", why="They called.", **sums)

        assert "Please look at the sums shown here" in answer.content.decode()
        late.refresh_from_db()
        assert late.status == "confirmed"

    def test_is_shown_again_with_the_sums_of_now(self, late, reception, staff_client):
        answer = press(staff_client(reception), late, "cancel", why="", ours="1.00 0.00", theirs="1.00 0.00")

        form = answer.context["form"]
        assert (form["ours"].value(), form["theirs"].value()) == ("80.00 0.00", "40.00 40.00")


class TestMove:
    def test_offers_times_and_moves_to_the_chosen_one(self, confirmed, make_slot, reception, staff_client):
        client, later = staff_client(reception), make_slot(72)

        shown = client.get(page(confirmed, "move")).content.decode()
        answer = client.post(page(confirmed, "move"), {"to": later.pk, "why": "The doctor trains."})

        assert str(later.pk) in shown
        confirmed.refresh_from_db()
        assert (confirmed.status, confirmed.moved_to.slot) == ("moved", later)
        assert answer.url == page(confirmed.moved_to)
        assert told(client, confirmed.moved_to) == [
            "Patient Example has another time now, and gets a letter."
        ]

    @pytest.mark.parametrize("answers", [{}, {"to": NOBODY, "why": "x"}, {"to": "nonsense", "why": "x"}])
    def test_asks_for_a_time_and_a_reason(self, confirmed, make_slot, reception, staff_client, answers):
        make_slot(72)

        answer = staff_client(reception).post(page(confirmed, "move"), answers)

        confirmed.refresh_from_db()
        assert (answer.status_code, confirmed.status) == (400, "confirmed")

    def test_says_beside_the_times_that_one_is_taken(
        self, confirmed, make_slot, make_patient, reception, staff_client
    ):
        later = make_slot(72)
        booking.hold(later, patient=make_patient("faster"), by=None)

        answer = staff_client(reception).post(page(confirmed, "move"), {"to": later.pk, "why": "Training."})

        assert answer.status_code == 400
        assert answer.context["form"].errors["to"] == [
            "This time has just been taken. Please choose another."
        ]

    def test_says_why_it_cannot(self, held, reception, staff_client):
        client = staff_client(reception)

        assert client.get(page(held, "move")).url == page(held)
        [sentence] = told(client, held)
        assert "cannot become moved to another time" in sentence

    @pytest.mark.parametrize(("role", "status"), [("manager", 200), ("reception", 200), ("auditor", 403)])
    def test_is_for_those_who_may_cancel(self, confirmed, make_user, staff_client, role, status):
        client = staff_client(make_user(role, f"one-{role}"))

        assert client.get(page(confirmed, "move")).status_code == status

    def test_is_for_the_doctor_but_no_other(self, confirmed, doctor, make_doctor, staff_client):
        own, strange = staff_client(doctor.user), make_doctor("stranger").user

        assert own.get(page(confirmed, "move")).status_code == 200
        assert staff_client(strange).get(page(confirmed, "move")).status_code == 404


class TestWaive:
    def test_confirms_without_a_payment(self, held, manager, staff_client):
        client = staff_client(manager)

        press(client, held, "waive", why="Hardship.")

        held.refresh_from_db()
        assert (held.status, held.order.status) == ("confirmed", "waived")
        assert told(client, held) == [
            "The fee is waived: the appointment of Patient Example goes on as if it were paid."
        ]

    def test_asks_for_a_reason(self, held, manager, staff_client):
        press(staff_client(manager), held, "waive", why="")

        held.refresh_from_db()
        assert held.status == "held"

    def test_says_when_nothing_is_owed(self, confirmed, manager, staff_client):
        client = staff_client(manager)

        press(client, confirmed, "waive", why="Hardship.")

        assert len(told(client, confirmed)) == 1
        confirmed.refresh_from_db()
        assert confirmed.order.status == "paid"

    @pytest.mark.parametrize("role", ["reception", "auditor", "doctor"])
    def test_is_for_managers_alone(self, held, doctor, make_user, staff_client, role):
        someone = doctor.user if role == "doctor" else make_user(role, f"one-{role}")

        answer = press(staff_client(someone), held, "waive", why="Hardship.")

        held.refresh_from_db()
        assert (answer.status_code, held.status) == (403, "held")


class TestArrived:
    def test_shows_that_the_patient_waits(self, make_slot, patient, fees, settle, reception, staff_client):
        soon = settle(booking.hold(make_slot(0.4), patient=patient, by=None))

        press(staff_client(reception), soon, "arrived")

        soon.refresh_from_db()
        assert soon.status == "arrived"

    def test_says_when_it_is_too_early(self, confirmed, reception, staff_client):
        client = staff_client(reception)

        press(client, confirmed, "arrived")

        [sentence] = told(client, confirmed)
        assert sentence.startswith("The patient can come in from")


class TestDidNotAttend:
    def test_keeps_the_fee(self, confirmed, manager, staff_client, shifted):
        shifted(days=2)

        press(staff_client(manager), confirmed, "did_not_attend", why="Three calls, no answer.")

        confirmed.refresh_from_db()
        assert (confirmed.status, confirmed.order.status) == ("no_show", "paid")
