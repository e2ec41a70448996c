"""The desk's screens of the waiting list: a freed time is offered in two clicks."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import booking, filling, waitlisting
from clinic.models import WaitlistEntry, WaitlistOffer
from clinic.tests.admin.conftest import press, said
from clinic.waitlisting import Wish
from messaging.models import Letter

LIST = "/admin/clinic/waitlistentry/"
NOBODY = "01a20000-0000-7000-8000-000000000000"
SOON = Wish(date(2026, 1, 1), date(2036, 1, 1))

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def by_day():
    """At night the time to answer stands still: these tests are about the day."""
    with time_machine.travel(datetime(2027, 3, 2, 1, 0, tzinfo=UTC)):
        yield


@pytest.fixture
def wait(short_visit):
    def do(patient, **wish) -> WaitlistEntry:
        return waitlisting.ask(patient, wish=SOON._replace(**wish), kind=short_visit, by=patient.user)

    return do


@pytest.fixture
def entry(patient, wait) -> WaitlistEntry:
    return wait(patient)


def page(record, name: str = "change") -> str:
    return reverse(f"admin:clinic_{record._meta.model_name}_{name}", args=[record.pk])


class TestPages:
    @pytest.mark.parametrize(
        ("role", "may_offer"), [("manager", True), ("reception", True), ("auditor", False)]
    )
    def test_open_for_the_practice(self, entry, make_user, staff_client, role, may_offer):
        client = staff_client(make_user(role, f"one-{role}"))

        opened = [client.get(address).status_code for address in (LIST, page(entry), page(entry, "history"))]

        assert opened == [200, 200, 200]
        assert ("Offer a time" in client.get(LIST).content.decode()) is may_offer
        assert press(client, entry, "take_off", why="Called us.").status_code == (200 if may_offer else 403)

    def test_are_not_for_doctors(self, entry, doctor, staff_client):
        client = staff_client(doctor.user)

        assert client.get(LIST).status_code == 403
        assert press(client, entry, "offer").status_code == 403

    def test_say_what_would_suit(self, boss, patient, wait, doctor):
        entry = wait(patient, practitioners=[doctor], weekdays=[0, 3], parts=["early"])

        listed, whole = boss.get(LIST).content.decode(), boss.get(page(entry)).content.decode()

        assert "Monday, Thursday; Before 9 am" in listed
        assert str(doctor) in whole
        assert "Nothing yet" in whole

    def test_list_is_of_those_who_wait_unless_asked(self, boss, entry, patient):
        waitlisting.leave(entry, by=patient.user)

        assert list(boss.get(LIST).context["cl"].queryset) == []
        assert list(boss.get(f"{LIST}?list=all").context["cl"].queryset) == [entry]

    def test_offer_nothing_to_who_is_off_the_list(self, boss, entry, patient):
        before = boss.get(page(entry)).content.decode()
        waitlisting.leave(entry, by=patient.user)
        after = boss.get(page(entry)).content.decode()

        buttons = ("Offer a time", "Take off the list")
        assert [(button in before, button in after) for button in buttons] == [(True, False)] * 2

    def test_list_asks_the_database_equally_often_for_one_and_three(self, boss, make_patient, wait):
        wait(make_patient("ann"))
        boss.get(LIST)
        with CaptureQueriesContext(connection) as one:
            boss.get(LIST)
        for name in ("bob", "cat"):
            wait(make_patient(name))

        with CaptureQueriesContext(connection) as three:
            boss.get(LIST)

        assert len(one) == len(three)


class TestOfferATime:
    """From who waits to a time."""

    def test_is_open_then_send(self, boss, entry, make_slot, fees, manager):
        soonest = [make_slot(hours) for hours in (30, 24)][1]

        dialog = boss.get(page(entry, "offer"))
        chosen = dialog.context["form"]["slot"].initial
        press(boss, entry, "offer", slot=chosen)

        offered = WaitlistOffer.objects.get()
        assert (offered.slot, offered.entry, offered.appointment.patient) == (soonest, entry, entry.patient)
        assert offered.history.get().history_user == manager
        assert Letter.objects.filter(template="clinic/mail/waitlist_offer").count() == 1
        assert "Offered to" in str(said(boss.get(page(entry))))

    def test_says_that_nothing_suits(self, boss, entry, fees):
        dialog = boss.get(page(entry, "offer")).content.decode()
        answer = press(boss, entry, "offer").content.decode()

        assert "No free time suits now." in dialog
        assert "No time is chosen." in answer
        assert not WaitlistOffer.objects.exists()

    @pytest.mark.parametrize("slot", ["nonsense", NOBODY])
    def test_refuses_what_is_no_time(self, boss, entry, make_slot, slot):
        make_slot()

        answer = press(boss, entry, "offer", slot=slot)

        assert "This time has just been taken, or suits no more." in answer.content.decode()
        assert not WaitlistOffer.objects.exists()

    def test_says_that_somebody_was_faster(self, boss, entry, slot, fees, make_patient):
        boss.get(page(entry, "offer"))
        faster = make_patient("faster")
        booking.hold(slot, patient=faster, by=faster.user)

        answer = press(boss, entry, "offer", slot=slot.pk)

        assert "This time has just been taken, or suits no more." in answer.content.decode()
        assert not WaitlistOffer.objects.exists()

    def test_says_that_it_begins_too_soon(self, boss, entry, make_slot, fees):
        press(boss, entry, "offer", slot=make_slot(0.1).pk)

        assert "This time begins before anybody could answer an offer." in str(said(boss.get(page(entry))))
        assert not WaitlistOffer.objects.exists()

    def test_is_not_there_for_a_wrong_address(self, boss, entry):
        address = page(entry, "offer").replace(str(entry.pk), "nonsense")

        assert boss.post(address, {"_form_submitted": "True", "slot": NOBODY}).status_code == 404
        assert not WaitlistOffer.objects.exists()


class TestOfferToWhoWaits:
    """From a free time to who waits."""

    def test_is_open_then_send(self, boss, make_patient, wait, slot, fees):
        longest, _ = [wait(make_patient(name)) for name in ("ann", "bob")]

        dialog = boss.get(page(slot, "offer_to"))
        chosen = dialog.context["form"]["entry"].initial
        press(boss, slot, "offer_to", entry=chosen)

        assert WaitlistOffer.objects.get().entry == longest
        assert dialog.content.decode().count('type="radio"') == 2

    def test_says_that_nobody_waits(self, boss, slot, fees):
        assert "Nobody waits for such a time." in boss.get(page(slot, "offer_to")).content.decode()

    def test_names_what_they_have(self, boss, confirmed, make_slot, patient):
        waitlisting.ask(patient, wish=SOON, instead_of=confirmed, by=patient.user)

        dialog = boss.get(page(make_slot(20), "offer_to")).content.decode()

        assert "has Wed 3 Mar 2027" in dialog

    def test_takes_as_many_statements_for_three_as_for_one(self, boss, make_patient, wait, slot, fees):
        wait(make_patient("ann"))
        boss.get(page(slot, "offer_to"))
        with CaptureQueriesContext(connection) as one:
            boss.get(page(slot, "offer_to"))
        for name in ("bob", "cat"):
            wait(make_patient(name))

        with CaptureQueriesContext(connection) as three:
            boss.get(page(slot, "offer_to"))

        assert len(one) == len(three)


class TestTakeOff:
    def test_ends_the_wait_for_a_reason(self, boss, entry, manager):
        press(boss, entry, "take_off", why="Called us.")

        entry.refresh_from_db()
        latest = entry.history.first()
        assert (entry.status, latest.history_user, latest.history_change_reason) == (
            "left",
            manager,
            "Called us.",
        )

    def test_waits_for_the_answer_to_an_offer(self, boss, entry, slot, fees):
        filling.offer(slot)

        press(boss, entry, "take_off", why="Called us.")

        assert "A time is being kept until this offer is answered." in str(said(boss.get(page(entry))))
