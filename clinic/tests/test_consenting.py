from datetime import date
from hashlib import sha256

import pytest

from clinic import booking, consenting
from clinic.models import CancellationPolicy, Consent


@pytest.mark.django_db
def test_agree_keeps_which_words_it_was(patient):
    consenting.agree(patient, kinds=consenting.BEFORE_BOOKING, by=patient.user)

    kept = {(consent.kind, consent.version, consent.text_sha256) for consent in Consent.objects.all()}
    assert kept == {
        (kind, consenting.VERSIONS[kind], sha256(consenting.text(kind).encode()).hexdigest())
        for kind in ("telehealth", "fees", "privacy")
    }


@pytest.mark.parametrize(
    "kind", sorted({*Consent.Kind} - {Consent.Kind.UNAPPROVED})
)  # of no class: not asked
def test_every_kind_has_words_and_a_version(kind):
    assert len(consenting.text(kind)) > 200
    assert consenting.VERSIONS[kind]


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

        assert "until 24 hours before it begins and get the whole fee back" in words
        assert "If I cancel later, 50 % of the fee is kept" in words
        assert "If I do not come and have not cancelled, 80 % of the fee is kept" in words
        assert consenting.version("fees", policy=policy) == "2026-12+2026-07-01"
        assert consenting.version("privacy", policy=policy) == consenting.VERSIONS["privacy"]


@pytest.mark.django_db
def test_a_booking_keeps_the_policy_that_was_read(make_policy, slot, patient, fees):
    make_policy(from_on=date(2020, 1, 1))
    policy = make_policy(from_on=date(2020, 1, 1), keep_percent=20)  # the later word of that day

    held = booking.hold(slot, patient=patient, by=patient.user, consents=["fees"])

    consent = Consent.objects.get()
    assert held.policy == policy
    assert consent.version == "2026-12+2020-01-01"
    assert consent.text_sha256 == sha256(consenting.text("fees", policy=policy).encode()).hexdigest()
