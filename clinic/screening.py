"""Asking before Schedule 8 what a state wants to know, and keeping the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from clinic import consulting
from clinic.models import Encounter, Screening

if TYPE_CHECKING:
    from clinic.models import User


@transaction.atomic
def record(encounter: Encounter, *, depends_on_drugs: bool, is_relative: bool, by: User) -> Screening:
    """Keep what the patient answered.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises Over: the consultation is closed
    """
    consulting.take(encounter, by=by)
    return Screening.objects.create(
        patient=encounter.patient,
        practitioner=encounter.practitioner,
        encounter=encounter,
        depends_on_drugs=depends_on_drugs,
        is_relative=is_relative,
        recorded_by=by,
    )
