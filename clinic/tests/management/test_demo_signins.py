"""The demo's sign-ins are printed in the demo, and nowhere else."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from clinic.demo import people


@pytest.fixture
def printed(db, capsys):
    people.enrol_staff()
    people.enrol_patient(people.PATIENT, given_name="Mia", family_name="Banks", zone="Australia/Sydney")

    call_command("demo_signins", "--address", "http://127.0.0.1:8010/")

    return capsys.readouterr().out


def test_names_the_addresses_and_everybody_who_can_sign_in(printed):
    assert "http://127.0.0.1:8010/admin/" in printed
    listed = {line.split()[0] for line in printed.splitlines() if people.DOMAIN in line}
    assert listed == {*(person.email for person in people.STAFF), people.PATIENT}


def test_the_printed_password_and_code_sign_in(printed, client):
    password, code = (
        line.split()[-1] if "Password" in line else line.split("now")[1].split()[0]
        for line in printed.splitlines()
        if "Password" in line or "Code of" in line
    )

    client.post(reverse("account_login"), {"login": "manager@demo.promedicine.example", "password": password})
    client.post(reverse("otp-login"), {"code": code})

    assert client.get(reverse("admin:index")).status_code == 200


def test_draws_one_picture_for_the_app(printed):
    assert "██" in printed


def test_leaves_the_picture_out_where_asked(db, capsys):
    people.enrol_staff()

    call_command("demo_signins", "--no-qr")

    assert "██" not in capsys.readouterr().out


def test_refuses_outside_the_demo(db, settings):
    settings.DEMO = False

    with pytest.raises(CommandError, match="These sign-ins exist in the demo clinic only"):
        call_command("demo_signins")


def test_tells_what_to_do_when_the_clinic_is_empty(db):
    with pytest.raises(CommandError, match="make manage CMD=seed_demo"):
        call_command("demo_signins")
