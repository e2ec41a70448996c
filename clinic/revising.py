"""Revisions of pages and snippets, compared block by block; and what somebody typed and did not save."""

from __future__ import annotations

import difflib
import re
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import F

from clinic import blocks, publishing
from clinic.models import Autosave, Page

if TYPE_CHECKING:
    from clinic.models import User

PRESENT = timedelta(seconds=60)
"""How long after their last sign somebody counts as being there."""
READ_BACK = 200
"""Versions of a record that are looked through for revisions."""
FIELDS = {
    "title": "Title",
    "slug": "Last part of the address",
    "lead": "Lead",
    "search_title": "Title for search engines",
    "description": "Description",
    "name": "Name",
    "html": "Text",
}
WORD = re.compile(r"\s+|[^\s\w]|\w+")


class Revision(NamedTuple):
    """One state in which something was kept, and what became of it."""

    version: Any
    is_live: bool
    is_scheduled: bool
    is_draft: bool


class Stretch(NamedTuple):
    """Words that both have, or that one of them has: ``how`` is same, gone or new."""

    words: str
    how: str


class Difference(NamedTuple):
    """One field or block that is otherwise in the later revision."""

    what: str
    """Added, Taken out, Changed or Moved."""
    label: str
    parts: list[tuple[str, list[Stretch]]]


def revisions(record: Any, most: int = 30) -> list[Revision]:
    """The newest first; versions that changed nothing of the content are left out."""
    versions = record.history.select_related("history_user").order_by(F("history_date").desc(), "-history_id")
    read = [*versions[:READ_BACK]]
    named = {record.live_version, getattr(record, "scheduled_version", None)}
    kept = [
        one
        for one, before in pairwise([*read, None])
        if before is None or one.history_id in named or publishing.content(one) != publishing.content(before)
    ]
    return [
        Revision(
            one,
            one.history_id == record.live_version,
            one.history_id == getattr(record, "scheduled_version", None),
            number == 0,
        )
        for number, one in enumerate(kept[:most])
    ]


def compare(earlier: Any, later: Any) -> list[Difference]:
    """What ``later`` says otherwise: field by field, and block by block by the blocks' own keys."""
    before, after = publishing.content(earlier), publishing.content(later)
    found = [
        Difference("Changed", label, [("", words(*(_readable(one[name]) for one in (before, after))))])
        for name, label in FIELDS.items()
        if name in before and before[name] != after[name]
    ]
    return found + _of_blocks(before.get("body", []), after.get("body", []))


def _of_blocks(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[Difference]:
    was = {block["id"]: block for block in blocks.read(before)}
    now = {block["id"]: block for block in blocks.read(after)}
    found = [_difference("Taken out", block, {}) for key, block in was.items() if key not in now]
    moved = _moved([key for key in was if key in now], [key for key in now if key in was])
    for key, block in now.items():
        if key not in was:
            found.append(_difference("Added", block, {}, is_new=True))
        elif was[key] != block:
            found.append(_difference("Changed", block, was[key]["value"], is_new=True))
        elif key in moved:
            found.append(Difference("Moved", _label(block), []))
    return found


def _moved(before: list[str], after: list[str]) -> set[str]:
    """The fewest blocks whose moving makes the one order of the other."""
    same = difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_matching_blocks()
    stayed = {key for one in same for key in before[one.a : one.a + one.size]}
    return set(after) - stayed


def _difference(
    what: str, block: dict[str, Any], other: dict[str, Any], *, is_new: bool = False
) -> Difference:
    parts = []
    for name in blocks.KINDS[block["type"]].parts:
        here, there = _readable(block["value"].get(name)), _readable(other.get(name))
        if here != there:
            parts.append(
                (name.replace("_", " ").capitalize(), words(there, here) if is_new else words(here, there))
            )
    return Difference(what, _label(block), parts)


def _label(block: dict[str, Any]) -> str:
    said = next(
        (
            blocks.plain(str(block["value"].get(name) or ""))
            for name, part in blocks.KINDS[block["type"]].parts.items()
            if part in {blocks.Part.WORDS, blocks.Part.HTML}
        ),
        "",
    )
    label = blocks.KINDS[block["type"]].label
    return f"{label}: {said[:60]}" if said else label


def _readable(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    text = str(value or "")
    return blocks.plain(text) if text.startswith("<") else text


def words(before: str, after: str) -> list[Stretch]:
    """Both texts as one, word by word."""
    first, second = WORD.findall(before), WORD.findall(after)
    told: list[Stretch] = []
    for how, a, until_a, b, until_b in difflib.SequenceMatcher(
        a=first, b=second, autojunk=False
    ).get_opcodes():
        if how == "equal":
            told.append(Stretch("".join(first[a:until_a]), "same"))
            continue
        if until_a > a:
            told.append(Stretch("".join(first[a:until_a]), "gone"))
        if until_b > b:
            told.append(Stretch("".join(second[b:until_b]), "new"))
    return told


# What is typed and not saved


def autosave(page: Page, content: Any, *, saw: str, now: datetime, by: User) -> None:
    """Keep what ``by`` typed, for them alone; without content only that they are there."""
    kept: dict[str, Any] = {"at": now}
    if content is not None:
        kept |= {"content": content, "seen": saw}
    Autosave.objects.update_or_create(page=page, person=by, defaults=kept)


def forget(page: Page, *, by: User) -> None:
    """Drop what ``by`` typed and did not save."""
    Autosave.objects.filter(page=page, person=by).update(content=None)


def unsaved(page: Page, *, by: User) -> Autosave | None:
    """What ``by`` typed the last time and did not save, where it is otherwise than the draft."""
    kept: Autosave | None = Autosave.objects.filter(page=page, person=by, content__isnull=False).first()
    typed: dict[str, Any] = (kept.content or {}) if kept else {}
    if all(typed.get(name) == said for name, said in publishing.content(page).items()):
        return None
    return kept


def others(page: Page, *, now: datetime, by: User) -> list[str]:
    """Who else has the editor of ``page`` open now."""
    there = (
        Autosave.objects.filter(page=page, at__gt=now - PRESENT).exclude(person=by).select_related("person")
    )
    return [str(one.person) for one in there.order_by("person__family_name")]
