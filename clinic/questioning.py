"""What staff have patients asked: writing the next version of a questionnaire, and publishing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from clinic import advertising
from clinic.models import Page, Questionnaire, QuestionnaireDraft
from clinic.models.questions import Question, read_questions
from config import seen
from config.base import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinic.models import User


class CannotBeAsked(Refused):
    """One of the questions is not complete; which, it says."""


class NothingNew(Refused):
    def __init__(self) -> None:
        super().__init__("Patients are asked exactly this already. Change something first.")


class ChangedMeanwhile(Refused):
    def __init__(self) -> None:
        super().__init__(
            "Somebody else changed this questionnaire while you wrote. What you wrote is still here, and not"
            " saved: open the questionnaire in another tab, and bring the two together."
        )


class NotPublished(Refused):
    def __init__(self) -> None:
        super().__init__(
            "There are changes that were never published. Tick “Replace what is not published yet” if they"
            " may go."
        )


class NameTaken(Refused):
    def __init__(self) -> None:
        super().__init__("There is a questionnaire of this name already. Choose another name.")


class Difference(NamedTuple):
    """One question that the next version asks otherwise."""

    what: str
    """Added, Taken out, Changed or Moved."""
    label: str
    parts: list[tuple[str, str, str]]
    """What of it changed: its name, how it was, how it is."""


def mark(draft: QuestionnaireDraft) -> str:
    """What a form carries to tell which state of ``draft`` it showed."""
    return seen.mark(draft.title, draft.questions)


def is_taken(title: str) -> bool:
    """Whether there is a questionnaire whose key ``title`` would make."""
    return QuestionnaireDraft.objects.filter(key=_key(title)).exists()


def _key(title: str) -> str:
    return slugify(title).replace("-", "_")[:40] or "questions"


def named(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each question its key, made of its first words; the key of one that has it stays."""
    taken = {str(row["key"]) for row in rows if row.get("key")}
    named = []
    for row in rows:
        key = row.get("key") or _key_of(str(row.get("label", "")), taken)
        taken.add(str(key))
        named.append({**row, "key": key})
    return named


def _key_of(label: str, taken: set[str]) -> str:
    plain = slugify(label).replace("-", "_").lstrip("0123456789_")[:30].rstrip("_") or "question"
    number, key = 1, plain
    while key in taken:
        number += 1
        key = f"{plain}_{number}"
    return key


def begin(draft: QuestionnaireDraft, *, title: str, questions: list[Any], by: User) -> None:
    """Begin a questionnaire; its key is made of its first ``title`` and stays."""
    draft.key, draft.title, draft.questions = _key(title), title, questions
    draft.sign_with(by=by).save(force_insert=True)


@transaction.atomic
def rewrite(draft: QuestionnaireDraft, *, title: str, questions: list[Any], saw: str, by: User) -> None:
    """Keep what the next version will ask, finished or not.

    :raises ChangedMeanwhile: it is no longer as the form ``saw`` it
    """
    if mark(draft.lock()) != saw:
        raise ChangedMeanwhile
    if (draft.title, draft.questions) != (title, questions):
        draft.change(by=by, title=title, questions=questions)


@transaction.atomic
def publish(draft: QuestionnaireDraft, *, by: User) -> Questionnaire:
    """Have patients asked ``draft`` from now on. Who began to answer goes on with the version they saw.

    :raises CannotBeAsked: one of its questions is not complete
    :raises NothingNew: the version in force asks the same
    :raises advertising.Advertises: a public page shows it, and it names a medicine
    """
    read(draft.lock())
    _refuse_on_public_pages(draft)
    last = Questionnaire.objects.newest(draft.key).first()
    if last and (last.title, last.questions) == (draft.title, draft.questions):
        raise NothingNew
    return Questionnaire.objects.create(
        key=draft.key,
        version=last.version + 1 if last else 1,
        title=draft.title,
        questions=draft.questions,
        recorded_by=by,
    )


def _refuse_on_public_pages(draft: QuestionnaireDraft) -> None:
    """Let the public read the questions where a page shows them: no medicine is named there."""
    shown = [{"type": "questions", "value": {"questionnaire": draft.key}}]
    live = Page.objects.live().values("live_version")
    if Page.history.model.objects.filter(history_id__in=live, body__contains=shown).exists():
        rows = [row for row in draft.questions if isinstance(row, dict)]
        said = "\n".join(f"{row.get('label')}\n{row.get('help')}\n{row.get('section')}" for row in rows)
        advertising.check({"Title": draft.title, "Questions": said})


@transaction.atomic
def take_up(version: Questionnaire, *, is_sure: bool, by: User) -> QuestionnaireDraft:
    """Go on from an older ``version``: what it asked is what the next one will ask, until it is changed.

    :raises NotPublished: what is written now was never published, and nobody said that it may go
    """
    draft = QuestionnaireDraft.objects.select_for_update().get(key=version.key)
    last = Questionnaire.objects.newest(version.key)[0]
    if not is_sure and (draft.title, draft.questions) != (last.title, last.questions):
        raise NotPublished
    why = f"Taken up from version {version.version}."
    draft.change(by=by, why=why, title=version.title, questions=version.questions)
    return draft


def read(draft: QuestionnaireDraft) -> list[Question]:
    """The questions of ``draft``.

    :raises CannotBeAsked: one of them is not complete
    """
    try:
        return read_questions(draft.questions)
    except ValidationError as no:
        raise CannotBeAsked(" ".join(no.messages)) from no


PARTS = {
    "label": "Question",
    "kind": "Kind",
    "help": "Help",
    "section": "Section",
    "required": "Must be answered",
    "choices": "Choices",
    "lowest": "0 means",
    "highest": "10 means",
    "flags": "Red flags",
    "when": "Asked when",
}
"""The parts of a question, as its editor calls them."""


def differences(before: Sequence[dict[str, Any]], after: Sequence[Any]) -> list[Difference]:
    """What ``after`` asks otherwise than ``before``, both as they are stored."""
    rows = [row for row in after if isinstance(row, dict)]
    was, now = {row["key"]: row for row in before}, {str(row.get("key")): row for row in rows}
    found = [Difference("Taken out", was[key]["label"], []) for key in was if key not in now]
    kept_before, kept_now = [key for key in was if key in now], [key for key in now if key in was]
    for key, row in now.items():
        label = str(row.get("label", ""))
        if key not in was:
            found.append(Difference("Added", label, []))
        elif parts := _parts(was[key], row):
            found.append(Difference("Changed", label, parts))
        elif kept_before.index(key) != kept_now.index(key):
            found.append(Difference("Moved", label, []))
    return found


def _parts(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    told = [(words, _told(before.get(name)), _told(after.get(name))) for name, words in PARTS.items()]
    return [one for one in told if one[1] != one[2]]


def _told(value: Any) -> str:
    """A part of a question in words: what it lacks and what it leaves empty read alike."""
    if isinstance(value, bool):
        return "" if value else "No"  # to be answered is what a question is by itself
    if isinstance(value, dict):
        return ", ".join(f"{name} {words}" for name, words in value.items() if words)
    if isinstance(value, list):
        return "; ".join(_told(one) for one in value)
    return str(value or "")
