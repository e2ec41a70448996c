"""Who works in the admin, what they type and press, and what they are told."""

import pytest
from django.urls import reverse

from clinic.models import Broadcast


@pytest.fixture
def boss(manager, staff_client):
    return staff_client(manager)


@pytest.fixture
def hours(doctor, short_visit) -> dict:
    """What a manager types for Mondays from nine to ten."""
    return {
        "practitioner": doctor.pk,
        "appointment_type": short_visit.pk,
        "weekday": 0,
        "starts": "09:00",
        "ends": "10:00",
        "time_zone": "",
        "from_on": "2020-01-01",
        "until_on": "",
    }


def said(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def press(client, record, button: str, **typed):
    address = reverse(f"admin:clinic_{record._meta.model_name}_{button}", args=[record.pk])
    return client.post(address, {"_form_submitted": "True", **typed})


@pytest.fixture
def browser(staff_client, doctor):
    return staff_client(doctor.user)


@pytest.fixture
def sent(browser, encounter):
    """Send one form of the page; the sentences that the next page shows."""

    def send(name: str, **values) -> list[str]:
        answer = browser.post(
            reverse("admin:clinic_encounter_do", args=[encounter.pk, name]), values, follow=True
        )
        return [str(message) for message in answer.context["messages"]]

    return send


@pytest.fixture
def author(make_user):
    return make_user("manager", "author")


@pytest.fixture
def notice(author, patient):
    return Broadcast.objects.add(
        by=author, author=author, subject="Closed on Monday", text="We are closed on Monday."
    )
