"""What the auditor's first page is made of."""

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from clinic import boards
from clinic.models import AuditEvent, Prescription

NOON = "2026-03-03T01:00Z"  # in Sydney


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def happened(action: str, *, ago: timedelta = timedelta(0), **fields) -> AuditEvent:
    return AuditEvent.objects.create(action=action, at=timezone.now() - ago, **fields)


@pytest.mark.usefixtures("noon")
class TestBoard:
    def test_counts_today_and_the_last_seven_days(self, auditor):
        happened("read")
        happened("read", ago=timedelta(hours=13))
        for days in (0, 6, 7):
            happened("sign_in_failed", ago=timedelta(days=days))
            happened("export", ago=timedelta(days=days))

        shown = {figure.label: figure.value for figure in boards.auditor.board(auditor)["numbers"]}

        assert shown == {
            "Changes today": 1,  # the auditor's account
            "Records opened today": 2,
            "Downloads and exports, 7 days": 2,
            "Failed sign-ins, 7 days": 2,
        }

    def test_charts_two_weeks_by_kind(self, auditor):
        happened("read", ago=timedelta(days=1))
        happened("sign_in", ago=timedelta(days=1))
        happened("read", ago=timedelta(days=14))

        [chart] = boards.auditor.board(auditor)["charts"]

        assert list(chart.series) == ["Changes", "Opened", "Signed in or out", "Failed to sign in"]
        assert list(chart.table) == [
            (date(2026, 3, 3), ["1", "0", "0", "0"]),
            (date(2026, 3, 2), ["0", "1", "1", "0"]),
        ]

    def test_lists_the_latest_opened_records_by_what_they_are_called(self, auditor, manager):
        older = happened("read", by=manager, record_type="clinic.patient", ago=timedelta(minutes=5))
        newer = happened("read", by=manager, record_type="clinic.gone")
        happened("update", by=manager, record_type="clinic.patient")

        assert boards.auditor.board(auditor)["opened"] == [(newer, "clinic.gone"), (older, "Patient")]

    def test_lists_failed_sign_ins(self, auditor):
        event = happened("sign_in_failed")

        assert boards.auditor.board(auditor)["failed"] == [(event, "")]


class TestSchedules:
    def test_counts_what_was_issued_this_month(self, auditor, encounter, doctor, patient, noon):
        issued = {"encounter": encounter, "patient": patient, "practitioner": doctor, "status": "issued"}
        for number, (schedule, at) in enumerate(
            [
                ("S8", "2026-02-28T13:00Z"),
                ("S8", "2026-03-02T00:00Z"),
                ("S4", "2026-03-02T00:00Z"),
                ("S4", "2026-02-28T12:59Z"),
            ]
        ):
            Prescription.objects.add(
                by=None, **issued, number=number, schedule=schedule, content_sha256="x", issued_at=at,
                issued_by=doctor.user,
            )  # fmt: skip
        Prescription.objects.add(by=None, **issued | {"status": "draft"})

        shown = [(figure.label, figure.value) for figure in boards.auditor.board(auditor)["schedules"]]

        assert shown == [("Schedule 4", 1), ("Schedule 8", 2)]
