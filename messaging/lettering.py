"""What a letter says: the practice's words or those of the product, with what is known put in for its names.

A text names what it wants to tell in braces, ``{when}``, out of what its kind knows; it can hold nothing else
that is carried out, so that a text which was taken can always be written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from django.db import transaction
from django.template import Context, engines
from django.template.loader import get_template
from django.utils import timezone

from config import seen
from config.base import Refused
from config.sets import add_all
from messaging import kinds
from messaging.models import LetterTemplate
from messaging.models.texts import BODY_MAX, SUBJECT_MAX

if TYPE_CHECKING:
    from django.template.backends.django import Template as DjangoTemplate

    from clinic.models import User

NAMED = re.compile(r"\{([^{}\n]*)\}")
ALONE = re.compile(r"^[ \t]*\{([a-z_]+)\}[ \t]*\n", re.MULTILINE)
SMS_MAX = 300
STOP = "STOP"
"""What an SMS says that ends them."""
GUARDS: list[Callable[[Mapping[str, str]], None]] = []
"""Asked before a text is published, with its parts by their names; they raise ``Refused``."""


class Text(NamedTuple):
    """Subject and body as they are written, names in braces; ``version`` 0 came with the product."""

    subject: str
    body: str
    version: int = 0


class CannotBeWritten(Refused):
    """The text names what is not known, or leaves out what its reader needs; which, it says."""


class ChangedMeanwhile(Refused):
    def __init__(self) -> None:
        super().__init__(
            "Somebody else changed this text while you wrote. What you wrote is still here, and not saved:"
            " open the text in another tab, and bring the two together."
        )


class NothingNew(Refused):
    def __init__(self) -> None:
        super().__init__("Letters say exactly this already. Change something first.")


def is_sms(template: str) -> bool:
    return "/sms/" in template


def known(template: str) -> dict[str, kinds.Name]:
    """What the text of such letters may name. An SMS has no links, and beside its own knows the practice."""
    kind = kinds.of(template)
    if is_sms(template):
        return {"practice": kinds.COMMON["practice"], **kind.names}
    return kinds.COMMON | dict(kind.names)


def shipped(template: str) -> Text:
    """The text that came with the product: the first line of its file is the subject, but of an SMS.

    :raises TemplateDoesNotExist: it has no file
    """
    source = cast("DjangoTemplate", get_template(f"{template}.txt")).template.source.strip()
    if is_sms(template):
        return Text("", source)
    subject, _, body = source.partition("\n")
    return Text(subject, body.strip())


def live(template: str) -> Text:
    """What letters of this kind say now."""
    row = LetterTemplate.objects.filter(template=template).first()
    if row is None or not row.is_own:
        return shipped(template)._replace(version=row.version if row else 0)
    return Text(row.live_subject, row.live_body, row.version)


def write(template: str, text: Text, context: Mapping[str, Any]) -> tuple[str, str]:
    """The subject, in one line, and the body, with what ``context`` knows in place of the names."""
    names = known(template)
    values = {
        name: _value(names[name].source, context)
        for name in set(NAMED.findall(f"{text.subject}\n{text.body}"))
        if name in names
    }
    return _filled(text, values)


def example(template: str, text: Text) -> tuple[str, str]:
    """The same with invented facts, for who writes it."""
    return _filled(text, {name: one.example for name, one in known(template).items()})


def _value(source: str, context: Mapping[str, Any]) -> str:
    # Plain text is not escaped here: the HTML beside it is made of it, and escapes all of it.
    made = cast("DjangoTemplate", engines["django"].from_string(source)).template
    return str(made.render(Context(dict(context), autoescape=False)))


def _filled(text: Text, values: Mapping[str, str]) -> tuple[str, str]:
    def put(found: re.Match[str]) -> str:
        return values.get(found[1], found[0])

    # A line that only holds what is not there this time goes with it.
    body = ALONE.sub(lambda found: "" if values.get(found[1]) == "" else found[0], text.body + "\n")
    subject = [*NAMED.sub(put, text.subject).splitlines(), ""][0]
    body = re.sub(r"\n{3,}", "\n\n", NAMED.sub(put, body)).strip()
    return " ".join(subject.split())[:200], f"{body}\n"


def check(template: str, text: Text) -> None:
    """Let letters say ``text``.

    :raises CannotBeWritten: a name is not known, or what its reader needs is left out
    """
    names = known(template)
    said = [*NAMED.findall(text.subject), *NAMED.findall(text.body)]
    if unknown := [name for name in said if name not in names]:
        raise CannotBeWritten(f"Nothing is known as {{{unknown[0]}}}. There are: {', '.join(sorted(names))}.")
    if lacking := [name for name, one in names.items() if one.must and name not in said]:
        raise CannotBeWritten(
            f"{{{lacking[0]}}} must stand in it: {names[lacking[0]].words}. Its reader cannot do without."
        )
    _check_form(template, text)


def _check_form(template: str, text: Text) -> None:
    if "\0" in text.subject + text.body:
        raise CannotBeWritten("There is a sign in the text that cannot be sent.")
    if not text.body.strip():
        raise CannotBeWritten("Write what the letter says.")
    if is_sms(template):
        if len(text.body) > SMS_MAX or STOP not in text.body:
            raise CannotBeWritten(
                f"An SMS has {SMS_MAX} letters at most, and says “Reply {STOP} for no more SMS.”"
            )
    elif not text.subject.strip() or len(text.subject.splitlines()) > 1:
        raise CannotBeWritten("Write a subject, in one line.")
    elif len(text.subject) > SUBJECT_MAX or len(text.body) > BODY_MAX:
        raise CannotBeWritten(f"A subject has {SUBJECT_MAX} letters at most, and a text {BODY_MAX}.")


# Keeping and publishing


def ship(**kwargs: Any) -> None:
    """Have a row for each kind after ``migrate``; what managers wrote stays as it is."""
    there = set(LetterTemplate.objects.values_list("template", flat=True))
    texts = {template: shipped(template) for template in sorted(set(kinds.KINDS) - there)}
    rows = [
        LetterTemplate(template=template, subject=text.subject, body=text.body)
        for template, text in texts.items()
    ]
    if rows:
        add_all(rows, by=None, why="Came with the product.")


def draft(row: LetterTemplate) -> Text:
    return Text(row.subject, row.body)


def mark(row: LetterTemplate) -> str:
    """What a form carries to tell which state of ``row`` it showed."""
    return seen.mark(row.subject, row.body, row.version)


def is_published(row: LetterTemplate) -> bool:
    """Whether letters say what was written last."""
    said = Text(row.live_subject, row.live_body) if row.is_own else shipped(row.template)
    return draft(row)[:2] == said[:2]


@transaction.atomic
def rewrite(row: LetterTemplate, text: Text, *, saw: str, by: User, why: str = "") -> None:
    """Keep ``text`` as what is being written; letters say what they said.

    :raises ChangedMeanwhile: it is no longer as the form ``saw`` it
    :raises CannotBeWritten: it could not be sent
    """
    if mark(row.lock()) != saw:
        raise ChangedMeanwhile
    check(row.template, text)
    if draft(row)[:2] != text[:2]:
        row.change(by=by, why=why, subject=text.subject, body=text.body)


@transaction.atomic
def publish(row: LetterTemplate, *, by: User) -> None:
    """Have letters say what was written: also those that wait in the outbox. What was sent stays as it was.

    :raises NothingNew: they say it already
    :raises CannotBeWritten: it could not be sent
    :raises Refused: a guard of the apps above keeps a word out
    """
    text = draft(row.lock())
    check(row.template, text)
    if is_published(row):
        raise NothingNew
    for guard in GUARDS:
        guard({"Subject": text.subject, "Text": text.body})
    is_own = text[:2] != shipped(row.template)[:2]
    row.change(
        by=by,
        why="Published.",
        version=row.version + 1,
        is_own=is_own,
        live_subject=text.subject if is_own else "",
        live_body=text.body if is_own else "",
        published_at=timezone.now(),
        published_by=by,
    )


def back_to_shipped(row: LetterTemplate, *, by: User) -> None:
    """Write on with the text that came with the product; it is published like any other."""
    text = shipped(row.template)
    rewrite(row, text, saw=mark(row), by=by, why="Back to the text that came with the product.")
