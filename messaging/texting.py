"""The one door to a provider of SMS, chosen by settings: nobody, a folder of files, or Twilio.

Twilio's interface knows no idempotency key for messages, so an SMS whose answer is lost is not sent again:
at most once. See docs/decisions/0020-an-sms-at-most-once.md.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.urls import reverse

from config.base import forbid_transaction

OFF, FILES, TWILIO = "", "file", "twilio"
PATIENCE = 20
"""Seconds to wait for the provider."""
MOST = 65536
"""Bytes of an answer that are read."""
# Before these answers nothing was taken: too many requests, our own account, or nobody there just now.
NOT_TAKEN = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
}


class NotTaken(Exception):
    """The provider has not taken the SMS, for sure. Trying again later is safe."""


class GivenUp(Exception):
    """It is not tried again by itself: the provider will not have it, or may have it already."""


def is_on() -> bool:
    """Whether this practice sends SMS at all."""
    return settings.SMS_PROVIDER != OFF


def send(number: str, text: str, *, key: str) -> str:
    """Send ``text`` to ``number``, and tell what the provider calls it. ``key`` is our own name for it.

    :raises NotTaken: it was not taken, and may be tried again
    :raises GivenUp: it is refused, or nobody knows whether it was taken
    """
    forbid_transaction()
    if settings.SMS_PROVIDER == FILES:
        return _into_folder(number, text, key=key)
    if settings.SMS_PROVIDER == TWILIO:
        return _by_twilio(number, text)
    raise NotTaken("No provider of SMS is set.")


def reports_url() -> str:
    """Where the provider reports deliveries and replies; its signature is over this address."""
    return settings.BASE_URL.rstrip("/") + reverse("text-reports")


def is_from_provider(signature: str, said: Iterable[tuple[str, str]]) -> bool:
    """Whether Twilio signed what was ``said`` to us: the address, then each name and value, in order."""
    text = reports_url() + "".join(name + value for name, value in sorted(said))
    digest = hmac.new(settings.SMS_SECRET.encode(), text.encode(), hashlib.sha1).digest()
    return hmac.compare_digest(base64.b64encode(digest), signature.encode())


def _into_folder(number: str, text: str, *, key: str) -> str:
    folder = Path(settings.SMS_FOLDER)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / f"{key}.txt").write_text(f"To: {number}\n\n{text}\n")
    except OSError as problem:
        raise NotTaken(f"The folder of SMS: {problem.strerror}.") from problem
    return f"file-{key}"


def _by_twilio(number: str, text: str) -> str:
    sender = "MessagingServiceSid" if settings.SMS_FROM.startswith("MG") else "From"
    form = {"To": number, sender: settings.SMS_FROM, "Body": text, "StatusCallback": reports_url()}
    token = base64.b64encode(f"{settings.SMS_ACCOUNT}:{settings.SMS_SECRET}".encode()).decode()
    status, answer = _post(
        f"/2010-04-01/Accounts/{quote(settings.SMS_ACCOUNT, safe='')}/Messages.json",
        urlencode(form),
        {"Authorization": f"Basic {token}", "Content-Type": "application/x-www-form-urlencoded"},
    )
    if status in NOT_TAKEN:
        raise NotTaken(f"The provider took nothing: answer {status}.")
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        # Its words would repeat the number; its codes stand in its manual.
        raise GivenUp(f"The provider refused it: answer {status}, code {_read(answer, 'code') or 'none'}.")
    name = _read(answer, "sid")
    if status != HTTPStatus.CREATED or not name:
        raise GivenUp(f"The provider answered {status}: it may have been sent. Ask before you send it again.")
    return name[:200]


def _post(path: str, body: str, headers: dict[str, str]) -> tuple[int, bytes]:
    """Ask the provider once. Only what fails before the first byte has left is surely not taken."""
    parts = urlsplit(settings.SMS_API_BASE)
    kind = http.client.HTTPConnection if parts.scheme == "http" else http.client.HTTPSConnection
    line = kind(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        try:
            line.connect()
        except OSError as problem:
            raise NotTaken(f"The provider cannot be reached: {type(problem).__name__}.") from problem
        try:
            line.request("POST", path, body, headers)
            answer = line.getresponse()
            return answer.status, answer.read(MOST)
        except (OSError, http.client.HTTPException) as problem:
            told = f"The answer was lost ({type(problem).__name__}): it may have been sent."
            raise GivenUp(f"{told} Ask before you send it again.") from problem
    finally:
        line.close()


def _read(answer: bytes, name: str) -> str:
    try:
        return str(json.loads(answer)[name])
    except (ValueError, LookupError, TypeError):
        return ""
