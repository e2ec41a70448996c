import pytest
import time_machine

from clinic import boards, inspecting

pytestmark = pytest.mark.django_db


def test_says_that_nobody_has_checked(manager):
    health = boards.manager.board(manager)["health"]

    assert (health.at, health.is_overdue, health.link) == (None, True, "/admin/clinic/inspection/")


def test_says_that_all_is_well(auditor):
    inspection = inspecting.inspect()

    health = boards.auditor.board(auditor)["health"]

    assert (health.at, health.failed, health.is_overdue) == (inspection.recorded_at, [], False)
    assert health.checks == len(inspection.findings)


def test_says_what_does_not_hold(manager, confirmed, off_guard, staff_client):
    with off_guard("clinic_appointment") as cursor:
        cursor.execute("UPDATE clinic_appointment SET status = 'arrived'")
    inspection = inspecting.inspect()

    page = staff_client(manager).get("/admin/").content.decode()

    assert "Every record’s status is the one its newest version tells of." in page
    assert f"/admin/clinic/inspection/{inspection.pk}/change/" in page


def test_says_that_a_night_was_left_out(manager):
    with time_machine.travel("2026-03-01T00:00Z"):
        inspecting.inspect()
    with time_machine.travel("2026-03-03T00:00Z"):
        assert boards.manager.board(manager)["health"].is_overdue
