"""Letters we owe people: owing one, sending it, trying again."""

from __future__ import annotations

import logging
import smtplib
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.mime.text import MIMEText
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any, NamedTuple

from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import select_template
from django.urls import reverse
from django.utils import timezone

from config.base import Refused, enqueue, forbid_transaction
from config.sets import add_all
from messaging import choosing, delivering, kinds, lettering, quieting, shortening, texting
from messaging.models import Letter

if TYPE_CHECKING:
    from clinic.models import User

logger = logging.getLogger(__name__)

PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120)]
"""Between two attempts; after the last attempt the letter has failed."""
# Longer than any attempt takes, so that a second worker comes only when the first one died at it.
CLAIM = timedelta(minutes=10)
SWEEP = 60
"""Seconds that one sweep takes at most: the worker has other things to do."""
CUT_OFF = "The attempt was cut off: it may have been sent. Ask before you send it again."
FOOT = "\nYou can choose which of these letters you get: {}\n"
"""Below what can be turned off."""
SECRETS: dict[str, Callable[[Letter], dict[str, str]]] = {}
"""By template: what makes, at sending, the words that no row may hold. The apps above fill it."""
STILL_WANTED: dict[str, Callable[[Letter], bool]] = {}
"""By template: whether a letter still makes sense, asked before it is sent. The apps above fill it."""
HEADERS: dict[str, Callable[[Letter], dict[str, str]]] = {}
"""By template: lines for the head of the mail. The apps above fill it."""
PROBLEMS = (
    smtplib.SMTPException,
    OSError,
    AnymailError,
    ImproperlyConfigured,
    TemplateDoesNotExist,
    TemplateSyntaxError,
    texting.NotTaken,
)


class Enclosure(NamedTuple):
    """A small file of text that goes along with a letter, and is kept with it."""

    name: str
    text: str
    subtype: str = "plain"
    parameters: dict[str, str] = {}

    def part(self) -> MIMEText:
        part = MIMEText(self.text, self.subtype, "utf-8")
        for name, value in self.parameters.items():
            part.set_param(name, value)
        part.add_header("Content-Disposition", "attachment", filename=self.name)
        return part


class NotYetSent(Refused):
    def __init__(self) -> None:
        super().__init__("This letter is still waiting to be sent. Look again in a minute.")


class Outdated(Refused):
    def __init__(self) -> None:
        super().__init__("The account or its address has changed since, so this letter is not sent.")


class NotNeeded(Refused):
    def __init__(self) -> None:
        super().__init__("What this letter was about is over or has changed, so it is not sent.")


class NotWanted(Refused):
    def __init__(self, why: Letter.Dropped) -> None:
        super().__init__(
            f"{why.label}, so it is not sent. Ask the reader; what they want is on their own page."
        )


class SentOnce(Refused):
    def __init__(self) -> None:
        super().__init__("An SMS is sent once. Send the letter beside it again, or ring the reader.")


class AlreadyBeingSent(Refused):
    def __init__(self) -> None:
        super().__init__("This letter is already being sent again. Look for its copy in the list.")


@transaction.atomic
def queue(
    template: str,
    *,
    recipient: User | None,
    to: str,
    context: dict[str, Any],
    enclosures: Sequence[Enclosure] = (),
    is_confidential: bool = False,
    copy_of: Letter | None = None,
    by: User | None = None,
) -> Letter:
    """Owe ``to`` the letter ``template``; a worker sends it when our transaction has committed.

    ``context`` holds what JSON can: names, times, addresses of our pages; nothing clinical or secret.
    ``is_confidential`` is for letters whose links open an account: ``SECRETS`` makes them at sending, and
    the text is never kept.

    :raises kinds.NoSuchKind: nobody registered such letters
    """
    kinds.of(template)
    letter = Letter.objects.add(
        by=by,
        template=template,
        recipient=recipient,
        to=to,
        context=context,
        enclosures=[enclosure._asdict() for enclosure in enclosures],
        is_confidential=is_confidential,
        copy_of=copy_of,
        next_attempt_at=timezone.now(),
    )
    enqueue("messaging.tasks.send_letter", letter.pk)
    if texts := shortening.beside([letter]):
        queue_all(texts)
    return letter


@transaction.atomic
def queue_all(letters: Sequence[Letter]) -> None:
    """Owe many new letters at once, in as many statements as one; a sweep sends them.

    :raises kinds.NoSuchKind: nobody registered such letters
    """
    for template in {letter.template for letter in letters}:
        kinds.of(template)
    if letters:
        add_all(letters, by=None)
        add_all(shortening.beside(letters), by=None)
        enqueue("messaging.tasks.send_due_letters")


