"""Notes: keeping drafts, beginning with words that are there, signing, adding to what is signed."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from clinic import consulting
from clinic.models import Addendum, Note, NoteTemplate
from clinic.models.notes import Written
from config import hashing
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User

PARTS: dict[str, str] = {
    "presenting": "History",
    "examination": "Examination",
    "assessment": "Assessment",
    "plan": "Plan",
    "goals": "Goals of treatment",
    "exit_strategy": "Exit strategy",
}
"""The parts of a note in the order in which they are read, with today's headings."""
FIELDS = (*PARTS, "review_on")


class Signed(Refused):
    def __init__(self) -> None:
        super().__init__("This note is signed and kept as it is.")


class NotSigned(Refused):
    def __init__(self) -> None:
        super().__init__("The note is still a draft. Write into it instead.")


class Unfinished(Refused):
    def __init__(self) -> None:
        super().__init__("Write at least an assessment and a plan before you sign.")


class NothingAdded(Refused):
    def __init__(self) -> None:
        super().__init__("Write what you add or correct, and why.")


class NoneBefore(Refused):
    def __init__(self) -> None:
        super().__init__("There is no signed note of this patient that you may read.")


class WrittenElsewhere(Refused):
    """Another window kept this note meanwhile; ``note`` is how it stands now. Nothing was written over."""

    def __init__(self, note: Note) -> None:
        self.note = note
        super().__init__(
            "This note was also written in another window. Nothing is lost: both texts are below."
        )


class Kept(NamedTuple):
    """When a draft was kept, and the revision it is now."""

    at: datetime.datetime
    revision: int


def save(note: Note, *, by: User, revision: int | None = None, **written: Any) -> Kept:
    """Keep a draft as it is being typed.

    Drafts change every few seconds and are nobody's record yet, so this is the one place that saves
    without a version; ``sign`` writes the version that counts. ``revision`` is the one that was on
    the page when the typing began; without it the draft is written over whatever it is.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises Signed: the note is signed
    :raises WrittenElsewhere: it is not at ``revision`` any more, and says something else
    """
    consulting.require_doctor(note.encounter.practitioner, by=by)
    if unknown := set(written) - {*FIELDS}:
        raise ValueError(f"A note has no {unknown}.")
    drafts = Note.objects.filter(pk=note.pk, status=Note.Status.DRAFT)
    base = drafts if revision is None else drafts.filter(revision=revision)
    if not base.update(**written, revision=F("revision") + 1):
        note.refresh_from_db()
        _refuse_unless_same(note, written)
        return Kept(timezone.now(), note.revision)  # the same words again: an answer was lost on its way
    return Kept(timezone.now(), note.revision + 1 if revision is None else revision + 1)


def _refuse_unless_same(note: Note, written: dict[str, Any]) -> None:
    if note.status != Note.Status.DRAFT:
        raise Signed
    if any(getattr(note, name) != value for name, value in written.items()):
        raise WrittenElsewhere(note)


@transaction.atomic
def begin_from_template(note: Note, template: NoteTemplate, *, by: User) -> None:
    """Put the words of ``template`` under what the draft says already; a review date only where none is.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises Signed: the note is signed
    """
    written = _appended(note.lock(), template)
    if template.review_weeks and note.review_on is None:
        written["review_on"] = timezone.localdate() + datetime.timedelta(weeks=template.review_weeks)
    save(note, by=by, **written)


@transaction.atomic
def begin_from_last(note: Note, *, by: User) -> None:
    """Put the words of the patient's last signed note under what the draft says already.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises NoneBefore: there is none that ``by`` may read
    :raises Signed: the note is signed
    """
    signed = Note.objects.visible_to(by).filter(
        encounter__patient=note.lock().encounter.patient_id, status=Note.Status.SIGNED
    )
    last = signed.exclude(pk=note.pk).order_by("-signed_at").first()
    if last is None:
        raise NoneBefore
    save(note, by=by, **_appended(note, last))


def _appended(note: Note, source: Written) -> dict[str, Any]:
    """Each part of ``note`` with that of ``source`` under it, unless it is there already."""
    parts = {}
    for name in PARTS:
        here, there = getattr(note, name), getattr(source, name)
        parts[name] = here if there in here else f"{here.rstrip()}\n\n{there}" if here.strip() else there
    return parts


