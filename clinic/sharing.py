"""Who outside Australia gets personal information: what the product itself uses, in words."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone

from clinic.models import Recipient
from clinic.models.practice import Practice

PAYMENTS = {
    "key": "stripe",
    "name": "Stripe",
    "country": "United States, Ireland",
    "purpose": "Taking and giving back payments",
    "information": "Name, e-mail address, card, and the amount. Nothing about health.",
    "safeguards": "A contract; card details go to Stripe alone and are not kept here (PCI DSS).",
}
MAIL = {
    "key": "mail",
    "name": "The provider of our e-mail",
    "country": "To be filled in by the practice",
    "purpose": "Sending letters",
    "information": "Name, e-mail address, and that there is a visit or a message. Nothing about health.",
    "safeguards": "Encryption on the way; letters only say that something can be read here.",
}
TEXTS = {
    "key": "sms",
    "name": "Twilio",
    "country": "United States",
    "purpose": "Sending SMS to those who turned them on",
    "information": "Mobile number, and that there is a visit or a message. Nothing about health.",
    "safeguards": "A contract; an SMS says nothing about health and has no link.",
}


def used() -> list[dict[str, Any]]:
    """Those that the settings name."""
    found = [PAYMENTS]
    if "anymail" in settings.EMAIL_BACKEND:
        found.append({**MAIL, "name": _provider()})
    if settings.SMS_PROVIDER == "twilio":
        found.append(TEXTS)
    return found


def _provider() -> str:
    return settings.EMAIL_BACKEND.split(".")[-2].replace("_", " ").title()


def ship(**kwargs: Any) -> None:
    """Have on the list whom the product uses. Managers keep the list from then on: nothing is overwritten."""
    known = set(Recipient.objects.exclude(key="").values_list("key", flat=True))
    today = timezone.localdate()
    for one in used():
        if one["key"] not in known:
            Recipient.objects.add(by=None, why="Used by the product.", since_on=today, **one)


def current() -> Any:
    """The recipients of today, as patients read them."""
    return Recipient.objects.current(Practice.objects.current().today())
