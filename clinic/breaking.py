"""Breaking the glass: opening a record outside one's care, for a reason, for half an hour, and telling of it.

It is for reading alone. Every try stands in the audit trail, those that were refused too. The reason does
not: it stands in the register, for who reviews it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.apps import apps
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from clinic import auditing, roles, throttling
from clinic.models import AccessEnd, AccessReason, AccessReview, AuditEvent, Patient, User
from clinic.models.openings import FEW_WORDS, OPEN_FOR
from config.base import Refused
from messaging import mailing, streaming
from messaging.models import Letter

if TYPE_CHECKING:
    import datetime as days

    from django.db.models import QuerySet

    from clinic.models.openings import AccessReasonQuerySet

OPENED = "clinic/mail/record_opened"
DOOR = "break-glass"
MOST, WITHIN = 10, timedelta(hours=1)
"""Tries of one person; an emergency needs one or two."""
OF_THE_REGISTER = [model._meta.label_lower for model in (AccessReason, AccessEnd, AccessReview)]
"""What the trail tells of the opening itself; the rest is what it was used for."""

FUNCTIONS = """
CREATE OR REPLACE FUNCTION clinic_guard_opening() RETURNS trigger LANGUAGE plpgsql AS $$
-- What is over is not closed again; nobody reviews what they opened, nor what is still open.
DECLARE
  opened clinic_accessreason;
  over_at timestamptz;
BEGIN
  SELECT * INTO opened FROM clinic_accessreason WHERE id = NEW.opening_id;
  SELECT recorded_at INTO over_at FROM clinic_accessend WHERE opening_id = NEW.opening_id;
  IF TG_TABLE_NAME = 'clinic_accessend' AND NEW.recorded_at NOT BETWEEN opened.recorded_at AND opened.ends_at
  THEN
    RAISE EXCEPTION 'clinic_accessend: it is closed while it is open.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_accessend_while_open';
  ELSIF TG_TABLE_NAME = 'clinic_accessreview' AND NEW.recorded_by_id = opened.recorded_by_id THEN
    RAISE EXCEPTION 'clinic_accessreview: somebody else reviews it.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_accessreview_by_another';
  ELSIF TG_TABLE_NAME = 'clinic_accessreview' AND NEW.recorded_at < coalesce(over_at, opened.ends_at) THEN
    RAISE EXCEPTION 'clinic_accessreview: it is reviewed when it is over.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_accessreview_when_over';
  END IF;
  RETURN NEW;