@transaction.atomic
def sign(note: Note, *, by: User, revision: int | None = None, **written: Any) -> None:
    """Sign the note as it stands, or as it was ``written`` last; from now on nobody can change it.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises Unfinished: assessment or plan is empty
    :raises WrittenElsewhere: it is not at ``revision`` any more, and says something else
    :raises IllegalMove: it is signed already
    """
    consulting.require_doctor(note.lock().encounter.practitioner, by=by)
    if note.status == Note.Status.DRAFT and revision not in {None, note.revision}:
        _refuse_unless_same(note, written)
    words = {name: written.get(name, getattr(note, name)) for name in FIELDS}
    if not (words["assessment"].strip() and words["plan"].strip()):
        raise Unfinished
    now = timezone.now()
    content = describe(note, words, signed_at=now, signed_by=by)
    note.move_to(
        Note.Status.SIGNED,
        by=by,
        why="Signed.",
        **words,
        signed_at=now,
        signed_by=by,
        content=content,
        content_sha256=hashing.fingerprint(content),
    )


def describe(
    note: Note, words: dict[str, Any], *, signed_at: datetime.datetime, signed_by: User
) -> dict[str, Any]:
    """What the signature stands for: the words under the headings of that day, of whom, by whom, when."""
    encounter = note.encounter
    born_on, review_on = encounter.patient.date_of_birth, words["review_on"]
    return {
        "encounter": str(encounter.pk),
        "began_at": _utc(encounter.created_at),
        "patient": str(encounter.patient),
        "date_of_birth": born_on.isoformat() if born_on else None,
        "practitioner": str(encounter.practitioner),
        "ahpra_number": encounter.practitioner.ahpra_number,
        "parts": [[heading, words[name]] for name, heading in PARTS.items() if words[name].strip()],
        "review_on": review_on.isoformat() if review_on else None,
        "signed_at": _utc(signed_at),
        "signed_by": str(signed_by.pk),
    }


def _utc(at: datetime.datetime) -> str:
    return at.astimezone(datetime.UTC).isoformat()


def signed_content(note: Note) -> dict[str, Any]:
    """What was signed. Notes from before contents were kept are told by their columns, as they were then."""
    if note.content or note.signed_at is None:
        return dict(note.content)
    return {name: getattr(note, name) for name in ("presenting", "examination", "assessment", "plan")} | {
        "encounter": str(note.encounter_id),
        "review_on": note.review_on.isoformat() if note.review_on else None,
        "signed_at": _utc(note.signed_at),
        "signed_by": str(note.signed_by_id),
    }


def parts(note: Note) -> list[tuple[str, str]]:
    """Headings and words of a signed note, as signed."""
    content = signed_content(note)
    if "parts" in content:
        return [(heading, words) for heading, words in content["parts"]]
    return [(heading, content[name]) for name, heading in PARTS.items() if content.get(name, "").strip()]


def is_as_signed(signed: Note | Addendum) -> bool:
    """Tell whether the words are those that were signed: whether their fingerprint is the one kept then."""
    content = signed_content(signed) if isinstance(signed, Note) else signed.content
    return hashing.fingerprint(content) == signed.content_sha256


@transaction.atomic
def add(note: Note, *, text: str, reason: str, by: User) -> Addendum:
    """Add to a signed note, or correct it: the note stays as it is, the addendum stands under it.

    :raises NotTheirs: the patient is not in the care of ``by``
    :raises NotSigned: the note is a draft
    :raises NothingAdded: text or reason is empty
    """
    consulting.require_carer(note.lock().encounter.patient, by=by)
    if note.status != Note.Status.SIGNED:
        raise NotSigned
    if not (text.strip() and reason.strip()):
        raise NothingAdded
    now = timezone.now()
    content = {
        "note": str(note.pk),
        "note_sha256": note.content_sha256,
        "text": text.strip(),
        "reason": reason.strip(),
        "author": str(by),
        "signed_at": _utc(now),
        "signed_by": str(by.pk),
    }
    return Addendum.objects.create(
        note=note,
        text=text.strip(),
        reason=reason.strip(),
        content=content,
        content_sha256=hashing.fingerprint(content),
        recorded_at=now,
        recorded_by=by,
    )


def browser_key(note: Note, *, by: User) -> str:
    """The key with which the browser of ``by`` locks its copy of a draft: on another desk it is no use.

    It comes with the page, so that whoever finds the copy on a shared computer needs to sign in as ``by``.
    """
    return salted_hmac("clinic.noting.browser", f"{by.pk}:{note.pk}", algorithm="sha256").hexdigest()
