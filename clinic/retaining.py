"""How long a record is kept, what stands in the way of its end, and the register of what went."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import DateField, Exists, Func, Max, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest, TruncDate
from django.utils import timezone

from billing.models import Payment, Receipt, Refund
from clinic import models
from clinic.models import Consent, Destruction, LegalHold, Patient, Practice
from config.base import Kept, Refused
from config.sets import add_all
from messaging.models import Message

if TYPE_CHECKING:
    from clinic.models import User

YEARS = 7
"""After the last entry (Health Records Acts of NSW, Victoria and the ACT; AUSTRALIA.md 5.1)."""
ADULT, UNTIL_AGE = 18, 25
"""Of whom anything was written before the first birthday, everything is kept until the second."""

CLINICAL: tuple[type[Model], ...] = (
    models.Addendum,
    models.AdverseEvent,
    models.Alert,
    models.Allergy,
    models.Answer,
    models.Appointment,
    models.Approval,
    models.ClinicalLetter,
    models.Condition,
    models.Confirmation,
    models.DispenseNote,
    models.Document,
    models.Encounter,
    models.IdentityCheck,
    models.Intake,
    models.MonitoringCheck,
    models.NoneKnown,
    models.Note,
    models.Original,
    models.OtherMedicine,
    models.Override,
    models.Prescription,
    models.PrescriptionLine,
    models.Screening,
    models.Segment,
)
FINANCIAL: dict[type[Model], str] = {
    Payment: "order__payer__patient",
    Refund: "payment__order__payer__patient",
    Receipt: "order__payer__patient",
}
NO_ENTRY: tuple[type[Model], ...] = (
    models.AccessEnd,
    models.AccessReason,
    models.AccessReview,
    models.Addressee,
    models.AffectedPerson,
    models.Closure,
    models.Destruction,
    models.IncidentNotice,
    models.LegalHold,
    models.Patient,
    models.PrivacyRequest,
    models.RecordCopy,
    models.Reminder,
    models.RequestText,
    models.WaitlistEntry,
    models.WaitlistOffer,
)
"""What is about a patient and prolongs nothing: letters, waiting, looks, questions about the record."""


class NotYours(Refused):
    def __init__(self) -> None:
        super().__init__("This is a practice manager's to do. Please ask one.")


class NoReason(Refused):
    def __init__(self) -> None:
        super().__init__("Write why.")


class OnHold(Refused):
    def __init__(self) -> None:
        super().__init__("There is a legal hold on this record, so it is kept.")


class NotDue(Refused):
    def __init__(self) -> None:
        super().__init__("This record is to be kept longer. Look at the review list for those that are not.")


class Proposed(Refused):
    def __init__(self) -> None:
        super().__init__("You proposed this. Somebody else approves it.")


class NotPast(Refused):
    def __init__(self) -> None:
        super().__init__("Write the day on which it was destroyed; it cannot be in the future.")


class BirthdayFunc(Func):
    """The date of a birthday; born on 29 February, it is 1 March where there is none."""

    output_field = DateField()
    template = (
        "(%(expressions)s + interval '%(years)s years'"
        " + CASE WHEN to_char(%(expressions)s, 'MMDD') = '0229'"
        " AND to_char(%(expressions)s + interval '%(years)s years', 'MMDD') = '0228'"
        " THEN interval '1 day' ELSE interval '0' END)::date"
    )


def years_after(day: datetime.date, years: int) -> datetime.date:
    """The same day so many years later; of 29 February, 1 March where there is none: never too early."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return datetime.date(day.year + years, 3, 1)


def retain_until(
    born_on: datetime.date | None, *, first_on: datetime.date, last_on: datetime.date
) -> datetime.date | None:
    """The last day on which the record must be kept.

    None while nobody knows the date of birth: it is kept until that is known, for it may be a child's.
    """
    if born_on is None:
        return None
    kept = years_after(last_on, YEARS)
    if first_on < years_after(born_on, ADULT):
        return max(kept, years_after(born_on, UNTIL_AGE))
    return kept


