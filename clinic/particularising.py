"""What a copy of a patient's file tells, section by section and column by column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from django.db.models import Q, QuerySet

from billing.models import OrderLine, Payment, Refund
from clinic.models import (
    Addendum,
    Alert,
    Allergy,
    Answer,
    Appointment,
    Approval,
    ClinicalLetter,
    Condition,
    Consent,
    Encounter,
    Note,
    OtherMedicine,
    Patient,
    Prescription,
    PrescriptionLine,
    RequestText,
    Segment,
)
from messaging.models import Member, Message, Room


class Section(NamedTuple):
    """Rows of one kind: by column, what it is called in the copy and where it comes from."""

    key: str
    title: str
    rows: Callable[[Patient], QuerySet]
    columns: Mapping[str, str]


def rooms(patient: Patient) -> QuerySet[Room]:
    """The conversations that the patient is in."""
    own = Member.objects.filter(user=patient.user)
    return Room.objects.filter(Q(pk__in=own.values("room")) | Q(patient=patient.user))


def _doctor(path: str) -> dict[str, str]:
    return {"Doctor, given names": f"{path}__user__given_name", "Doctor": f"{path}__user__family_name"}


DETAILS = {
    "Given names": "user__given_name",
    "Family name": "user__family_name",
    "E-mail address": "user__email",
    "Date of birth": "date_of_birth",
    "Sex": "sex",
    "Phone": "phone",
    "Street": "street",
    "Suburb": "suburb",
    "State": "state",
    "Postcode": "postcode",
    "Medicare number": "medicare_number",
    "Medicare reference number": "medicare_irn",
    "Medicare card valid until": "medicare_until_on",
    "IHI": "ihi",
    "Emergency contact": "emergency_name",
    "Emergency contact's phone": "emergency_phone",
    "Usual GP": "gp_name",
    "GP's practice": "gp_practice",
    "GP's address": "gp_address",
    "GP's telephone": "gp_phone",
    "Identity document": "identity_document",
    "Identity checked": "identified_at",
    "Registered": "created_at",
}
NOTE = {
    "History": "presenting",
    "Examination": "examination",
    "Assessment": "assessment",
    "Plan": "plan",
    "Goals of treatment": "goals",
    "Exit strategy": "exit_strategy",
    "Review on": "review_on",
}

SECTIONS = [
    Section("details", "Your details", lambda p: Patient.objects.filter(pk=p.pk), DETAILS),
    Section(
        "appointments",
        "Appointments",
        lambda p: Appointment.objects.filter(patient=p).order_by("starts_at", "pk"),
        {
            "Starts": "starts_at",
            "Kind": "slot__appointment_type__name",
            "Status": "status",
            **_doctor("slot__practitioner"),
        },
    ),
    Section(
        "answers_before_visits",
        "Your answers before visits",
        lambda p: Answer.objects.filter(intake__appointment__patient=p).order_by("said_at", "pk"),
        {"Answered": "said_at", "Question": "key", "Answer": "value"},
    ),
    Section(
        "consultations",
        "Consultations",
        lambda p: Encounter.objects.filter(patient=p).order_by("created_at", "pk"),
        {"Began": "created_at", "Closed": "closed_at", "Status": "status", **_doctor("practitioner")},
    ),
    Section(
        "talks",
        "How you were seen",
        lambda p: Segment.objects.filter(encounter__patient=p).order_by("started_at", "pk"),
        {"Began": "started_at", "Ended": "ended_at", "How": "modality"},
    ),
    Section(
        "notes",
        "Notes of your doctors, signed",
        lambda p: Note.objects.filter(encounter__patient=p, signed_at__isnull=False).order_by("signed_at"),
        {"Signed": "signed_at", **_doctor("encounter__practitioner"), **NOTE},
    ),
    Section(
        "addenda",
        "What was added to notes",
        lambda p: Addendum.objects.filter(note__encounter__patient=p).order_by("recorded_at", "pk"),
        {"Added": "recorded_at", "Text": "text", "Reason": "reason"},
    ),
    Section(
        "conditions",
        "Conditions",
        lambda p: Condition.objects.filter(patient=p).order_by("created_at", "pk"),
        {"Condition": "name", "Since": "since", "Noted": "created_at", "Ended": "ended_at"},
    ),
    Section(
        "allergies",
        "Allergies",
        lambda p: Allergy.objects.filter(patient=p).order_by("created_at", "pk"),
        {"Allergy to": "substance", "Reaction": "reaction", "Severity": "severity", "Ended": "ended_at"},
    ),
    Section(
        "other_medicines",
        "Other medicines",
        lambda p: OtherMedicine.objects.filter(patient=p).order_by("created_at", "pk"),
        {"Medicine": "name", "Dose": "dose", "Noted": "created_at", "Ended": "ended_at"},
    ),
    Section(
        "alerts",
        "Alerts",
        lambda p: Alert.objects.filter(patient=p).order_by("created_at", "pk"),
        {"Alert": "text", "Noted": "created_at", "Ended": "ended_at"},
    ),
    Section(
        "approvals",
        "Approvals of the TGA for you",
        lambda p: Approval.objects.filter(patient=p).order_by("from_on", "pk"),
        {
            "Pathway": "pathway",
            "Number": "reference",
            "Indication": "indication",
            "From": "from_on",
            "Until": "until_on",
        },
    ),
    Section(
        "prescriptions",
        "Prescriptions, as they were issued",
        lambda p: Prescription.objects.filter(patient=p, issued_at__isnull=False).order_by("issued_at"),
        {"Number": "number", "Status": "status", "Issued": "issued_at", "Content": "content"},
    ),
    Section(
        "prescribed",
        "What was prescribed",
        lambda p: PrescriptionLine.objects.filter(
            prescription__patient=p, prescription__issued_at__isnull=False, removed_at=None
        ).order_by("prescription__number", "created_at", "pk"),
        {
            "Prescription": "prescription__number",
            "Medicine": "product__name",
            "Packs": "quantity",
            "Directions": "directions",
            "Repeats": "repeats",
            "Days between repeats": "interval_days",
        },
    ),
    Section(
        "letters",
        "Letters about you, signed",
        lambda p: ClinicalLetter.objects.filter(patient=p, signed_at__isnull=False).order_by("signed_at"),
        {"Kind": "kind", "Signed": "signed_at", "To": "addressee", "Heading": "title", "Text": "body"},
    ),
    Section(
        "consents",
        "What you agreed to",
        lambda p: Consent.objects.filter(patient=p).order_by("recorded_at", "pk"),
        {
            "When": "recorded_at",
            "To what": "kind",
            "Answer": "answer",
            "Version of the text": "version",
            "The text": "text__body",
            "In it, of cancelling": "told__cancelling",
            "In it, of not coming": "told__missing",
        },
    ),
    Section(
        "messages",
        "Conversations",
        lambda p: Message.objects.filter(room__in=rooms(p), withdrawal=None).order_by("room", "sequence"),
        {
            "Conversation": "room__title",
            "When": "recorded_at",
            "From, given names": "recorded_by__given_name",
            "From": "recorded_by__family_name",
            "Text": "text",
        },
    ),
    Section(
        "charges",
        "What you were charged",
        lambda p: OrderLine.objects.filter(order__payer=p.user).order_by("recorded_at", "pk"),
        {"Order": "order__number", "For": "description", "When": "recorded_at", "A$": "amount"},
    ),
    Section(
        "payments",
        "What you paid",
        lambda p: Payment.objects.filter(order__payer=p.user, paid_at__isnull=False).order_by("paid_at"),
        {"Order": "order__number", "Paid": "paid_at", "How": "method", "A$": "amount"},
    ),
    Section(
        "refunds",
        "What you got back",
        lambda p: Refund.objects.filter(payment__order__payer=p.user).order_by("created_at", "pk"),
        {"Order": "payment__order__number", "Asked": "created_at", "Status": "status", "A$": "amount"},
    ),
    Section(
        "requests",
        "What you asked about your data, and our answers",
        lambda p: RequestText.objects.filter(request__patient=p).order_by("recorded_at", "pk"),
        {
            "When": "recorded_at",
            "About": "request__kind",
            "Became of it": "request__status",
            "Who says it": "kind",
            "Text": "text",
        },
    ),
]
