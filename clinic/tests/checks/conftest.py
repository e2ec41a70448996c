import pytest

from clinic.models import Prescription
from clinic.tests.checks.world import World


@pytest.fixture
def world(ready, doctor):
    return World(Prescription.objects.get(pk=ready.pk), doctor.user)
