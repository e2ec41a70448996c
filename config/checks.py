"""System checks that stop a badly configured deployment."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, messages, register
from django.utils import timezone

from config import sealing

RENEW_BEFORE = timedelta(days=30)
SECRET_LENGTH, KEY_LENGTH = 20, 50


@register(Tags.security)
def production_is_not_a_demo(**kwargs: Any) -> list[CheckMessage]:
    """Refuse to serve patients with the keys that every reader of this code knows."""
    if settings.DEMO:
        return []
    wrong = {
        "config.E001": ("DEBUG is on", settings.DEBUG),
        "config.E002": (
            "SECRET_KEY is missing or the demo's",
            settings.SECRET_KEY in {"", settings.DEMO_SECRET} or len(settings.SECRET_KEY) < KEY_LENGTH,
        ),
        "config.E003": ("ALLOWED_HOSTS is empty", not settings.ALLOWED_HOSTS),
        "config.E004": (
            "STRIPE_SECRET_KEY is missing or a test key",
            not settings.STRIPE_SECRET_KEY or "_test_" in settings.STRIPE_SECRET_KEY,
        ),
        "config.E005": (
            "STRIPE_WEBHOOK_SECRET is missing or the demo's",
            settings.STRIPE_WEBHOOK_SECRET in {"", "whsec_demo"},
        ),
        "config.E006": ("STRIPE_API_BASE points to a simulator", bool(settings.STRIPE_API_BASE)),
        "config.E007": ("EMAIL_URL is missing", settings.EMAIL_BACKEND.endswith("filebased.EmailBackend")),
        "config.E008": (
            "BASE_URL is no https address that others can reach",
            not _is_public(settings.BASE_URL),
        ),
        "config.E009": (
            "FROM_EMAIL is missing or the demo's",
            not settings.DEFAULT_FROM_EMAIL or "promedicine.example" in settings.DEFAULT_FROM_EMAIL,
        ),
    }
    return [
        Error(f"{what}: set it in the environment before you start in production.", id=code)
        for code, (what, is_wrong) in (wrong | _wrong_keys()).items()
        if is_wrong
    ]


def _wrong_keys() -> dict[str, tuple[str, bool]]:
    """What is wrong with keys beside the one of the site, each by the name of its check."""
    return {
        "config.E015": (
            "SECRET_KEY_FALLBACKS has the demo's key or a short one",
            any(
                key == settings.DEMO_SECRET or len(key) < KEY_LENGTH for key in settings.SECRET_KEY_FALLBACKS
            ),
        ),
        "config.E016": (
            "S3_BUCKET without S3_SECRET_KEY of its S3_ACCESS_KEY",
            _lacks_the_key_of_its_bucket(),
        ),
        "config.E010": (
            "SEAL_CERTIFICATE names a file that is not there",
            bool(settings.SEAL_CERTIFICATE) and not Path(settings.SEAL_CERTIFICATE).is_file(),
        ),
        "config.E011": (
            "MAIL_WEBHOOK_SECRET is missing, short, or not of the form user:password",
            bool(settings.MAIL_PROVIDER) and not _is_secret(settings.MAIL_WEBHOOK_SECRET),
        ),
        "config.E031": (
            "AUDIT_KEY is missing, the demo's, or not 64 hexadecimal digits",
            settings.AUDIT_KEY == settings.DEMO_AUDIT_KEY or not _is_key(settings.AUDIT_KEY),
        ),
    }


@register(Tags.security)
def seal_holds(**kwargs: Any) -> list[CheckMessage]:
    """Warn while there is time to renew the certificate of the seal: without it no paper is made."""
    try:
        ends = sealing.ends_at()
    except sealing.Unsealable as no:
        return [messages.Warning(f"{no} No paper is made until it can be read.", id="config.W001")]
    if ends and ends <= timezone.now() + RENEW_BEFORE:
        told = f"The certificate of SEAL_CERTIFICATE ends on {timezone.localtime(ends):%d/%m/%Y}; after that"
        return [messages.Warning(f"{told} no paper is made. Please renew it.", id="config.W002")]
    return []


@register(Tags.security)
def calls_reach_people(**kwargs: Any) -> list[CheckMessage]:
    """Stop a TURN server that nobody gets into; say where calls reach only who has an open network."""
    if settings.TURN_URLS and len(settings.TURN_SECRET) < 20:
        told = "TURN_URLS needs a TURN_SECRET of at least 20 characters: the static-auth-secret of coturn."
        return [Error(told, id="config.E011")]
    if settings.CALLS_RELAYED and not settings.TURN_URLS:
        return [
            Error("CALLS_RELAYED is on without TURN_URLS: set them, or no call connects.", id="config.E012")
        ]
    if not settings.DEMO and not settings.TURN_URLS:
        told = "TURN_URLS is missing: in many networks the call in the room will not connect."
        return [messages.Info(f"{told} See docs/operations.md.", id="config.I001")]
    return []


@register(Tags.security)
def texts_reach_people(**kwargs: Any) -> list[CheckMessage]:
    """Stop a provider of SMS that is unknown, half set up, or would keep the texts of patients as files."""
    known = {"", "twilio", "file"} if settings.DEMO else {"", "twilio"}
    if settings.SMS_PROVIDER not in known:
        return [Error("SMS_PROVIDER is twilio, or empty for no SMS. Please change it.", id="config.E013")]
    if settings.SMS_PROVIDER != "twilio":
        return []
    whole = settings.SMS_ACCOUNT and settings.SMS_FROM and len(settings.SMS_SECRET) >= SECRET_LENGTH
    if not whole or not (settings.DEMO or settings.SMS_API_BASE.startswith("https://")):
        told = "SMS_PROVIDER needs SMS_ACCOUNT, SMS_SECRET and SMS_FROM, and an SMS_API_BASE by https."
        return [Error(told, id="config.E014")]
    return []


def _lacks_the_key_of_its_bucket() -> bool:
    """Whether a bucket is named with half a key; with none at all the machine itself may be let in."""
    storage: Any = settings.STORAGES["default"]
    options = storage.get("OPTIONS", {})
    return bool(options.get("access_key")) != bool(options.get("secret_key"))


def _is_key(text: str) -> bool:
    return len(text) == 64 and not set(text.lower()) - set("0123456789abcdef")


def _is_secret(text: str) -> bool:
    """Whether a provider can show it as HTTP's user and password, and nobody guesses it."""
    user, _, password = text.partition(":")
    return bool(user) and len(password) >= SECRET_LENGTH


def _is_public(address: str) -> bool:
    """Whether the links in our letters, which begin with ``address``, lead anywhere, and safely."""
    parts = urlsplit(address)
    return parts.scheme == "https" and parts.hostname not in {None, "127.0.0.1", "::1", "localhost"}
