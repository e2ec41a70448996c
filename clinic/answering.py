"""What a patient answers before a visit: keeping every answer, and what a doctor reads of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q

from clinic.models import Answer, Appointment, FlagSeverity, Intake, Questionnaire
from clinic.models.questions import asked_of
from config.base import Refused

if TYPE_CHECKING:
    import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from clinic.models import Encounter, User
    from clinic.models.questions import Flag, Question

OPEN = (Appointment.Status.CONFIRMED, Appointment.Status.ARRIVED)
"""While the visit is paid for and has not begun."""
COMPARED = 2
"""How many questionnaires are read: this visit's, and the last one a doctor saw."""


class Closed(Refused):
    def __init__(self) -> None:
        super().__init__(
            "These questions can be answered when a visit is paid for and until it begins."
            " Please tell your doctor what has changed."
        )


class OtherQuestions(Refused):
    def __init__(self) -> None:
        super().__init__("You answered another version of these questions. Please open the page again.")


class Unreadable(Refused):
    def __init__(self) -> None:
        super().__init__("One of the answers does not fit its question. Please check what you entered.")


@dataclass(frozen=True)
class Said:
    """One question with its answer, what was answered before, and what the patient said last time."""

    question: Question
    answers: list[Answer]
    """Every answer to it, oldest first."""
    last_words: str | None
    """What counted at the last visit, where it differs."""

    @property
    def value(self) -> str:
        return self.answers[-1].value if self.answers else ""

    @property
    def words(self) -> str:
        return self.question.words(self.value)

    @property
    def earlier(self) -> list[tuple[str, Answer]]:
        """What was answered before the answer that counts, newest first."""
        return [(self.question.words(one.value), one) for one in reversed(self.answers[:-1])]

    @property
    def is_changed(self) -> bool:
        return len(self.answers) > 1 or self.last_words is not None


@dataclass(frozen=True)
class Raised:
    """A red flag; one that another answer has replaced is told all the same."""

    flag: Flag
    said: Said
    is_withdrawn: bool


@transaction.atomic
def save(
    appointment: Appointment, *, questionnaire: Questionnaire, answers: Mapping[str, str], by: User | None
) -> Intake:
    """Keep ``answers`` by their questions' keys; only what differs from the last ones is written.

    Answers to questions that are not asked any more, after what was answered now, are taken back.

    :raises Closed: the visit is not paid for, has begun or is over
    :raises OtherQuestions: another version was answered before
    :raises Unreadable: something is no answer to a question of this version
    """
    if appointment.lock().status not in OPEN:
        raise Closed
    intake = Intake.objects.filter(appointment=appointment).first() or Intake.objects.create(
        appointment=appointment, questionnaire=questionnaire, recorded_by=by
    )
    if intake.questionnaire_id != questionnaire.pk:
        raise OtherQuestions
    asked = {question.key: question for question in questionnaire.asked()}
    if not all(key in asked and asked[key].accepts(value) for key, value in answers.items()):
        raise Unreadable
    before = values(intake)
    now = _counting(asked.values(), before | dict(answers))
    Answer.objects.bulk_create(
        Answer(intake=intake, key=key, value=now[key], recorded_by=by)
        for key in asked
        if now[key] != before.get(key, "")
    )
    return intake


def _counting(asked: Iterable[Question], said: Mapping[str, str]) -> dict[str, str]:
    """Of every question the answer that counts: none where it is not asked."""
    asked = [*asked]
    open_now = {question.key for question in asked_of(asked, said)}
    return {one.key: said.get(one.key, "") if one.key in open_now else "" for one in asked}


def unanswered(questionnaire: Questionnaire, said: Mapping[str, str]) -> list[Question]:
    """What is still to be answered: of the questions that are asked, those that must be."""
    open_now = asked_of(questionnaire.asked(), said)
    return [question for question in open_now if question.required and not said.get(question.key)]


def wanted(appointment: Appointment) -> Questionnaire | None:
    """What is asked before ``appointment``, in its version in force; of who began, the one they saw."""
    begun = Questionnaire.objects.filter(intakes__appointment=appointment).first()
    key = appointment.slot.appointment_type.asks
    return begun or Questionnaire.objects.newest(key).first()


def bring(moved: Appointment, *, before: Appointment) -> None:
    """Let the answers follow the patient to another time, each with when it was given."""
    there = Intake.objects.filter(appointment=before).select_related("recorded_by").first()
    if there is None:
        return
    here = Intake.objects.create(
        appointment=moved, questionnaire_id=there.questionnaire_id, recorded_by=there.recorded_by
    )
    Answer.objects.bulk_create(
        Answer(
            intake=here, key=one.key, value=one.value, said_at=one.said_at, recorded_by_id=one.recorded_by_id
        )
        for one in there.answers.all()
    )


def values(intake: Intake) -> dict[str, str]:
    """The answers that count, by their questions' keys."""
    return {answer.key: answer.value for answer in intake.answers.all()}


def how_far(appointment: Appointment, *, by: User) -> str:
    """Whether the patient answered before ``appointment``: "", "begun", or "done" when nothing lacks."""
    intakes = Intake.objects.visible_to(by).filter(appointment=appointment)
    begun = intakes.select_related("questionnaire").prefetch_related("answers").first()
    if begun is None:
        return ""
    return "begun" if unanswered(begun.questionnaire, values(begun)) else "done"


