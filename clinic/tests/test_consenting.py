"""To which words somebody agreed, and whether these count still."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from clinic import booking, consenting
from clinic.models import CancellationPolicy, Consent, ConsentText
from clinic.models.consents import fingerprint

pytestmark = pytest.mark.django_db
OF_THE_FILE = "97b45dd5964871a8d55237affa75efc64364f3a77299c65865f678c3cf6b0152"


def test_agree_keeps_which_words_it_was(patient):
    consenting.agree(patient, kinds=consenting.BEFORE_BOOKING, by=patient.user)

    kept = {(one.kind, one.version, one.words, one.text_sha256) for one in Consent.objects.all()}
    assert kept == {
        (kind, "1", consenting.text(kind), fingerprint(consenting.text(kind)))
        for kind in ("telehealth", "fees", "privacy")
    }


@pytest.mark.parametrize(
    "kind", sorted({*Consent.Kind} - {Consent.Kind.UNAPPROVED})
)  # of no class: not asked
def test_every_kind_has_words(kind):
    words = consenting.text(kind)

    assert len(words) > 200
    assert "{" not in words


def test_the_words_stay_when_others_count(patient, reword):
    consenting.agree(patient, kinds=["privacy"], by=patient.user)
    before = consenting.text("privacy")

    reword("privacy")

    consent = Consent.objects.get()
    assert (consent.words, consent.version) == (before, "1")
    assert consenting.text("privacy") != before


def test_other_words_are_lacking_again(patient, reword):
    consenting.agree(patient, kinds=consenting.BEFORE_BOOKING, by=patient.user)
    before = consenting.lacking(patient, policy=None)

    reword("telehealth")

    assert (before, [*consenting.lacking(patient, policy=None)]) == ({}, ["telehealth"])


def test_another_policy_is_other_words(patient):
    consenting.agree(patient, kinds=consenting.BEFORE_BOOKING, by=patient.user)
    policy = CancellationPolicy.objects.create(effective_from=date(2020, 1, 1))

    assert [*consenting.lacking(patient, policy=policy)] == ["fees"]


def test_what_is_withdrawn_is_what_was_agreed_to(patient, reword):
    consenting.agree(patient, kinds=["privacy"], by=patient.user)
    before = consenting.text("privacy")
    reword("privacy")

    consenting.answer(patient, kind="privacy", answer="withdrawn", by=patient.user)

    newest = patient.consents.filter(kind="privacy").newest().get()
    assert (newest.answer, newest.words, newest.version) == ("withdrawn", before, "1")


class TestTheDatabase:
    """It knows the words of every yes."""

    @pytest.mark.parametrize(
        "wrong", [{"text": None}, {"text_sha256": "0" * 64}, {"kind": "telehealth"}, {"told": {"a": "b"}}]
    )
    def test_takes_no_yes_to_other_words_than_are_kept(self, patient, wrong):
        text = ConsentText.objects.of("fees").first()
        right = {"kind": "fees", "text": text, "version": "1", "told": consenting.told("fees", policy=None)}
        right["text_sha256"] = fingerprint(consenting.text("fees"))
        Consent.objects.create(patient=patient, **right)

        with pytest.raises(IntegrityError, match="not those of its text"), transaction.atomic():
            Consent.objects.create(patient=patient, **{**right, **wrong})

    def test_changes_no_text(self):
        with pytest.raises(IntegrityError, match="kept as it was written"), transaction.atomic():
            ConsentText.objects.filter(kind="fees").update(body="Pay.")

    def test_leaves_out_no_version(self):
        with pytest.raises(IntegrityError, match="without a gap"), transaction.atomic():
            ConsentText.objects.create(kind="fees", version=3, body="Pay.", sha256=fingerprint("Pay."))

    def test_takes_no_other_fingerprint(self):
        with pytest.raises(IntegrityError, match="not that of the text"), transaction.atomic():
            ConsentText.objects.create(kind="fees", version=2, body="Pay.", sha256="0" * 64)


class TestFees:
    """The words about fees tell of the policy that will hold for the booking."""

    def test_say_that_all_comes_back_where_there_is_no_policy(self):
        words = consenting.text("fees", policy=None)

        assert "I can cancel at any time before the appointment begins and get the whole fee back." in words
        assert "the fee is kept, because" in words

    def test_say_what_is_kept(self):
        policy = CancellationPolicy(
            effective_from=date(2026, 7, 1), free_hours=24, keep_percent=50, missed_percent=80
        )

        words = consenting.text("fees", policy=policy)

        texts = consenting.in_force(["fees", "privacy"])
        assert "until 24 hours before it begins and get the whole fee back" in words
        assert "If I cancel later, 50 % of the fee is kept" in words
        assert "If I do not come and have not cancelled, 80 % of the fee is kept" in words
        assert consenting.version(texts["fees"], policy=policy) == "1+2026-07-01"
        assert consenting.version(texts["privacy"], policy=policy) == "1"

    def test_of_the_same_policy_are_as_they_were_before_they_were_kept(self):
        """Who agreed to the file of then goes on: its fingerprint with a policy, as it was written down."""
        policy = CancellationPolicy(effective_from=date(2026, 7, 1))

        assert fingerprint(consenting.text("fees", policy=policy)) == OF_THE_FILE


def test_a_booking_keeps_the_policy_that_was_read(make_policy, slot, patient, fees):
    make_policy(from_on=date(2020, 1, 1))
    policy = make_policy(from_on=date(2020, 1, 1), keep_percent=20)  # the later word of that day

    held = booking.hold(slot, patient=patient, by=patient.user, consents=["fees"])

    consent = Consent.objects.get()
    assert held.policy == policy
    assert consent.version == "1+2020-01-01"
    assert consent.words == consenting.text("fees", policy=policy)
