"""A production start with the demo's keys is refused."""

import pytest

from config import checks

PRODUCTION = {
    "DEMO": False,
    "DEBUG": False,
    "SECRET_KEY": "k" * 60,
    "ALLOWED_HOSTS": ["clinic.example"],
    "BASE_URL": "https://clinic.example",
    "STRIPE_SECRET_KEY": "sk_live_x",
    "STRIPE_WEBHOOK_SECRET": "whsec_real",
    "STRIPE_API_BASE": "",
    "AUDIT_KEY": "0123456789abcdef" * 4,
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "DEFAULT_FROM_EMAIL": "The Clinic <hello@clinic.example>",
}


@pytest.fixture
def production(settings):
    for name, value in PRODUCTION.items():
        setattr(settings, name, value)
    return settings


def found() -> list[str]:
    return [error.id for error in checks.production_is_not_a_demo()]


def test_a_whole_configuration_passes(production):
    assert found() == []


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("DEBUG", True, "config.E001"),
        ("SEAL_CERTIFICATE", "/nowhere/practice.p12", "config.E010"),
        ("SECRET_KEY", "short", "config.E002"),
        ("SECRET_KEY_FALLBACKS", ["demo-only-" + "0" * 54], "config.E015"),
        ("SECRET_KEY_FALLBACKS", ["k" * 60, "short"], "config.E015"),
        ("STORAGES", {"default": {"BACKEND": "x", "OPTIONS": {"access_key": "half"}}}, "config.E016"),
        ("ALLOWED_HOSTS", [], "config.E003"),
        ("STRIPE_SECRET_KEY", "sk_test_demo", "config.E004"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_demo", "config.E005"),
        ("STRIPE_API_BASE", "http://127.0.0.1:8001", "config.E006"),
        ("EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend", "config.E007"),
        ("BASE_URL", "http://clinic.example", "config.E008"),
        ("BASE_URL", "https://127.0.0.1:8000", "config.E008"),
        ("BASE_URL", "https://localhost", "config.E008"),
        ("BASE_URL", "", "config.E008"),
        ("DEFAULT_FROM_EMAIL", "ProMedicine <hello@promedicine.example>", "config.E009"),
        ("DEFAULT_FROM_EMAIL", "", "config.E009"),
        ("AUDIT_KEY", "", "config.E031"),
        ("AUDIT_KEY", "de" * 32, "config.E031"),
        ("AUDIT_KEY", "x" * 64, "config.E031"),
    ],
)
def test_each_demo_value_is_named(production, name, value, code):
    setattr(production, name, value)

    assert found() == [code]


@pytest.mark.parametrize(
    ("secret", "codes"),
    [
        ("", ["config.E011"]),
        ("a-password-without-its-user", ["config.E011"]),
        ("reports:short", ["config.E011"]),
        ("reports:" + "k" * 20, []),
    ],
)
def test_a_provider_of_letters_needs_a_secret_to_report_with(production, secret, codes):
    production.MAIL_PROVIDER, production.MAIL_WEBHOOK_SECRET = "postmark", secret

    assert found() == codes


def test_the_demos_own_key_is_refused(production, settings):
    production.SECRET_KEY = settings.DEMO_SECRET

    assert found() == ["config.E002"]


def test_the_demo_may_be_a_demo(settings):
    assert settings.DEMO
    assert found() == []


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({}, ["config.I001"]),
        ({"TURN_URLS": ["turn:t.example"], "TURN_SECRET": "s" * 20}, []),
        ({"TURN_URLS": ["turn:t.example"], "TURN_SECRET": "short"}, ["config.E011"]),
        ({"CALLS_RELAYED": True}, ["config.E012"]),
        ({"DEMO": True}, []),
    ],
)
def test_calls_reach_people(production, changed, codes):
    for name, value in changed.items():
        setattr(production, name, value)

    assert [found.id for found in checks.calls_reach_people()] == codes
