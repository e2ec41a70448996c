from hashlib import sha256

import pytest

from clinic import consenting
from clinic.models import Consent


@pytest.mark.django_db
def test_agree_keeps_which_words_it_was(patient):
    consenting.agree(patient, kinds=consenting.BEFORE_BOOKING, by=patient.user)

    kept = {(consent.kind, consent.version, consent.text_sha256) for consent in Consent.objects.all()}
    assert kept == {
        (kind, consenting.VERSIONS[kind], sha256(consenting.text(kind).encode()).hexdigest())
        for kind in ("telehealth", "fees", "privacy")
    }


@pytest.mark.parametrize("kind", Consent.Kind.values)
def test_every_kind_has_words_and_a_version(kind):
    assert len(consenting.text(kind)) > 200
    assert consenting.VERSIONS[kind]
