"""Whatever time a patient reads, its zone stands beside it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.template import Context, Template
from django.urls import reverse

from clinic import booking

TEMPLATES = settings.BASE_DIR / "templates"
READ_BY_PATIENTS = sorted({*TEMPLATES.glob("clinic/**/*.html"), *TEMPLATES.glob("billing/*.html")})
AT = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)


def test_when_names_day_clock_and_zone():
    written = Template("{% load times %}{% when at zone %}")

    text = written.render(Context({"at": AT, "zone": "Australia/Sydney"}))

    assert text == 'Tuesday 24 November 2026, 9:30\xa0am <span class="zone">AEDT (UTC+11:00)</span>'


@pytest.mark.parametrize("template", READ_BY_PATIENTS, ids=lambda path: path.name)
def test_no_page_shows_a_clock_without_its_zone(template):
    text = template.read_text()

    assert not re.search(r"\|(clock|briefly):", text) or "|zone_name:" in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Australia/Sydney", "Tuesday 24 November 2026, 9:30\xa0am AEDT (UTC+11:00)"),
        ("Australia/Brisbane", "Tuesday 24 November 2026, 8:30\xa0am AEST (UTC+10:00)"),
        ("Australia/Perth", "Tuesday 24 November 2026, 6:30\xa0am AWST (UTC+08:00)"),
        ("Australia/Lord_Howe", "Tuesday 24 November 2026, 9:30\xa0am UTC+11:00"),
    ],
)
def test_an_appointment_s_page_is_by_the_patient_s_clock(
    client, make_slot, make_patient, fees, settle, zone, words
):
    someone = make_patient("someone", zone=zone)

    with time_machine.travel(AT - timedelta(hours=24), tick=False):
        confirmed = settle(booking.hold(make_slot(24), patient=someone, by=None))
        client.force_login(someone.user)
        page = client.get(reverse("appointment", args=[confirmed.pk])).content.decode()

    assert words in re.sub(r"<[^>]*>", "", page)