def latest(today: datetime.date, *, years: int) -> datetime.date:
    """The latest day of which so many years are over before ``today``."""
    day = datetime.date(today.year - years, today.month, min(today.day, 28)) + datetime.timedelta(days=4)
    while years_after(day, years) >= today:
        day -= datetime.timedelta(days=1)
    return day


def with_entries() -> QuerySet[Any]:
    """Patients with ``first_on`` and ``last_on``: what was first and last written by the practice's days.

    The first entry is the registration: nothing can be written of somebody before it.
    """
    zone = ZoneInfo(Practice.objects.current().time_zone)
    last_at = Greatest("created_at", *(_last(*source) for source in _sources()))
    return Patient.objects.annotate(
        first_on=TruncDate("created_at", tzinfo=zone), last_on=TruncDate(last_at, tzinfo=zone)
    )


def _sources() -> list[tuple[QuerySet, str, str]]:
    """Every kind of entry: its rows, the path to their patient, and when they were written."""
    found = []
    for model in CLINICAL:
        found.append(_source(model, model.PATIENT.removesuffix("_id")))  # type: ignore[attr-defined]
    found += [_source(model, path) for model, path in FINANCIAL.items()]
    # A yes or no to offers is not about anybody's care.
    agreed = Consent.objects.exclude(kind=Consent.Kind.MARKETING)
    said = Message.objects.filter(room__appointments__isnull=False)
    return [*found, (agreed, "patient", "recorded_at"), (said, "room__appointments__patient", "recorded_at")]


def _source(model: Any, path: str) -> tuple[QuerySet, str, str]:
    if issubclass(model, Kept):  # a later version is an entry, too
        return model.history.model._default_manager.all(), path, "history_date"
    return model._default_manager.all(), path, "recorded_at"


def _last(rows: QuerySet, path: str, when: str) -> Subquery:
    mine = rows.filter(**{path: OuterRef("pk")}).order_by().values(path)
    return Subquery(mine.annotate(last=Max(when)).values("last"))


def until(row: Any) -> Any:
    """The last day of a row of ``with_entries``."""
    return retain_until(row.date_of_birth, first_on=row.first_on, last_on=row.last_on)


def until_of(patient: Patient) -> datetime.date | None:
    """The last day on which the record of ``patient`` must be kept, as things are."""
    found: datetime.date | None = until(with_entries().get(pk=patient.pk))
    return found


def due(today: datetime.date) -> QuerySet[Any]:
    """Patients whose record need not be kept any longer, the longest over first; holds are not looked at."""
    over = latest(today, years=YEARS)
    # Nothing is older than the record itself, so that most of them need no closer look.
    old = timezone.make_aware(
        datetime.datetime.combine(over + datetime.timedelta(days=2), datetime.time()), datetime.UTC
    )
    was_adult = Q(first_on__gte=BirthdayFunc("date_of_birth", years=ADULT))
    is_old_enough = Q(date_of_birth__lte=latest(today, years=UNTIL_AGE))
    found = with_entries().filter(created_at__lt=old, date_of_birth__isnull=False)
    return found.filter(was_adult | is_old_enough, last_on__lte=over).order_by("last_on", "pk")


def to_review(today: datetime.date) -> QuerySet[Any]:
    """Those of them without a hold that are not on the register yet: neither to be destroyed nor gone."""
    held = LegalHold.objects.live().filter(patient=OuterRef("pk"))
    on_register = Destruction.objects.filter(
        patient_key=OuterRef("pk"), status__in=[*Destruction.LIVE, Destruction.Status.DESTROYED]
    )
    return due(today).filter(~Exists(held), ~Exists(on_register)).select_related("user")


@transaction.atomic
def propose(patients: Collection[UUID], *, by: User) -> int:
    """Put records of the review list on the register, for somebody else to approve; tells how many.

    :raises NotYours: ``by`` may not
    :raises NotDue: none of them is on the review list
    """
    _require(by, "clinic.add_destruction")
    list(Patient.objects.select_for_update().filter(pk__in=patients).order_by("pk"))
    found = list(to_review(Practice.objects.current().today()).filter(pk__in=patients))
    if not found:
        raise NotDue
    lines = [
        Destruction(
            patient_key=patient.pk,
            name=str(patient)[:200],
            born_on=patient.date_of_birth,
            first_on=patient.first_on,
            last_on=patient.last_on,
            kept_until_on=until(patient),
            proposed_by=by,
        )
        for patient in found
    ]
    add_all(lines, by=by, why="Its time is over.")
    return len(lines)


