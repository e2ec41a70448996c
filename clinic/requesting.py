"""What patients ask about their data: a copy, or a correction; who answers, and in which words."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from clinic import roles
from clinic.models import BOOKED, Patient, Practice, Practitioner, PrivacyRequest, RequestText, Slot
from config.base import Refused, enqueue
from messaging import mailing
from messaging.models import Letter

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from clinic.models import User

ANSWERED = "clinic/mail/request_answered"
RECEIVED = "clinic/mail/request_received"
BY_SIGNING_IN = "Signed in, and gave the password again."
MOST_OPEN = 5
"""Corrections that one patient may have waiting at a time."""
Status = PrivacyRequest.Status


class NotYours(Refused):
    def __init__(self) -> None:
        super().__init__("This is not yours to answer. Managers answer what is not about health.")


class NotADoctorInCare(Refused):
    def __init__(self) -> None:
        super().__init__("A doctor who cares for the patient answers this, or one whom a manager names.")


class HasCarer(Refused):
    def __init__(self) -> None:
        super().__init__("A doctor who works here cares for the patient, and answers this.")


class SaysNothing(Refused):
    def __init__(self) -> None:
        super().__init__("Write it in words: the patient reads them.")


class AskedTwice(Refused):
    def __init__(self) -> None:
        super().__init__("This is asked for already. You get a letter when it is answered.")


class NotYet(Refused):
    def __init__(self) -> None:
        super().__init__("Nobody asked in the future. Write the day on which the patient asked.")


class Unknown(Refused):
    def __init__(self) -> None:
        super().__init__("Check first who asks, and write down how.")


class WrongKind(Refused):
    def __init__(self) -> None:
        super().__init__("This request is of another kind. Reload the page to see what can be done.")


@transaction.atomic
def ask(
    patient: Patient,
    *,
    kind: str,
    by: User,
    text: str = "",
    is_clinical: bool = False,
    asked_on: datetime.date | None = None,
    identity_how: str = "",
) -> PrivacyRequest:
    """Note what ``patient`` asks; the clock counts from ``asked_on``, today unless said.

    :raises NotYours: ``by`` is neither the patient nor may enter requests
    :raises SaysNothing: nothing says what is to be corrected
    :raises NotYet: the day is in the future
    :raises AskedTwice: a copy is on its way, or too much waits for an answer
    """
    is_correction = kind == PrivacyRequest.Kind.CORRECTION
    if by != patient.user and not by.has_perm("clinic.add_privacyrequest"):
        raise NotYours
    if is_correction and not text.strip():
        raise SaysNothing
    today = Practice.objects.current().today()
    if (asked_on or today) > today:
        raise NotYet
    patient.lock()  # twice at once, one after the other
    waiting = PrivacyRequest.objects.waiting().filter(patient=patient, kind=kind).count()
    if waiting >= (MOST_OPEN if is_correction else 1):
        raise AskedTwice
    known: dict[str, Any] = {
        "identity_how": identity_how,
        "identified_at": timezone.now(),
        "identified_by": by,
    }
    request: PrivacyRequest = PrivacyRequest.objects.add(
        by=by,
        patient=patient,
        kind=kind,
        is_clinical=is_correction and is_clinical,
        asked_on=asked_on or today,
        author=by,
        **(known if identity_how else {}),
    )
    if text.strip():
        _write(request, RequestText.Kind.ASKED, text, by=by)
    _tell_team(request)
    return request


def carers(request: PrivacyRequest) -> QuerySet[Practitioner]:
    """The doctors who care for the patient and still work here."""
    booked = Slot.objects.filter(
        appointments__patient=request.patient_id, appointments__status__in=BOOKED, practitioner=OuterRef("pk")
    )
    return Practitioner.objects.filter(Exists(booked), user__is_active=True)


@transaction.atomic
def name_doctor(request: PrivacyRequest, *, doctor: Practitioner, by: User) -> None:
    """Let ``doctor`` answer, because nobody who works here cares for the patient any more.

    :raises NotYours: ``by`` may not
    :raises WrongKind: it is not about health, or answered
    :raises HasCarer: somebody does
    """
    _require_manager(by)
    if not request.lock().is_clinical or request.status != Status.OPEN:
        raise WrongKind
    if carers(request).exists():
        raise HasCarer
    request.change(by=by, why="No doctor in care works here any more.", doctor=doctor)
    _tell_team(request)


@transaction.atomic
def identify(request: PrivacyRequest, *, how: str, by: User) -> None:
    """Write down how it was made sure that the patient asks.

    :raises NotYours: ``by`` may not
    :raises SaysNothing: ``how`` is empty
    """
    _require_manager(by)
    if not how.strip():
        raise SaysNothing
    if request.lock().status != Status.OPEN:
        raise WrongKind
    request.change(by=by, identity_how=how.strip(), identified_at=timezone.now(), identified_by=by)


@transaction.atomic
def give(request: PrivacyRequest, *, by: User) -> None:
    """Have a copy of the file made; the patient gets a letter when it is there.

    :raises NotYours: ``by`` may not
    :raises WrongKind: it asks for no copy
    :raises Unknown: nobody made sure who asks
    :raises IllegalMove: it is being made, or answered
    """
    _require_manager(by)
    if request.lock().kind != PrivacyRequest.Kind.ACCESS:
        raise WrongKind
    if request.identified_at is None:
        raise Unknown
    request.move_to(Status.PREPARING, by=by, why="A copy is being made.")
    enqueue("clinic.tasks.copy_record", request.pk)


@transaction.atomic
def refuse(request: PrivacyRequest, *, reasons: str, by: User) -> None:
    """Refuse, with reasons that the patient reads.

    :raises NotYours: ``by`` may not
    :raises NotADoctorInCare: it is about health, and ``by`` may not answer for that
    :raises SaysNothing: there are no reasons
    :raises IllegalMove: it is answered
    """
    _answer(request, Status.REFUSED, text=reasons, by=by)


@transaction.atomic
def correct(request: PrivacyRequest, *, answer: str, by: User) -> None:
    """Say that a new version says what is right now; the old one is kept.

    :raises WrongKind: it asks for no correction
    """
    _require_correction(request)
    _answer(request, Status.CORRECTED, text=answer, by=by)


@transaction.atomic
def attach(request: PrivacyRequest, *, answer: str, by: User) -> None:
    """Leave the record as it is, and let the patient's words stand beside it from now on (APP 13.3, 13.4).

    :raises WrongKind: it asks for no correction
    """
    _require_correction(request)
    _answer(request, Status.ATTACHED, text=answer, by=by)


@transaction.atomic
def withdraw(request: PrivacyRequest, *, by: User) -> None:
    """Take a request back; the patient does that.

    :raises NotYours: ``by`` is somebody else
    :raises IllegalMove: it is answered, or on its way
    """
    if by != request.patient.user:
        raise NotYours
    now = {"answered_at": timezone.now(), "answered_by": by}
    request.move_to(Status.WITHDRAWN, by=by, why="The patient took it back.", **now)


def attached_to(patient: Patient, *, by: User) -> QuerySet[RequestText]:
    """The words of ``patient`` that stand beside the record, as far as ``by`` reads them."""
    texts = RequestText.objects.visible_to(by)
    return texts.filter(
        request__patient=patient, request__status=Status.ATTACHED, kind=RequestText.Kind.ASKED
    )


def _answer(request: PrivacyRequest, status: str, *, text: str, by: User) -> None:
    if not text.strip():
        raise SaysNothing
    if request.lock().is_clinical:
        _require_doctor(request, by=by)
    else:
        _require_manager(by)
    request.move_to(status, by=by, why="Answered.", answered_at=timezone.now(), answered_by=by)
    _write(request, RequestText.Kind.ANSWER, text, by=by)
    tell_patient(request)


def tell_patient(request: PrivacyRequest) -> None:
    """Owe the patient the letter that there is an answer; who closed their account gets it on paper."""
    person = request.patient.user
    if person.is_active:
        context = {"name": person.get_short_name(), "path": reverse("my-data")}
        mailing.queue(ANSWERED, recipient=person, to=person.email, context=context)


def _tell_team(request: PrivacyRequest) -> None:
    """Owe those who answer a letter that something waits: the doctors, where it is about health."""
    people = roles.who_may("clinic.answer_privacyrequest")
    path = reverse("admin:clinic_privacyrequest_change", args=[request.pk])
    if request.is_clinical:
        doctors = {doctor.user for doctor in carers(request).select_related("user")}
        named = {request.doctor.user} if request.doctor else set()
        everybody: set[Any] = {*people, *doctors, *named}
    else:
        everybody = {*people}
    letters = [
        Letter(
            template=RECEIVED,
            recipient=person,
            to=person.email,
            context={"name": person.get_short_name(), "path": path},
            next_attempt_at=timezone.now(),
        )
        for person in sorted(everybody, key=lambda one: one.pk)
    ]
    mailing.queue_all(letters)


def _write(request: PrivacyRequest, kind: str, text: str, *, by: User) -> None:
    RequestText.objects.create(request=request, kind=kind, text=text.strip(), recorded_by=by)


def _require_manager(by: User) -> None:
    if not by.has_perm("clinic.answer_privacyrequest"):
        raise NotYours


def _require_doctor(request: PrivacyRequest, *, by: User) -> None:
    is_named = request.doctor is not None and request.doctor.user_id == by.pk
    in_care = Patient.objects.in_care_of(by).filter(pk=request.patient_id).exists()
    if not by.has_perm("clinic.answer_clinical_privacyrequest") or not (is_named or in_care):
        raise NotADoctorInCare


def _require_correction(request: PrivacyRequest) -> None:
    if request.kind != PrivacyRequest.Kind.CORRECTION:
        raise WrongKind
