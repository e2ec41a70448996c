"""Notices to many patients: who gets one, a second person's yes, and sending it a few at a time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from clinic import advertising, opting
from clinic.models import Addressee, Appointment, Broadcast, Patient, Practice
from config.base import Refused, enqueue
from messaging import mailing
from messaging.kinds import Group
from messaging.models import Choice, Letter

if TYPE_CHECKING:
    from clinic.models import User

TEMPLATE = "clinic/mail/notice"
OFFER = "clinic/mail/offer"
MINUTE = timedelta(minutes=1)

FUNCTIONS = """
CREATE OR REPLACE FUNCTION clinic_refuse_other_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status <> 'draft' AND (
    NEW.status = 'draft'
    OR (OLD.subject, OLD.text, OLD.state, OLD.practitioner_id, OLD.visited_since, OLD.is_marketing,
        OLD.author_id, OLD.approved_by_id, OLD.approved_at)
       IS DISTINCT FROM
       (NEW.subject, NEW.text, NEW.state, NEW.practitioner_id, NEW.visited_since, NEW.is_marketing,
        NEW.author_id, NEW.approved_by_id, NEW.approved_at)) THEN
    RAISE EXCEPTION 'clinic_broadcast: what was approved is kept as it is.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_broadcast_as_approved';
  END IF;
  RETURN NEW;
