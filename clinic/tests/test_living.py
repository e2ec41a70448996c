"""The life of a record is told to who may know what its versions said; others hear which fields changed."""

import pytest

from clinic import living, requesting
from clinic.models import RequestText

pytestmark = pytest.mark.django_db


def test_words_of_a_request_about_health_are_kept_from_managers(patient, manager, auditor):
    requesting.ask(patient, kind="correction", is_clinical=True, text="I never smoked.", by=patient.user)
    key = RequestText.objects.get().pk

    told = [str(living.of("clinic.requesttext", key, by=user)) for user in (manager, auditor)]

    assert ["I never smoked." in words for words in told] == [False, True]
