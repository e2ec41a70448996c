"""The worksheet of the database's owner is right at the moment it is asked for."""

import json
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.core.management import CommandError, call_command

from clinic import consenting, retaining
from clinic.models import Destruction

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_2035():
    with time_machine.travel("2035-06-01T02:00Z", tick=False):
        yield


@pytest.fixture
def old(make_patient, manager, make_user):
    patient = make_patient("old", date_of_birth=date(1980, 1, 1), created_at=datetime(2020, 1, 1, tzinfo=UTC))
    retaining.propose([patient.pk], by=manager)
    retaining.approve(Destruction.objects.get(), by=make_user("manager", "second"))
    return patient


def asked(capsys, **options) -> str:
    call_command("destruction_worksheet", **options)
    return capsys.readouterr().out


def test_names_what_is_approved(old, capsys):
    assert f"{old.pk}  Old Example, born 01/01/1980, 01/01/2020 to 01/01/2020" in asked(capsys)
    assert json.loads(asked(capsys, format="json"))[0]["patient_key"] == str(old.pk)
    assert str(old.pk) in asked(capsys, only=str(old.pk))


def test_leaves_out_what_has_a_hold(old, manager, capsys):
    retaining.hold(old, reason="A court asks for it.", by=manager)

    assert asked(capsys) == ""
    with pytest.raises(CommandError, match="is not to be destroyed now"):
        asked(capsys, only=str(old.pk))


def test_leaves_out_what_was_written_in_since(old, capsys):
    consenting.agree(old, kinds=["telehealth"], by=None)

    assert asked(capsys) == ""


def test_says_when_a_key_is_none(old, capsys):
    with pytest.raises(CommandError, match="no key of a patient"):
        asked(capsys, only="x")
