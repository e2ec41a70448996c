"""The clinic's screens in the admin; each registers itself."""

from clinic.admin import (
    appointments,
    audit,
    availability,
    consents,
    encounters,
    inspections,
    notes,
    patients,
    people,
    practice,
    practitioners,
    prescriptions,
    rewriting,
    rosters,
    states,
    waitlist,
)

__all__ = [
    "appointments",
    "audit",
    "availability",
    "consents",
    "encounters",
    "inspections",
    "notes",
    "patients",
    "people",
    "practice",
    "practitioners",
    "prescriptions",
    "rewriting",
    "rosters",
    "states",
    "waitlist",
]