def send(letter: Letter) -> None:
    """Send ``letter`` if it is due and nobody else is at it; on failure plan the next attempt."""
    forbid_transaction()
    if not _claim(letter, now=timezone.now()):
        return
    attempt = letter.attempts
    if why := why_not(letter):
        _end(letter, Letter.Status.DROPPED, attempt=attempt, why=f"{why.label}.", dropped_for=why)
        return
    try:
        sent = shortening.deliver(letter) if letter.is_text else _deliver(letter)
    except (Outdated, texting.GivenUp) as no:
        _end(letter, Letter.Status.FAILED, attempt=attempt, last_error=str(no))
    except PROBLEMS as problem:
        told = f"{type(problem).__name__}: {problem}"[:300]
        _postpone(letter, attempt=attempt, problem=told, now=timezone.now())
    else:
        _end(letter, Letter.Status.SENT, attempt=attempt, sent_at=timezone.now(), last_error="", **sent)


def _deliver(letter: Letter) -> dict[str, Any]:
    """Send the mail, and tell what the outbox keeps of that."""
    text = lettering.live(letter.template)
    mail = render(letter, text)
    mail.send()
    body = "" if letter.is_confidential else mail.body
    return {
        "subject": mail.subject,
        "body": body,
        "message_id": _message_id(mail),
        "text_version": text.version,
    }


def why_not(letter: Letter) -> Letter.Dropped | None:
    """What speaks against sending ``letter`` at all; essential ones go whatever their reader chose."""
    if not is_wanted(letter):
        return Letter.Dropped.OVER
    if letter.is_text:
        return None if shortening.is_chosen(letter) else Letter.Dropped.UNWANTED
    group = kinds.optional_group(letter.template)
    if group and letter.recipient:
        if not choosing.wants(letter.recipient, group):
            return Letter.Dropped.UNWANTED
        if delivering.against(letter.to):
            return Letter.Dropped.UNREACHABLE
    return None


def _message_id(mail: EmailMultiAlternatives) -> str:
    """What reports about ``mail`` will call it: the provider's own name for it, or that in its head."""
    name = getattr(getattr(mail, "anymail_status", None), "message_id", None)
    return str(mail.extra_headers["Message-ID"] if name is None else name)[:200]


def is_wanted(letter: Letter) -> bool:
    """Whether ``letter`` still makes sense: what it is about may have changed while it waited."""
    about = letter.beside or letter
    check = STILL_WANTED.get(about.template)
    return check is None or check(about)


def send_due() -> int:
    """Send the letters whose time has come, for a minute at most; the next sweep goes on."""
    ends, sent = time.monotonic() + SWEEP, 0
    for letter in Letter.objects.due(timezone.now()).order_by("next_attempt_at", "pk")[:500]:
        if time.monotonic() > ends:
            break
        send(letter)
        sent += letter.status == Letter.Status.SENT
    return sent


@transaction.atomic
def send_again(letter: Letter, *, by: User) -> Letter:
    """Try a failed letter anew, or send a copy of one that was sent. Returns what is being sent.

    :raises NotYetSent: the letter has not left for the first time
    :raises NotNeeded: what it is about has changed since
    :raises NotWanted: its reader does not want such letters, or they come back
    :raises SentOnce: it is an SMS that was sent
    :raises AlreadyBeingSent: a copy of it is on its way
    """
    if letter.lock().status == Letter.Status.OWED:
        raise NotYetSent
    if letter.dropped_for == Letter.Dropped.OVER or not is_wanted(letter):
        raise NotNeeded
    if why := why_not(letter) or letter.dropped_for:
        raise NotWanted(Letter.Dropped(why))
    if letter.status == Letter.Status.FAILED:
        letter.move_to(
            Letter.Status.OWED,
            by=by,
            why="Sent again.",
            attempts=0,
            next_attempt_at=timezone.now(),
            given_at=None,
        )
        enqueue("messaging.tasks.send_letter", letter.pk)
        return letter
    if letter.is_text:
        raise SentOnce
    first = letter.copy_of or letter  # a copy of a copy is a copy of the letter, and one goes at a time
    if first.lock().copies.filter(status=Letter.Status.OWED).exists():
        raise AlreadyBeingSent
    return queue(
        letter.template,
        recipient=letter.recipient,
        to=letter.to,
        context=letter.context,
        enclosures=[Enclosure(**enclosure) for enclosure in letter.enclosures],
        is_confidential=letter.is_confidential,
        copy_of=first,
        by=by,
    )


