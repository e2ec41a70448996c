"""The stage of the benchmark: a real draft, asked by every check, in few statements."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic import checking
from clinic.models import Encounter
from config.benchmarks import prescribing

pytestmark = pytest.mark.django_db


def test_the_guard_is_asked_about_a_draft_that_could_nearly_be_issued():
    encounter = prescribing.found(prescribing.stage())

    with CaptureQueriesContext(connection) as captured:
        (findings,) = prescribing.ask(encounter)

    stops = {finding.check.name for finding in findings if finding.stops}
    assert len(findings) == len(checking.CHECKS) >= 40
    assert len(captured) <= prescribing.TARGETS["guard_statements"]
    assert "authority_covers_it" not in stops
    assert "they_have_spoken" not in stops
    assert Encounter.objects.get().prescriptions.filter(status="issued").count() == prescribing.EARLIER
