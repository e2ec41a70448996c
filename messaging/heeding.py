"""Words that may tell of self-harm: seen when they are written, and answered for by a person.

Nothing answers by itself (AUSTRALIA.md 4.3: "record only, no automation of care"): staff are told at once, on
their open pages, by letter and on the dashboards, and one of them writes down what they did.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from config.base import Refused
from config.sets import add_all
from messaging import mailing, streaming
from messaging.models import Concern, Letter, Message, Phrase

if TYPE_CHECKING:
    from clinic.models import User

WATCHERS: list[Callable[[], Iterable[User]]] = []
"""Who is told besides the staff in the room. The apps above fill it: they know the roles."""
WORDS = [
    "better off dead",
    "better off without me",
    "can't go on",
    "cut myself",
    "do not want to be here anymore",
    "do not want to live",
    "do not want to wake up",
    "don't want to be alive",
    "don't want to be here anymore",
    "don't want to live",
    "don't want to wake up",
    "end it all",
    "end my life",
    "end things",
    "harm myself",
    "hang myself",
    "hurt myself",
    "kill myself",
    "killing myself",
    "no point in living",
    "no reason to live",
    "overdose",
    "self harm",
    "self-harm",
    "selfharm",
    "suicidal",
    "suicide",
    "take my life",
    "take my own life",
    "want to die",
    "wanna die",
    "wish i was dead",
    "wish i were dead",
]
"""As they come with the product. Managers keep the list from then on."""


class NothingDone(Refused):
    def __init__(self) -> None:
        super().__init__("Write what you did: whom you rang, and how they are.")


def ship(**kwargs: Any) -> None:
    """Write the words after ``migrate`` where there are none yet; what managers keep stays as it is."""
    if not Phrase.objects.exists():
        add_all([Phrase(words=words) for words in WORDS], by=None, why="Came with the product.")


def found_in(text: str) -> list[str]:
    """The words of the list that are in ``text``, whatever their case, punctuation and apostrophes."""
    said = f" {_plain(text)} "
    return [words for words in Phrase.objects.used().values_list("words", flat=True) if _said(words, said)]


def _said(words: str, said: str) -> bool:
    return f" {_plain(words)} " in said


def _plain(text: str) -> str:
    """Letters and single blanks: ``Don’t want to LIVE!`` becomes ``dont want to live``."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.sub(r"[^\w\s]|_", " ", re.sub("['’`´]", "", folded)).split())


@transaction.atomic
def heed(message: Message) -> Concern | None:
    """Look at what a patient wrote; tell staff at once when it may call for help.

    Called with the message, in its transaction: what is stored is looked at.
    """
    words = found_in(message.text)
    if not words:
        return None
    concern = Concern.objects.add(
        by=None, why="Words were found.", message=message, words=", ".join(words)[:300]
    )
    people = _told(message)
    mailing.queue_all(
        [
            Letter(
                template="messaging/mail/concern_raised",
                recipient=person,
                to=person.email,
                context={"path": f"/admin/messaging/concern/{concern.pk}/change/"},
                next_attempt_at=timezone.now(),
            )
            for person in people
        ]
    )
    streaming.push(people, "concern", {"concern": concern.pk})
    return concern


def _told(message: Message) -> list[User]:
    inside = [member.user for member in message.room.members.present().select_related("user")]
    watching = [person for people in WATCHERS for person in people()]
    return list({person.pk: person for person in [*inside, *watching] if person.is_staff}.values())


@transaction.atomic
def see_to(concern: Concern, *, by: User, done: str) -> None:
    """Note that ``by`` saw to it, and what they did.

    :raises NothingDone: ``done`` is empty
    :raises IllegalMove: somebody saw to it before
    """
    done = done.strip()
    if not done:
        raise NothingDone
    concern.move_to(
        Concern.Status.SEEN_TO, by=by, why="Seen to.", seen_at=timezone.now(), seen_by=by, done=done
    )
    streaming.push(_told(concern.message), "concern", {"concern": concern.pk})
