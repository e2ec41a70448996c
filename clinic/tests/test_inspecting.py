from datetime import timedelta

import pytest

from clinic import assuring, chaining, inspecting
from clinic.models import Inspection, User
from messaging.models import Letter

pytestmark = pytest.mark.django_db


def test_keeps_what_every_check_found(confirmed, off_guard, manager):
    with off_guard("clinic_appointment") as cursor:
        cursor.execute("UPDATE clinic_appointment SET status = 'arrived'")

    inspection = inspecting.inspect(by=manager)

    assert (inspection.failed, inspection.recorded_by) == (1, manager)
    assert str(inspection) == f"1 of {len(inspection.findings)} checks failed"
    assert [found for found in inspection.findings if found["broken"]] == [
        {
            "name": "status_is_as_last_written_down",
            "sentence": "Every record’s status is the one its newest version tells of.",
            "broken": 1,
            "examples": [str(confirmed.pk)],
        }
    ]


def test_the_managers_are_written_to_when_the_night_found_something(
    confirmed, off_guard, manager, reception, files
):
    with off_guard("clinic_appointment") as cursor:
        cursor.execute("UPDATE clinic_appointment SET status = 'arrived'")

    found = inspecting.inspect_by_night()

    letters = Letter.objects.filter(template="clinic/mail/inspection_failed")
    assert {letter.recipient for letter in letters} == set(User.objects.filter(role="manager"))
    assert {letter.context["path"] for letter in letters} == {f"/admin/clinic/inspection/{found.pk}/change/"}


def test_nobody_is_written_to_when_all_is_well(manager, files):
    chaining.seal()

    inspecting.inspect_by_night()

    assert not Letter.objects.exists()


def test_the_night_proves_the_trail(manager, files, off_guard):
    chaining.seal()
    with off_guard("clinic_auditevent") as cursor:
        cursor.execute("UPDATE clinic_auditevent SET why = 'Another.'")

    assuring.prove()
    found = inspecting.inspect_by_night()

    assert [one["name"] for one in found.findings if one["broken"]] == ["trail_is_proved"]


def test_says_when_all_is_well(db):
    assert str(inspecting.inspect()) == "All checks passed"


@pytest.mark.parametrize(("hours", "is_missing"), [(1, False), (25, False), (27, True)])
def test_one_is_missing_after_a_night_without(db, hours, is_missing):
    inspection = Inspection.objects.create(failed=0, milliseconds=1)

    now = inspection.recorded_at + timedelta(hours=hours)

    assert inspecting.is_missing(inspection, now=now) is is_missing


def test_one_is_missing_before_the_first(db):
    assert inspecting.is_missing(None, now=None)
