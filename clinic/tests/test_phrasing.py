"""The texts that patients agree to: shipped once, written on, published as versions."""

import pytest

from clinic import advertising, consenting, phrasing
from clinic.models import Consent, ConsentDraft, ConsentText

pytestmark = pytest.mark.django_db


def write(kind: str, body: str, *, by) -> ConsentDraft:
    draft = ConsentDraft.objects.get(kind=kind)
    phrasing.rewrite(draft, body=body, saw=phrasing.mark(draft), by=by)
    return draft


class TestShip:
    def test_brings_a_first_version_and_a_draft_of_each(self):
        kinds = {*Consent.Kind} - {"unapproved"}

        assert {*ConsentText.objects.values_list("kind", "version")} == {(kind, 1) for kind in kinds}
        assert {*ConsentDraft.objects.values_list("kind", flat=True)} == kinds

    def test_leaves_what_managers_wrote(self, reword):
        text = reword("privacy")

        phrasing.ship()

        assert consenting.in_force(["privacy"])["privacy"] == text
        assert ConsentText.objects.count() == len(phrasing.KINDS) + 1

    def test_names_the_class_of_the_medicine(self):
        words = consenting.text("unapproved_s8_inhale")

        assert words.startswith("The medicine we discussed is an unapproved medicine of Schedule 8, inhaled:")


class TestRewrite:
    def test_asks_nobody_yet(self, manager):
        before = consenting.text("privacy")

        write("privacy", "Something else.", by=manager)

        assert consenting.text("privacy") == before

    def test_is_refused_to_one_who_did_not_see_the_last_state(self, manager):
        seen = phrasing.mark(ConsentDraft.objects.get(kind="privacy"))
        draft = write("privacy", "Something else.", by=manager)

        with pytest.raises(phrasing.ChangedMeanwhile):
            phrasing.rewrite(draft, body="Mine.", saw=seen, by=manager)

    @pytest.mark.parametrize(
        ("kind", "body", "said"),
        [
            ("fees", "{cancelling} and no more.", "{missing} must stand in it"),
            ("privacy", "We tell {everybody}.", "Nothing is known as {everybody}"),
            ("privacy", " \n ", "Write what the patient agrees to"),
        ],
    )
    def test_takes_only_what_can_be_asked(self, manager, kind, body, said):
        with pytest.raises(phrasing.CannotBeAsked, match=said):
            write(kind, body, by=manager)


class TestPublish:
    def test_counts_on(self, manager):
        text = phrasing.publish(write("privacy", "Something else.", by=manager), by=manager)

        assert (text.version, text.recorded_by, consenting.text("privacy")) == (2, manager, "Something else.")

    def test_of_the_same_words_is_refused(self, manager):
        with pytest.raises(phrasing.NothingNew):
            phrasing.publish(ConsentDraft.objects.get(kind="privacy"), by=manager)

    def test_keeps_out_what_would_advertise(self, manager):
        draft = write("privacy", "We are glad to help you with medicinal cannabis.", by=manager)

        with pytest.raises(advertising.Advertises, match="cannabis"):
            phrasing.publish(draft, by=manager)

    def test_of_a_medicine_that_a_doctor_explains_may_name_it(self, manager):
        draft = write("unapproved_s8", "I was told that THC stays in my body for days.", by=manager)

        assert phrasing.publish(draft, by=manager).version == 2


def test_compare_tells_line_by_line():
    lines = phrasing.compare("One\nTwo", "One\nThree")

    assert lines == [("One", True, True), ("Two", True, False), ("Three", False, True)]