END $$;
"""


def statements() -> list[str]:
    """The trigger, as SQL."""
    table = Broadcast._meta.db_table
    return [
        f'CREATE OR REPLACE TRIGGER "{table}_as_approved" BEFORE UPDATE ON "{table}" FOR EACH ROW'
        " EXECUTE FUNCTION clinic_refuse_other_words()"
    ]


class WroteIt(Refused):
    def __init__(self) -> None:
        super().__init__("You wrote or changed this notice. Somebody else approves it.")


class NoDraft(Refused):
    def __init__(self) -> None:
        super().__init__(
            "Somebody approved or stopped this notice meanwhile, so its words stay. Write a new one."
        )


class ForNobody(Refused):
    def __init__(self) -> None:
        super().__init__("No patient would get this notice. Change whom it goes to.")


class Preview(NamedTuple):
    """What one patient would read."""

    to: Patient
    subject: str
    text: str


class Progress(NamedTuple):
    """How far a notice has come: letters by what became of them."""

    chosen: int
    written: int
    sent: int
    waiting: int
    not_sent: int


def readers(broadcast: Broadcast, *, now: datetime) -> QuerySet[Patient]:
    """The patients whom ``broadcast`` is for: not who turned such letters off, and of offers who said yes."""
    theirs = Appointment.objects.filter(patient=OuterRef("pk"))
    opted_out = Choice.objects.filter(person=OuterRef("user"), group=Group.NOTICES, is_wanted=False)
    found = Patient.objects.filter(~Exists(opted_out), user__is_active=True)
    if broadcast.is_marketing:
        found = found.filter(opting.said_yes())
    if broadcast.state:
        found = found.filter(state=broadcast.state)
    if broadcast.practitioner_id:
        coming = theirs.filter(
            slot__practitioner=broadcast.practitioner_id, status__in=Appointment.TO_COME, starts_at__gt=now
        )
        found = found.filter(Exists(coming))
    if broadcast.visited_since:
        seen = theirs.filter(
            status=Appointment.Status.COMPLETED, starts_at__date__gte=broadcast.visited_since
        )
        found = found.filter(Exists(seen))
    return found.order_by("pk")


def preview(broadcast: Broadcast, *, now: datetime) -> Preview | None:
    """The words as the first of the readers would have them; None when there is none."""
    patient = readers(broadcast, now=now).select_related("user").first()
    if patient is None:
        return None
    mail = mailing.render(_letter(broadcast, patient, now=now))
    return Preview(patient, str(mail.subject), str(mail.body))


def check_words(*, subject: str, text: str) -> None:
    """Let these words go to patients.

    :raises advertising.Advertises: they name or promote a medicine
    """
    advertising.check({"Subject": subject, "Text": text})


@transaction.atomic
def rewrite(broadcast: Broadcast, *, changed: Collection[str], by: User) -> None:
    """Keep what ``by`` changed in a draft.

    :raises NoDraft: it was approved or stopped meanwhile
    :raises advertising.Advertises: it names or promotes a medicine
    """
    check_words(subject=broadcast.subject, text=broadcast.text)
    changes: dict[str, Any] = {name: getattr(broadcast, name) for name in changed}
    if broadcast.lock().status != Broadcast.Status.DRAFT:
        raise NoDraft
    broadcast.change(by=by, **changes)


@transaction.atomic
def approve(broadcast: Broadcast, *, by: User) -> None:
    """Let ``broadcast`` be sent as it is now; from here on the database keeps its words.

    :raises WroteIt: ``by`` wrote it, or changed anything of it
    :raises ForNobody: no patient would get it
    :raises advertising.Advertises: it names or promotes a medicine
    :raises IllegalMove: it is no draft
    """
    broadcast.lock()
    if by == broadcast.author or broadcast.history.filter(history_user=by).exists():
        raise WroteIt
    check_words(subject=broadcast.subject, text=broadcast.text)
    now = timezone.now()
    if not readers(broadcast, now=now).exists():
        raise ForNobody
    broadcast.move_to(
        Broadcast.Status.APPROVED, by=by, why="Read and approved.", approved_by=by, approved_at=now
    )


@transaction.atomic
def send(broadcast: Broadcast, *, by: User) -> None:
    """Begin to send ``broadcast``; a worker goes on each minute.

    :raises advertising.Advertises: a word of it was put on the list, or in the catalogue, since
    :raises IllegalMove: it is not approved
    """
    check_words(subject=broadcast.lock().subject, text=broadcast.text)
    broadcast.move_to(Broadcast.Status.SENDING, by=by, why="Sent.")
    enqueue("clinic.tasks.send_broadcasts")


@transaction.atomic
def stop(broadcast: Broadcast, *, by: User, why: str) -> None:
    """Write to nobody else; what is in the outbox and not sent stays unsent.

    :raises IllegalMove: everybody was written to, or it was stopped before
    """
    broadcast.move_to(Broadcast.Status.STOPPED, by=by, why=why)


def carry_on(*, now: datetime) -> int:
    """Go on with every notice that is being sent, so many a minute as the practice says; tells how many."""
    a_minute = Practice.objects.current().notices_a_minute
    sending = Broadcast.objects.filter(status=Broadcast.Status.SENDING).order_by("created_at", "pk")
    return sum(_carry_on(pk, a_minute, now=now) for pk in sending.values_list("pk", flat=True))


@transaction.atomic
def _carry_on(pk: UUID, a_minute: int, *, now: datetime) -> int:
    """Owe the next letters of one notice, in as many statements as one.

    Its row is locked: of two workers, the second passes it by; a stop waits until these are owed, and keeps
    them from being sent.
    """
    mine = Broadcast.objects.select_for_update(skip_locked=True).filter(status=Broadcast.Status.SENDING)
    broadcast = mine.filter(pk=pk).first()
    if broadcast is None:
        return 0
    left = a_minute - Addressee.objects.filter(recorded_at__gt=now - MINUTE).count()
    if left <= 0:
        return 0
    written = Addressee.objects.filter(broadcast=broadcast, patient=OuterRef("pk"))
    patients = list(readers(broadcast, now=now).filter(~Exists(written)).select_related("user")[:left])
    letters = [_letter(broadcast, patient, now=now) for patient in patients]
    mailing.queue_all(letters)
    Addressee.objects.bulk_create(
        [
            Addressee(broadcast=broadcast, patient=patient, letter=letter, recorded_at=now)
            for patient, letter in zip(patients, letters, strict=True)
        ]
    )
    if len(patients) < left:
        broadcast.move_to(Broadcast.Status.SENT, by=None, why="Everybody was written to.")
    return len(patients)


def progress(broadcast: Broadcast, *, now: datetime) -> Progress:
    """How far ``broadcast`` has come."""
    gone = [Letter.Status.FAILED, Letter.Status.DROPPED]
    counts = broadcast.addressees.aggregate(
        written=Count("pk"),
        sent=Count("pk", filter=Q(letter__status=Letter.Status.SENT)),
        waiting=Count("pk", filter=Q(letter__status=Letter.Status.OWED)),
        not_sent=Count("pk", filter=Q(letter__status__in=gone)),
    )
    return Progress(chosen=readers(broadcast, now=now).count(), **counts)


def _letter(broadcast: Broadcast, patient: Patient, *, now: datetime) -> Letter:
    return Letter(
        template=OFFER if broadcast.is_marketing else TEMPLATE,
        recipient=patient.user,
        to=patient.user.email,
        next_attempt_at=now,
        context={"broadcast": broadcast.pk, "subject": broadcast.subject, "text": broadcast.text},
    )


def is_wanted(letter: Letter) -> bool:
    """Whether a notice that waits in the outbox is still to go: nobody stopped it."""
    broadcast = Broadcast.objects.filter(pk=letter.context["broadcast"])
    return not broadcast.filter(status=Broadcast.Status.STOPPED).exists()


def is_offer_wanted(letter: Letter) -> bool:
    """The same of an offer, and that its reader still says yes to offers."""
    return is_wanted(letter) and opting.is_wanted(letter)


STILL_WANTED = {TEMPLATE: is_wanted, OFFER: is_offer_wanted}
