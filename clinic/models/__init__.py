from clinic.models.audit import AuditEvent
from clinic.models.availability import AppointmentType, Roster, Slot
from clinic.models.patients import Consent, Patient, State
from clinic.models.people import Role, User
from clinic.models.practice import Practice
from clinic.models.practitioners import Practitioner

__all__ = [
    "AppointmentType",
    "AuditEvent",
    "Consent",
    "Patient",
    "Practice",
    "Practitioner",
    "Role",
    "Roster",
    "Slot",
    "State",
    "User",
]
