"""System checks that stop a badly configured deployment."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def production_is_not_a_demo(**kwargs: Any) -> list[CheckMessage]:
    """Refuse to serve patients with the keys that every reader of this code knows."""
    if settings.DEMO:
        return []
    wrong = {
        "config.E001": ("DEBUG is on", settings.DEBUG),
        "config.E002": (
            "SECRET_KEY is missing or the demo's",
            settings.SECRET_KEY in {"", settings.DEMO_SECRET} or len(settings.SECRET_KEY) < 50,
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
    }
    return [
        Error(f"{what}: set it in the environment before you start in production.", id=code)
        for code, (what, is_wrong) in wrong.items()
        if is_wrong
    ]
