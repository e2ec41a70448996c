"""SMS beside letters: to whom one is owed, what it says, and when it may ring.

An SMS says that something waits, never what; it has no link, so that nobody learns to trust links in SMS.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import parseaddr
from typing import Any, cast

from django.conf import settings

from messaging import choosing, kinds, lettering, quieting, texting
from messaging.models import Letter, Mobile

NIGHT = quieting.Hours(21, 8)
"""Whatever hours the practice sets, an SMS that can wait never rings in these, by the reader's clock."""
# Outside the 7-bit alphabet of SMS, and one of them makes every text cost double.
PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\xa0": " ", "\u202f": " "}
)


def beside(letters: Sequence[Letter]) -> list[Letter]:
    """The SMS that go beside ``letters``, not yet saved: to those who chose that, never beside a copy."""
    if not texting.is_on():
        return []
    asked = [
        one for one in letters if one.recipient_id and not one.copy_of_id and kinds.text_beside(one.template)
    ]
    if not asked:
        return []
    mobiles = Mobile.objects.filter(is_on=True, person__in={one.recipient_id for one in asked})
    numbers = dict(mobiles.values_list("person", "number"))
    return [_text(one, numbers[one.recipient_id]) for one in asked if one.recipient_id in numbers]


def _text(letter: Letter, number: str) -> Letter:
    return Letter(
        channel=Letter.Channel.SMS,
        template=kinds.text_beside(letter.template),
        recipient=letter.recipient,
        number=number,
        context=letter.context,
        beside=letter,
        next_attempt_at=letter.next_attempt_at,
    )


def is_chosen(letter: Letter) -> bool:
    """Whether its reader still wants SMS, at this number, and of this group."""
    on = Mobile.objects.filter(person=letter.recipient, number=letter.number, is_on=True)
    group: Any = kinds.optional_group(letter.template)
    return on.exists() and (group is None or choosing.wants(cast(Any, letter.recipient), group))


def render(letter: Letter, text: lettering.Text | None = None) -> str:
    """Write the SMS: one line, in the alphabet of SMS wherever the practice's name allows."""
    practice, _ = parseaddr(settings.DEFAULT_FROM_EMAIL)
    text = text or lettering.live(letter.template)
    _, written = lettering.write(letter.template, text, {"practice": practice, **letter.context})
    return " ".join(written.translate(PLAIN).split())


def deliver(letter: Letter) -> dict[str, Any]:
    """Send the SMS, and tell what the outbox keeps of that.

    :raises texting.NotTaken: it was not taken, and may be tried again
    :raises texting.GivenUp: it is refused, or nobody knows whether it was taken
    """
    text = lettering.live(letter.template)
    written = render(letter, text)
    name = texting.send(letter.number, written, key=str(letter.pk))
    return {
        "subject": letter.kind,
        "body": written,
        "message_id": name,
        "given_at": None,
        "text_version": text.version,
    }


def not_before(letter: Letter, *, now: datetime) -> datetime | None:
    """When an SMS that can wait may ring; None when that is now."""
    if letter.recipient is None or not kinds.may_wait(letter.template):
        return None
    zone = letter.recipient.time_zone
    ends = [quieting.over_at(hours, now=now, zone=zone) for hours in (NIGHT, quieting.current())]
    return max((end for end in ends if end), default=None)