@transaction.atomic
def approve(line: Destruction, *, by: User) -> None:
    """Let a record be destroyed: from now on it is on the worksheet.

    :raises NotYours: ``by`` may not
    :raises Proposed: ``by`` proposed it
    :raises OnHold: it must be kept
    :raises NotDue: something was written in it since
    :raises IllegalMove: it is no longer proposed
    """
    _require(by, "clinic.approve_destruction")
    if by == line.proposed_by:
        raise Proposed
    _require_free(line)
    line.move_to(
        Destruction.Status.APPROVED, by=by, why="Approved.", approved_at=timezone.now(), approved_by=by
    )


def _require_free(line: Destruction) -> None:
    """Hold the patient's row, so that a hold waits for us or we see it, and look whether it may go."""
    list(Patient.objects.select_for_update().filter(pk=line.patient_key))
    if LegalHold.objects.live().filter(patient=line.patient_key).exists():
        raise OnHold
    if not due(Practice.objects.current().today()).filter(pk=line.patient_key).exists():
        raise NotDue


def worksheet(today: datetime.date) -> QuerySet[Destruction]:
    """What the database's owner may destroy now: approved, under no hold, and nothing written since."""
    still_due = due(today).order_by().filter(pk=OuterRef("patient_key"))
    return Destruction.objects.on_worksheet().filter(Exists(still_due))


@transaction.atomic
def drop(line: Destruction, *, why: str, by: User) -> None:
    """Keep a record after all.

    :raises IllegalMove: it is destroyed, or kept already
    """
    _require(by, "clinic.add_destruction")
    line.move_to(Destruction.Status.DROPPED, by=by, why=why)


@transaction.atomic
def register(line: Destruction, *, destroyed_on: datetime.date, by: User) -> None:
    """Write down that the database's owner destroyed the record, on which day.

    :raises OnHold: a hold came in between
    :raises NotDue: something was written in it since
    :raises NotPast: the day is in the future, or before the approval
    :raises IllegalMove: nobody approved it
    """
    _require(by, "clinic.approve_destruction")
    if destroyed_on > Practice.objects.current().today():
        raise NotPast
    if Patient.objects.filter(pk=line.patient_key).exists():
        _require_free(line)
    line.move_to(Destruction.Status.DESTROYED, by=by, why="Destroyed.", destroyed_on=destroyed_on)


@transaction.atomic
def hold(patient: Patient, *, reason: str, by: User) -> LegalHold:
    """Keep the record of ``patient`` whatever its date; what was approved for destruction is off at once.

    :raises NotYours: ``by`` may not
    :raises NoReason: ``reason`` is empty
    """
    _require(by, "clinic.add_legalhold")
    if not reason.strip():
        raise NoReason
    patient.lock()
    placed: LegalHold = LegalHold.objects.add(
        by=by, why="Placed.", patient=patient, reason=reason.strip(), placed_by=by
    )
    for line in Destruction.objects.filter(patient_key=patient.pk, status__in=Destruction.LIVE):
        line.move_to(Destruction.Status.DROPPED, by=by, why="A legal hold was placed.")
    return placed


@transaction.atomic
def lift(held: LegalHold, *, why: str, by: User) -> None:
    """Let the record go by its date again; lifting it twice changes nothing.

    :raises NotYours: ``by`` may not
    :raises NoReason: ``why`` is empty
    """
    _require(by, "clinic.change_legalhold")
    if not why.strip():
        raise NoReason
    if held.lock().lifted_at is None:
        held.change(by=by, why="Lifted.", lifted_at=timezone.now(), lifted_by=by, lifted_why=why.strip())


def _require(by: User, permission: str) -> None:
    if not by.has_perm(permission):
        raise NotYours
