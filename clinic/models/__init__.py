"""Every record of the clinic; others import them from here."""

from clinic.models.adverse import AdverseEvent
from clinic.models.appointments import Appointment
from clinic.models.approvals import Approval, ApprovalReport
from clinic.models.audit import AuditEvent
from clinic.models.availability import BOOKED, LIVE, Slot
from clinic.models.broadcasts import Addressee, AdvertisingTerm, Broadcast
from clinic.models.care import (
    Alert,
    Allergy,
    Condition,
    Confirmation,
    IdentityCheck,
    NoneKnown,
    OtherMedicine,
)
from clinic.models.chain import AuditAnchor, AuditLink, AuditSeal, TrailProof
from clinic.models.consents import Consent, ConsentDraft, ConsentText
from clinic.models.deliveries import DispenseNote, Original, Pharmacy
from clinic.models.desk import RoleGrant, SavedView
from clinic.models.documents import Document
from clinic.models.doors import OpenSession, Shut, Try
from clinic.models.encounters import Encounter, Segment
from clinic.models.exemptions import Exemption
from clinic.models.favourites import Favourite
from clinic.models.feeds import CalendarFeed
from clinic.models.incidents import AffectedPerson, Incident, IncidentNotice, IncidentSearch
from clinic.models.inspections import Inspection
from clinic.models.letters import ClinicalLetter, LetterKind, LetterText
from clinic.models.media import Media, MenuItem
from clinic.models.notes import Addendum, Note, NoteTemplate
from clinic.models.openings import AccessEnd, AccessReason, AccessReview
from clinic.models.pages import Autosave, Page, Redirect, Snippet
from clinic.models.patients import Patient
from clinic.models.people import Role, User
from clinic.models.places import State
from clinic.models.policies import CancellationPolicy
from clinic.models.practice import Practice
from clinic.models.practitioners import Practitioner
from clinic.models.precautions import Override, Screening
from clinic.models.prescriptions import MonitoringCheck, Prescription, PrescriptionLine
from clinic.models.privacy import Closure, PrivacyRequest, Recipient, RecordCopy, RequestText
from clinic.models.questionnaires import Answer, Intake, Questionnaire, QuestionnaireDraft
from clinic.models.questions import FlagSeverity, QuestionKind
from clinic.models.reminders import Reminder
from clinic.models.retention import Destruction, LegalHold
from clinic.models.rosters import AppointmentType, Roster, RosterException
from clinic.models.states import StateRule
from clinic.models.waitlist import WaitlistEntry, WaitlistOffer

__all__ = [
    "BOOKED",
    "LIVE",
    "AccessEnd",
    "AccessReason",
    "AccessReview",
    "Addendum",
    "Addressee",
    "AdverseEvent",
    "AdvertisingTerm",
    "AffectedPerson",
    "Alert",
    "Allergy",
    "Answer",
    "Appointment",
    "AppointmentType",
    "Approval",
    "ApprovalReport",
    "AuditAnchor",
    "AuditEvent",
    "AuditLink",
    "AuditSeal",
    "Autosave",
    "Broadcast",
    "CalendarFeed",
    "CancellationPolicy",
    "ClinicalLetter",
    "Closure",
    "Condition",
    "Confirmation",
    "Consent",
    "ConsentDraft",
    "ConsentText",
    "Destruction",
    "DispenseNote",
    "Document",
    "Encounter",
    "Exemption",
    "Favourite",
    "FlagSeverity",
    "IdentityCheck",
    "Incident",
    "IncidentNotice",
    "IncidentSearch",
    "Inspection",
    "Intake",
    "LegalHold",
    "LetterKind",
    "LetterText",
    "Media",
    "MenuItem",
    "MonitoringCheck",
    "NoneKnown",
    "Note",
    "NoteTemplate",
    "OpenSession",
    "Original",
    "OtherMedicine",
    "Override",
    "Page",
    "Patient",
    "Pharmacy",
    "Practice",
    "Practitioner",
    "Prescription",
    "PrescriptionLine",
    "PrivacyRequest",
    "QuestionKind",
    "Questionnaire",
    "QuestionnaireDraft",
    "Recipient",
    "RecordCopy",
    "Redirect",
    "Reminder",
    "RequestText",
    "Role",
    "RoleGrant",
    "Roster",
    "RosterException",
    "SavedView",
    "Screening",
    "Segment",
    "Shut",
    "Slot",
    "Snippet",
    "State",
    "StateRule",
    "TrailProof",
    "Try",
    "User",
    "WaitlistEntry",
    "WaitlistOffer",
]
