"""Whom an incident affects, asked of the audit trail, and telling them."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from clinic.models import AffectedPerson, AuditEvent, Incident, IncidentNotice, IncidentSearch, Patient
from config.base import Refused
from messaging import mailing
from messaging.models import Letter

if TYPE_CHECKING:
    from clinic.models import User

TEMPLATE = "clinic/mail/incident_notice"


class NotAllowed(Refused):
    def __init__(self) -> None:
        super().__init__("This is a practice manager's to do. Please ask one.")


class AsksNothing(Refused):
    def __init__(self) -> None:
        super().__init__("Say at least one thing to look for: a person, a session, an address or a period.")


class WrongOrder(Refused):
    def __init__(self) -> None:
        super().__init__("The period ends before it starts.")


class NotDecided(Refused):
    def __init__(self) -> None:
        super().__init__("Decide first that the people must be told.")


class NoWords(Refused):
    def __init__(self) -> None:
        super().__init__("Write what the people read, and what they should do, before it is approved.")


class WroteIt(Refused):
    def __init__(self) -> None:
        super().__init__("You wrote what the people read. Somebody else approves it.")


class NotApproved(Refused):
    def __init__(self) -> None:
        super().__init__("Somebody else approves what the people read before it goes out.")


class NobodyToTell(Refused):
    def __init__(self) -> None:
        super().__init__("Everybody who was found has been told. Search again if more people are affected.")


class Question(NamedTuple):
    """What to look for in the trail; what is left out is not asked about."""

    person: User | None = None
    session: str = ""
    address: str | None = None
    since: datetime.datetime | None = None
    until: datetime.datetime | None = None
    record_type: str = ""


@transaction.atomic
def search(incident: Incident, question: Question, *, by: User) -> IncidentSearch:
    """Ask the trail whose records are affected, and keep the answer as it is now.

    However many people these are, it is the same number of statements.

    :raises NotAllowed: ``by`` may not
    :raises AsksNothing: nothing but a kind of record is asked about
    :raises WrongOrder: the period ends before it starts
    """
    if not by.has_perm("clinic.change_incident"):
        raise NotAllowed
    if not any(question[:5]):
        raise AsksNothing
    if question.since and question.until and question.until < question.since:
        raise WrongOrder
    touched = _touched(question)
    found = IncidentSearch.objects.create(
        incident=incident, recorded_by=by, found=touched.count(), **question._asdict()
    )
    _keep(found, touched)
    return found


def _touched(question: Question) -> QuerySet:
    """For each patient, how often and when the trail tells that their records were touched."""
    asked = Q(patient_id__isnull=False)
    if question.person:
        asked &= Q(by=question.person)
    if question.session:
        asked &= Q(trace__session=question.session)
    if question.address:
        asked &= Q(trace__address=question.address)
    if question.since:
        asked &= Q(at__gte=question.since)
    if question.until:
        asked &= Q(at__lt=question.until)
    if question.record_type:
        asked &= Q(record_type=question.record_type)
    # The trail outlives records that were destroyed; whoever is gone cannot be told.
    known = Exists(Patient.objects.filter(pk=OuterRef("patient_id")))
    rows = AuditEvent.objects.filter(known, asked).order_by()
    return rows.values("patient_id").annotate(events=Count("pk"), first_at=Min("at"), last_at=Max("at"))


def _keep(found: IncidentSearch, touched: QuerySet) -> None:
    inner, values = touched.query.sql_with_params()
    table = AffectedPerson._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table}"  # noqa: S608  our own names
            " (id, recorded_at, recorded_by_id, trace, search_id, patient_id, events, first_at, last_at)"
            " SELECT clinic_uuid7(), %s, %s, '{}', %s, patient_id, events, first_at, last_at"
            f" FROM ({inner}) AS touched",
            [found.recorded_at, found.recorded_by_id, found.pk, *values],
        )


def affected(incident: Incident) -> QuerySet[Patient]:
    """Everybody whom any search of ``incident`` found, each once."""
    people = AffectedPerson.objects.filter(search__incident=incident, patient=OuterRef("pk"))
    return Patient.objects.filter(Exists(people)).order_by("pk")


def to_tell(incident: Incident) -> QuerySet[Patient]:
    """Those of them who were not told yet, and can sign in to read it."""
    told = IncidentNotice.objects.filter(incident=incident, patient=OuterRef("pk"))
    return affected(incident).filter(~Exists(told), user__is_active=True)


def out_of_reach(incident: Incident) -> QuerySet[Patient]:
    """Those of them whose account is closed: they are told by post."""
    return affected(incident).filter(user__is_active=False)


@transaction.atomic
def approve(incident: Incident, *, by: User) -> None:
    """Let the people read ``incident.notice``; its words stay from now on.

    :raises NotAllowed: ``by`` may not
    :raises NoWords: there is nothing to read
    :raises WroteIt: ``by`` wrote or changed it
    :raises NotDecided: nobody has to be told
    """
    if not by.has_perm("clinic.approve_incident"):
        raise NotAllowed
    if incident.lock().status not in {Incident.Status.ELIGIBLE, Incident.Status.NOTIFIED}:
        raise NotDecided
    if not incident.notice.strip() or not incident.advice.strip():
        raise NoWords
    if by.pk in _writers(incident):
        raise WroteIt
    if incident.approved_at is None:
        incident.change(by=by, why="Notice approved.", approved_at=timezone.now(), approved_by=by)


def _writers(incident: Incident) -> set:
    """Who wrote a version in which what the people read is another than in the one before."""
    versions = incident.history.order_by("history_date", "history_id")
    writers, before = set(), ["", "", ""]
    for who, *words in versions.values_list("history_user", "notice", "advice", "information"):
        if words != before:
            writers.add(who)
        before = words
    return writers


@transaction.atomic
def tell(incident: Incident, *, by: User) -> int:
    """Owe a neutral letter to everybody affected who has none yet; their page tells what happened.

    :raises NotAllowed: ``by`` may not
    :raises NotApproved: nobody else has approved the words
    :raises NobodyToTell: everybody was told
    """
    if not by.has_perm("clinic.change_incident"):
        raise NotAllowed
    if incident.lock().approved_at is None:
        raise NotApproved
    patients = list(to_tell(incident).select_related("user"))
    if not patients:
        raise NobodyToTell
    path, now = reverse("incident-notice", args=[incident.pk]), timezone.now()
    letters = [
        Letter(
            template=TEMPLATE,
            recipient=patient.user,
            to=patient.user.email,
            context={"name": patient.user.get_short_name(), "path": path},
            next_attempt_at=now,
        )
        for patient in patients
    ]
    mailing.queue_all(letters)
    IncidentNotice.objects.bulk_create(
        [
            IncidentNotice(incident=incident, patient=patient, letter=letter, recorded_by=by)
            for patient, letter in zip(patients, letters, strict=True)
        ]
    )
    return len(patients)
