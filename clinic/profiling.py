"""A patient's own details: what is still missing, and changing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from clinic.models import Patient

if TYPE_CHECKING:
    from clinic.models import User

# What a doctor needs to prescribe, and to help in an emergency during a call.
NEEDED = {
    "date_of_birth": "date of birth",
    "phone": "telephone number",
    "street": "street address",
    "suburb": "suburb or town",
    "state": "state",
    "postcode": "postcode",
    "emergency_name": "emergency contact",
    "emergency_phone": "emergency contact’s telephone number",
}
OF_THE_PERSON = ("given_name", "family_name", "time_zone")


def missing(patient: Patient) -> list[str]:
    """What is still to be filled in, in words."""
    return [label for field, label in NEEDED.items() if not getattr(patient, field)]


@transaction.atomic
def change(patient: Patient, *, by: User, **details: Any) -> bool:
    """Save those ``details`` that differ; false when none does."""
    changed = False
    for record, names in ((patient.user, OF_THE_PERSON), (patient, set(details) - set(OF_THE_PERSON))):
        new = {name: details[name] for name in names if name in details}
        different = {name: value for name, value in new.items() if getattr(record, name) != value}
        if different:
            record.change(by=by, why="Own details.", **different)
            changed = True
    return changed
