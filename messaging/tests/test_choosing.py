"""Which letters people get, and which nobody can turn off."""

import pytest
from django.db import IntegrityError, transaction

from messaging import choosing, kinds, mailing
from messaging.kinds import Group
from messaging.models import Choice, Letter

pytestmark = pytest.mark.django_db
EVERYTHING = {"reminders", "messages", "papers", "notices"}


def queue(reader, template):
    return mailing.queue(template, recipient=reader, to=reader.email, context={})


class TestChoose:
    def test_who_said_nothing_gets_everything(self, patient):
        assert choosing.wanted_by(patient) == EVERYTHING
        assert not Choice.objects.exists()

    def test_keeps_what_was_said_with_who_said_it(self, patient, reception):
        choosing.choose(patient, wanted=EVERYTHING - {"messages"}, by=patient)
        choosing.choose(patient, wanted=EVERYTHING, by=reception, why="They rang.")

        choice = Choice.objects.get()
        told = [
            (one.is_wanted, one.history_user, one.history_change_reason)
            for one in choice.history.order_by("history_date")
        ]
        assert (choice.group, choice.is_wanted) == ("messages", True)
        assert told == [(False, patient, ""), (True, reception, "They rang.")]

    def test_the_same_twice_changes_nothing(self, patient):
        for _ in range(2):
            choosing.choose(patient, wanted=set(), by=patient)

        assert (Choice.objects.count(), Choice.history.count()) == (4, 4)

    @pytest.mark.parametrize("group", sorted(set(Group) - set(kinds.OPTIONAL)))
    def test_refuses_what_is_no_choice(self, patient, group):
        with pytest.raises(choosing.CannotBeTurnedOff):
            choosing.choose(patient, wanted={group}, by=patient)

    @pytest.mark.parametrize("group", sorted(set(Group) - set(kinds.OPTIONAL)))
    def test_the_database_turns_nothing_essential_off(self, patient, group):
        with pytest.raises(IntegrityError, match="of_what_is_optional"), transaction.atomic():
            Choice.objects.add(person=patient, group=group, is_wanted=False, by=None)

    def test_staff_choose_only_about_their_messages(self, doctor):
        assert choosing.wanted_by(doctor) == {"messages"}


class TestSending:
    @pytest.fixture(autouse=True)
    def _nobody_wants_anything(self, patient):
        choosing.choose(patient, wanted=set(), by=patient)

    def test_what_is_not_wanted_is_dropped_and_says_why(self, patient):
        letter = queue(patient, "clinic/mail/document_ready")

        mailing.why_not(letter)
        letter.move_to(Letter.Status.DROPPED, by=None, why="Not wanted.", dropped_for=mailing.why_not(letter))

        assert letter.get_dropped_for_display() == "The reader does not want such letters"

    @pytest.mark.parametrize(
        "template", sorted(name for name, kind in kinds.KINDS.items() if kind.is_essential)
    )
    def test_what_is_essential_is_never_dropped_for_it(self, patient, template, monkeypatch):
        monkeypatch.setattr(mailing, "STILL_WANTED", {})

        assert mailing.why_not(queue(patient, template)) is None

    def test_it_is_asked_when_the_letter_is_sent(self, patient, monkeypatch):
        letter = queue(patient, "billing/mail/receipt_ready")
        first = mailing.why_not(letter)
        choosing.choose(patient, wanted={"papers"}, by=patient)

        assert (first, mailing.why_not(letter)) == (Letter.Dropped.UNWANTED, None)

    def test_it_is_not_sent_again_by_hand_either(self, patient, manager):
        letter = queue(patient, "billing/mail/receipt_ready")
        letter.move_to(Letter.Status.SENT, by=None)

        with pytest.raises(mailing.NotWanted):
            mailing.send_again(letter, by=manager)

    def test_a_letter_is_not_dropped_without_a_reason(self, patient):
        letter = queue(patient, "billing/mail/receipt_ready")

        with pytest.raises(IntegrityError, match="dropped_for_a_reason"), transaction.atomic():
            letter.move_to(Letter.Status.DROPPED, by=None)


class TestFoot:
    @pytest.mark.parametrize(
        ("template", "times"), [("billing/mail/receipt_ready", 1), ("clinic/mail/appointment_moved", 0)]
    )
    def test_says_where_to_choose_below_what_can_be_turned_off(self, patient, settings, template, times):
        mail = mailing.render(queue(patient, template))
        address = f"{settings.BASE_URL}/accounts/letters/"

        assert mail.body.count(address) == times
        assert mail.alternatives[0].content.count(address) == times
