"""Trying out what a letter will say: with facts of one that was written, on oneself, beside what it said."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.template.loader import render_to_string

from config.base import Refused
from messaging import lettering, mailing, shortening
from messaging.models import Letter, LetterTemplate

if TYPE_CHECKING:
    from clinic.models import User


class Shown(NamedTuple):
    """A letter as it would be sent; ``why`` speaks against it, and ``of`` says whose facts are in it."""

    subject: str
    text: str
    page: str
    why: str
    of: str


class Line(NamedTuple):
    """One line of a comparison: ``is_there`` in the earlier text, in the later one, or in both."""

    words: str
    is_earlier: bool
    is_later: bool


REAL = "With the facts of the last such letter that was sent."
INVENTED = "With invented facts: no such letter was sent yet, or its links open an account."


def show(row: LetterTemplate, text: lettering.Text, *, by: User) -> Shown:
    """How a letter that says ``text`` would read; what speaks against the text is told, not raised."""
    why = ""
    try:
        lettering.check(row.template, text)
    except Refused as no:
        why = str(no)
    letter = _last(row, by=by)
    if letter is None:
        subject, body = lettering.example(row.template, text)
        return Shown(subject, body, _page(subject, body), why, INVENTED)
    if letter.is_text:
        body = shortening.render(letter, text)
        return Shown("", body, "", why, REAL)
    mail = mailing.render(letter, text)
    return Shown(str(mail.subject), str(mail.body), str(mail.alternatives[0][0]), why, REAL)


def _last(row: LetterTemplate, *, by: User) -> Letter | None:
    sent = Letter.objects.visible_to(by).filter(template=row.template, is_confidential=False)
    return sent.filter(status=Letter.Status.SENT).select_related("recipient").order_by("-created_at").first()


def _page(subject: str, body: str) -> str:
    base = settings.BASE_URL.rstrip("/")
    told = {"subject": subject, "text": body, "practice": "The practice", "base_url": base}
    return render_to_string("messaging/mail/plain.html", told)


def send(row: LetterTemplate, *, by: User) -> Letter:
    """Owe ``by`` a letter with what is written now and invented facts.

    :raises CannotBeWritten: it could not be sent
    """
    text = lettering.draft(row)
    lettering.check(row.template, text)
    subject, body = lettering.example(row.template, text)
    told = {"subject": subject or str(row), "text": body}
    return mailing.queue("messaging/mail/trial", recipient=by, to=by.email, context=told, by=by)


def compare(earlier: lettering.Text, later: lettering.Text) -> list[Line]:
    """Both texts as one list of lines, subject first."""
    before, after = ([text.subject, "", *text.body.splitlines()] for text in (earlier, later))
    told = [line for line in difflib.ndiff(before, after) if not line.startswith("? ")]
    return [Line(line[2:], line[0] != "+", line[0] != "-") for line in told]