END $$;
"""


def statements() -> list[str]:
    """The triggers, as SQL."""
    tables = [model._meta.db_table for model in (AccessEnd, AccessReview)]
    return [
        f'CREATE OR REPLACE TRIGGER "{table}_guard" BEFORE INSERT ON "{table}" FOR EACH ROW'
        " EXECUTE FUNCTION clinic_guard_opening()"
        for table in tables
    ]


class NotAllowed(Refused):
    def __init__(self) -> None:
        super().__init__("Your role does not open records outside care. Ask a manager.")


class NoReason(Refused):
    def __init__(self) -> None:
        super().__init__("Say in a few words why you need this record.")


class NoSuchRecord(Refused):
    """The same words for a key that there is not, for nobody of that name, and for more than one."""

    def __init__(self) -> None:
        super().__init__("No record can be opened by this. Check whom you mean, and try again.")


class InYourCare(Refused):
    def __init__(self) -> None:
        super().__init__("This patient is in your care: open their record from your list of patients.")


class Over(Refused):
    def __init__(self) -> None:
        super().__init__("This record is closed already.")


class NotYours(Refused):
    def __init__(self) -> None:
        super().__init__("Who opened the record closes it, or a manager.")


class YourOwn(Refused):
    def __init__(self) -> None:
        super().__init__("You opened this record yourself. Another manager reviews it.")


class StillOpen(Refused):
    def __init__(self) -> None:
        super().__init__("The record is still open. Close it, or wait until its time is over.")


class SaysNothing(Refused):
    def __init__(self) -> None:
        super().__init__("Write what you found: whom you asked, and whether the reason holds.")


class ReviewedBefore(Refused):
    def __init__(self) -> None:
        super().__init__("This was reviewed before. Reload the page to see by whom.")


class Whom(NamedTuple):
    """Whose record is meant: by its key, as a link has it, or by name and date of birth, as one is told."""

    key: UUID | None = None
    given_name: str = ""
    family_name: str = ""
    date_of_birth: days.date | None = None

    def find(self) -> Patient | None:
        """The one patient who is meant; None where there is nobody, or more than one."""
        if self.key:
            asked = Q(pk=self.key)
        elif self.given_name and self.family_name and self.date_of_birth:
            asked = Q(
                user__given_name__iexact=self.given_name.strip(),
                user__family_name__iexact=self.family_name.strip(),
                date_of_birth=self.date_of_birth,
            )
        else:
            return None
        found = Patient.objects.filter(asked).select_related("user")[:2]
        return found[0] if len(found) == 1 else None


def break_glass(whom: Whom, *, why: str, by: User) -> AccessReason:
    """Open the record of ``whom`` to ``by`` for half an hour. What is open already goes on as it is.

    Call it before a transaction, not in one: a rollback would forget a try that was refused.

    :raises NotAllowed: the role of ``by`` does not
    :raises TooOften: they tried too often
    :raises NoReason: ``why`` has fewer than three words
    :raises NoSuchRecord: there is nobody like that, or more than one
    :raises InYourCare: they may read it anyway
    """
    patient: Patient | None = None
    try:
        if not by.has_perm("clinic.break_glass"):
            raise NotAllowed
        throttling.knock(DOOR, source=f"{by.pk}", most=MOST, within=WITHIN)
        if not re.search(FEW_WORDS, why):
            raise NoReason
        patient = whom.find()
        if patient is None:
            raise NoSuchRecord
        return _open(patient, why=why.strip(), by=by)
    except Refused as no:
        note_refused(no, by=by, patient=patient)
        raise


def note_refused(no: Refused, *, by: User, patient: Patient | None = None) -> None:
    """Write down that ``by`` tried, and which rule said no."""
    auditing.note(
        AuditEvent.Action.BREAK_GLASS,
        by=by,
        record=patient or Patient,
        outcome="refused",
        refused=type(no).__name__,
    )


@transaction.atomic
def _open(patient: Patient, *, why: str, by: User) -> AccessReason:
    User.objects.select_for_update().get(pk=by.pk)  # a form that is sent twice opens once
    now = timezone.now()
    standing = AccessReason.objects.open(now).filter(patient=patient, recorded_by=by).first()
    if standing:
        return standing
    if Patient.objects.readable_by(by).filter(pk=patient.pk).exists():
        raise InYourCare
    opening: AccessReason = AccessReason.objects.create(
        patient=patient, role=by.role, why=why, recorded_by=by, recorded_at=now, ends_at=now + OPEN_FOR
    )
    auditing.note(AuditEvent.Action.BREAK_GLASS, by=by, record=patient)
    _tell_managers(opening)
    streaming.recheck(by)  # their pages hear no longer than the record is open
    return opening


def _tell_managers(opening: AccessReason) -> None:
    """Owe a letter to every manager but the one who opened it; where there is no other, to the auditors."""
    others = roles.who_may("clinic.review_accessreason").exclude(pk=opening.recorded_by_id)
    watching = roles.who_may("clinic.view_every_accessreason").exclude(pk=opening.recorded_by_id)
    path = reverse("admin:clinic_accessreason_change", args=[opening.pk])
    mailing.queue_all(
        [
            Letter(
                template=OPENED,
                recipient=person,
                to=person.email,
                context={"name": person.get_short_name(), "path": path},
                next_attempt_at=timezone.now(),
            )
            for person in [*others] or [*watching]
        ]
    )


@transaction.atomic
def close(opening: AccessReason, *, by: User) -> None:
    """End the half hour now.

    :raises NotYours: ``by`` neither opened it nor reviews what others open
    :raises Over: it is over, or somebody closed it
    """
    if by != opening.recorded_by and not by.has_perm("clinic.review_accessreason"):
        raise NotYours
    now = timezone.now()
    if not _held(opening).open(now).exists():
        raise Over
    AccessEnd.objects.create(opening=opening, recorded_by=by, recorded_at=now)
    if opening.recorded_by:
        streaming.recheck(opening.recorded_by)


@transaction.atomic
def review(opening: AccessReason, *, note: str, by: User) -> AccessReview:
    """Note that ``by`` looked at what was opened and why, and what came of it.

    :raises NotAllowed: ``by`` does not review openings
    :raises YourOwn: they opened it themselves
    :raises SaysNothing: ``note`` is empty
    :raises StillOpen: its time is not over
    :raises ReviewedBefore: somebody did
    """
    if not by.has_perm("clinic.review_accessreason"):
        raise NotAllowed
    if by == opening.recorded_by:
        raise YourOwn
    if not note.strip():
        raise SaysNothing
    now, held = timezone.now(), _held(opening)
    if held.open(now).exists():
        raise StillOpen
    if not held.to_review(now).exists():
        raise ReviewedBefore
    return AccessReview.objects.create(opening=opening, note=note.strip(), recorded_by=by, recorded_at=now)


def _held(opening: AccessReason) -> AccessReasonQuerySet:
    """The row, held until the transaction ends: two who press at once come one after the other."""
    list(AccessReason.objects.select_for_update().filter(pk=opening.pk).order_by())
    return AccessReason.objects.filter(pk=opening.pk)


def open_now(user: User) -> list[AccessReason]:
    """What ``user`` has open, the first to end first."""
    standing = AccessReason.objects.visible_to(user).open(timezone.now()).filter(recorded_by=user)
    return [*standing.select_related("patient__user").order_by("ends_at", "pk")]


def is_open(patient: UUID | None, *, to: User) -> bool:
    """Whether ``to`` reads the record of ``patient`` just now only because they opened it."""
    if not getattr(to, "has_opened", True):  # read together with the person (clinic.roles)
        return False
    return patient is not None and Patient.objects.opened_by(to).filter(pk=patient).exists()


def deadline(user: User) -> datetime | None:
    """Until when ``user`` reads what they read now; None where nothing ends by itself."""
    if not getattr(user, "has_opened", True):
        return None
    standing = AccessReason.objects.open(timezone.now()).filter(recorded_by=user.pk).order_by("ends_at")
    return standing.values_list("ends_at", flat=True).first()


def seen_through(opening: AccessReason, *, by: User) -> QuerySet[AuditEvent]:
    """What who opened it did with the record while it was open, as far as ``by`` may see that."""
    until = opening.end.recorded_at if hasattr(opening, "end") else opening.ends_at
    events = AuditEvent.objects.visible_to(by).filter(
        by=opening.recorded_by_id, patient_id=opening.patient_id, at__gte=opening.recorded_at, at__lte=until
    )
    return used(events)


def used(events: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
    """Those that tell what an opening was used for, without what the trail tells of the opening itself."""
    return events.exclude(action=AuditEvent.Action.BREAK_GLASS).exclude(record_type__in=OF_THE_REGISTER)


def kind_of(event: AuditEvent) -> str:
    """What it was done with, in a word or two."""
    return str(apps.get_model(event.record_type)._meta.verbose_name) if event.record_type else ""