def render(letter: Letter, text: lettering.Text | None = None) -> EmailMultiAlternatives:
    """Write the mail: plain text, and the same as HTML; ``text`` is what its kind says, or is on trial.

    A template ``<name>.html`` beside the ``<name>.txt`` is used where there is one.

    :raises Outdated: its link would open an account that is closed or has another address now
    """
    secrets = SECRETS[letter.template](letter) if letter.template in SECRETS else {}
    sender, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    context = {
        "practice": sender,
        **letter.context,
        **secrets,
        "recipient": letter.recipient,
        "zone": letter.recipient.time_zone if letter.recipient else settings.TIME_ZONE,
        "base_url": settings.BASE_URL.rstrip("/"),
    }
    if letter.recipient and kinds.optional_group(letter.template):
        context["choices_url"] = context["base_url"] + reverse("letter-choices")
    subject, body = lettering.write(letter.template, text or lettering.live(letter.template), context)
    foot = FOOT.format(context["choices_url"]) if "choices_url" in context else ""
    mail = EmailMultiAlternatives(subject, body + foot, settings.DEFAULT_FROM_EMAIL, [letter.to])
    # Always the same, so that a mailbox which got it from a worker that then died shows it once.
    mail.extra_headers["Message-ID"] = f"<{letter.pk}@{address.rpartition('@')[2]}>"
    if letter.template in HEADERS:
        mail.extra_headers |= HEADERS[letter.template](letter)
    page = select_template([f"{letter.template}.html", "messaging/mail/plain.html"])
    mail.attach_alternative(page.render({**context, "subject": subject, "text": body}), "text/html")
    for enclosure in letter.enclosures:
        mail.attach(Enclosure(**enclosure).part())
    return mail


@transaction.atomic
def _claim(letter: Letter, *, now: datetime) -> bool:
    # The attempt counts before the work: a letter that kills its worker is not tried for ever.
    mine = Letter.objects.due(now).select_for_update(skip_locked=True).filter(pk=letter.pk)
    if not mine.exists():
        return False
    letter.refresh_from_db()
    if later := _not_before(letter, now=now):
        letter.change(by=None, why="It waits for the end of the quiet hours.", next_attempt_at=later)
        return False
    if letter.attempts > len(PAUSES):
        letter.move_to(Letter.Status.FAILED, by=None, why="Every attempt was cut off.")
        return False
    if letter.given_at:
        # The worker died at it: the provider may have it, and would send it twice.
        letter.move_to(Letter.Status.FAILED, by=None, last_error=CUT_OFF)
        return False
    given = now if letter.is_text else None
    letter.change(by=None, attempts=letter.attempts + 1, next_attempt_at=now + CLAIM, given_at=given)
    return True


def _not_before(letter: Letter, *, now: datetime) -> datetime | None:
    """When a letter that may wait can come without waking anybody; None when that is now."""
    if letter.is_text:
        return shortening.not_before(letter, now=now)
    if letter.recipient is None or not kinds.may_wait(letter.template):
        return None
    return quieting.over_at(quieting.current(), now=now, zone=letter.recipient.time_zone)


@transaction.atomic
def _end(letter: Letter, status: Letter.Status, *, attempt: int, **changes: Any) -> None:
    """Keep what came of our ``attempt``, unless another worker has gone on with ``letter`` meanwhile."""
    if _is_ours(letter, attempt, was_sent=status == Letter.Status.SENT):
        letter.move_to(status, by=None, **changes)


@transaction.atomic
def _postpone(letter: Letter, *, attempt: int, problem: str, now: datetime) -> None:
    logger.warning("Letter %s was not sent: attempt %d.", letter.pk, attempt)
    if not _is_ours(letter, attempt):
        return
    if attempt > len(PAUSES):
        letter.move_to(Letter.Status.FAILED, by=None, last_error=problem)
    else:
        letter.change(
            by=None,
            last_error=problem,
            next_attempt_at=now + PAUSES[attempt - 1],
            given_at=None,
        )


def _is_ours(letter: Letter, attempt: int, *, was_sent: bool = False) -> bool:
    """Hold ``letter``, and tell whether our attempt is still the one that counts.

    A machine that stood still for longer than ``CLAIM`` lets a second worker begin while the first is at it.
    What was sent then is sent, whoever else still tries; the rest is for who came last to tell.
    """
    letter.lock()
    if letter.status == Letter.Status.OWED and (was_sent or letter.attempts == attempt):
        return True
    logger.warning("Letter %s: attempt %d took so long that another worker went on.", letter.pk, attempt)
    return False
