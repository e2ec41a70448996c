"""Who gets data abroad: what ships with the product stays the practice's own list."""

import pytest
from django.utils import timezone

from clinic import sharing
from clinic.models import Recipient

pytestmark = pytest.mark.django_db


def keys() -> set[str]:
    return set(Recipient.objects.values_list("key", flat=True))


def test_names_whom_the_settings_use(settings):
    settings.SMS_PROVIDER = "twilio"
    settings.EMAIL_BACKEND = "anymail.backends.amazon_ses.EmailBackend"

    sharing.ship()

    assert keys() == {"stripe", "mail", "sms"}
    assert Recipient.objects.get(key="mail").name == "Amazon Ses"


def test_does_not_write_over_what_managers_changed(settings, manager):
    sharing.ship()
    stripe = Recipient.objects.get(key="stripe")
    stripe.change(by=manager, until_on=timezone.localdate(), country="Ireland")

    sharing.ship()

    assert Recipient.objects.get(key="stripe").country == "Ireland"
    assert Recipient.objects.filter(key="stripe").count() == 1