def told_to_patient(questionnaire: Questionnaire, said: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each question that was asked, and its answer, as the patient reads them."""
    asked = asked_of(questionnaire.asked(), said)
    return [(question.label, question.words(said.get(question.key, ""))) for question in asked]


def rows(encounter: Encounter, *, by: User) -> dict[str, QuerySet]:
    """What the consultation page shows of it, not read yet: this visit's, and the last that a doctor saw."""
    appointment = encounter.appointment
    seen = Q(appointment__encounter__isnull=False, appointment__starts_at__lt=appointment.starts_at)
    intakes = (
        Intake.objects.visible_to(by)
        .filter(Q(appointment=appointment) | seen, appointment__patient=encounter.patient_id)
        .order_by("-appointment__starts_at", "-pk")[:COMPARED]
    )
    return {
        "intakes": intakes.select_related("questionnaire"),
        "answers": Answer.objects.visible_to(by).filter(intake__in=intakes.values("pk")),
    }


def told(encounter: Encounter, read: Mapping[str, Any]) -> dict[str, Any]:
    """What a template shows of ``rows``: nothing where the patient has not answered."""
    intakes = [*read["intakes"]]
    this = next((one for one in intakes if one.appointment_id == encounter.appointment_id), None)
    if this is None:
        return {"intake": None}
    key = this.questionnaire.key  # another questionnaire may use the same words for something else
    last = next((one for one in intakes if one is not this and one.questionnaire.key == key), None)
    said = _said(this, read["answers"], before=_words(last, read["answers"]) if last else {})
    counting = {one.question.key: one.value for one in said}
    asked = {question.key for question in asked_of((one.question for one in said), counting)}
    lacking = [one for one in said if one.question.required and not one.value and one.question.key in asked]
    return {
        "intake": this,
        "intake_lacks": len(lacking),
        # What was never asked of this patient is left out; what they took back is not.
        "intake_said": [one for one in said if one.answers or one.question.key in asked],
        "intake_flags": raised(said),
        "intake_at": max((one.answers[-1].said_at for one in said if one.answers), default=this.recorded_at),
    }


def of_patient(patient: UUID) -> dict[str, QuerySet]:
    """All that ``patient`` ever answered before visits, not read yet."""
    intakes = Intake.objects.filter(appointment__patient=patient)
    return {
        "intakes": intakes,
        "answers": Answer.objects.filter(intake__appointment__patient=patient),
        "questionnaires": Questionnaire.objects.filter(intakes__in=intakes).distinct(),
    }


def last_said(read: Mapping[str, Any], *, after: datetime.datetime) -> list[Said]:
    """Of each question, what was said last, whichever visit it was for; only if that was ``after``."""
    questionnaires = {one.pk: one for one in read["questionnaires"]}
    lately = {answer.intake_id for answer in read["answers"] if answer.said_at > after}
    last: dict[tuple[str, str], Said] = {}
    for intake in read["intakes"]:
        if intake.pk not in lately:
            continue
        intake.questionnaire = questionnaires[intake.questionnaire_id]
        for said in _said(intake, read["answers"], before={}):
            at = said.answers[-1].said_at if said.answers else after
            key = (intake.questionnaire.key, said.question.key)
            known = last.get(key)
            if at > (known.answers[-1].said_at if known else after):
                last[key] = said
    return [*last.values()]


def flags(appointments: Collection[Appointment], *, by: User) -> dict[UUID, list[str]]:
    """What the answers before each of ``appointments`` warn of in earnest, in one statement."""
    found: dict[UUID, list[str]] = {appointment.pk: [] for appointment in appointments}
    counting = Answer.objects.visible_to(by).filter(intake__appointment__in=found).newest()
    asked: dict[UUID, dict[str, Question]] = {}  # each version is read once, however many answered it
    for answer in counting.select_related("intake__questionnaire"):
        version = answer.intake.questionnaire
        if version.pk not in asked:
            asked[version.pk] = {question.key: question for question in version.asked()}
        question = asked[version.pk].get(answer.key)
        flags = question.raised(answer.value) if question else []
        found[answer.intake.appointment_id] += [
            flag.message for flag in flags if flag.severity == FlagSeverity.SERIOUS
        ]
    return found


def _said(intake: Intake, answers: Iterable[Answer], *, before: Mapping[str, str]) -> list[Said]:
    given = [answer for answer in answers if answer.intake_id == intake.pk]
    found = []
    for question in intake.questionnaire.asked():
        to_it = sorted(
            (one for one in given if one.key == question.key), key=lambda one: (one.said_at, one.pk)
        )
        words = question.words(to_it[-1].value if to_it else "")
        last = before.get(question.key)
        found.append(Said(question, to_it, last if last != words else None))
    return found


def _words(intake: Intake, answers: Iterable[Answer]) -> dict[str, str]:
    """What counted in ``intake``, of each question that it asked."""
    return {one.question.key: one.words for one in _said(intake, answers, before={})}


def raised(said: Iterable[Said]) -> list[Raised]:
    """Every red flag, the most serious first; what was answered otherwise since comes last."""
    found = []
    for one in said:
        now = one.question.raised(one.value)
        since = [flag for answer in one.answers for flag in one.question.raised(answer.value)]
        found += [Raised(flag, one, is_withdrawn=False) for flag in now]
        found += [Raised(flag, one, is_withdrawn=True) for flag in dict.fromkeys(since) if flag not in now]
    order = [*FlagSeverity]
    return sorted(found, key=lambda one: (one.is_withdrawn, order.index(FlagSeverity(one.flag.severity))))
