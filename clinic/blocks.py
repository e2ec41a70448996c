"""The kinds of blocks that a page is built of, and what each consists of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from html import unescape
from typing import Any, NamedTuple
from uuid import UUID

TAG = re.compile(r"<[^>]*>")
BREAK = re.compile(r"</?(?:p|li|ul|ol|h[1-6]|br|blockquote|hr)\b[^>]*>", re.IGNORECASE)
SAID_IN_TAGS = re.compile(r"""\b(?:href|title|alt)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


class Part(StrEnum):
    """What kind of value a part of a block has."""

    WORDS = "words"
    HTML = "html"
    CHOICE = "choice"
    TICK = "tick"
    PAGE = "page"
    MEDIA = "media"
    SNIPPET = "snippet"
    DOCTORS = "doctors"
    QUESTIONS = "questions"


class Kind(NamedTuple):
    """A kind of block, as its editor calls it."""

    label: str
    icon: str
    parts: dict[str, Part]
    is_live: bool = False
    """Whether it tells of the practice's own rows, as they are when the page is read."""


KINDS = {
    "heading": Kind("Heading", "title", {"text": Part.WORDS, "level": Part.CHOICE}),
    "text": Kind("Text", "notes", {"html": Part.HTML}),
    "image": Kind("Picture", "image", {"picture": Part.MEDIA, "caption": Part.WORDS, "width": Part.CHOICE}),
    "callout": Kind("Call-out", "campaign", {"tone": Part.CHOICE, "title": Part.WORDS, "html": Part.HTML}),
    "step": Kind("Step", "format_list_numbered", {"title": Part.WORDS, "text": Part.WORDS}),
    "faq": Kind("Question and answer", "quiz", {"question": Part.WORDS, "answer": Part.HTML}),
    "people": Kind("People", "groups", {"heading": Part.WORDS, "doctors": Part.DOCTORS}, is_live=True),
    "fees": Kind("Fees", "sell", {"heading": Part.WORDS, "note": Part.WORDS}, is_live=True),
    "hours": Kind("Opening hours", "schedule", {"heading": Part.WORDS, "note": Part.WORDS}, is_live=True),
    "contact": Kind(
        "Contact",
        "call",
        {"heading": Part.WORDS, "phone": Part.TICK, "email": Part.TICK, "address": Part.TICK},
        is_live=True,
    ),
    "button": Kind(
        "Button",
        "ads_click",
        {"label": Part.WORDS, "page": Part.PAGE, "link": Part.WORDS, "look": Part.CHOICE},
    ),
    "questions": Kind(
        "Questionnaire",
        "checklist",
        {"heading": Part.WORDS, "questionnaire": Part.QUESTIONS, "note": Part.WORDS},
        is_live=True,
    ),
    "snippet": Kind("Snippet", "content_paste", {"snippet": Part.SNIPPET}),
}
"""By the ``type`` that a stored block names: ``{"id": …, "type": …, "value": {part: value}}``."""


def read(body: Any) -> list[dict[str, Any]]:
    """The blocks of a stored body that this version of the product knows."""
    return [block for block in body or [] if isinstance(block, dict) and block.get("type") in KINDS]


def keys(body: Any, kind: Part) -> set[UUID]:
    """The records of one kind that the blocks point to."""
    found: set[UUID] = set()
    for block in read(body):
        for name, part in KINDS[block["type"]].parts.items():
            if part is kind and (value := block["value"].get(name)):
                found |= {UUID(one) for one in (value if isinstance(value, list) else [value])}
    return found


def texts(body: Any) -> dict[str, str]:
    """What the blocks say, each under the name of its place."""
    return dict(_texts(read(body)))


def _texts(blocks: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for number, block in enumerate(blocks, 1):
        kind = KINDS[block["type"]]
        for name, part in kind.parts.items():
            value = block["value"].get(name) or ""
            if part in {Part.WORDS, Part.QUESTIONS}:
                yield place(number, kind, name), str(value)
            elif part is Part.HTML:
                yield place(number, kind, name), plain(value)
                yield f"{place(number, kind, name)}, in its links", "\n".join(said_in_tags(value))


def place(number: int, kind: Kind, name: str) -> str:
    """How a part of a block is called to who looks for it."""
    words = "text" if name == "html" else name
    return f"Block {number}, {kind.label.lower()}: {words}"


def plain(html: str) -> str:
    """The words of ``html``, with its paragraphs as lines."""
    return unescape(TAG.sub("", BREAK.sub("\n", html))).strip()


def said_in_tags(html: str) -> list[str]:
    """What stands in addresses and titles, which search engines read as well."""
    return [unescape(one or other) for one, other in SAID_IN_TAGS.findall(html)]
