"""The walk through the trail by night."""

from datetime import timedelta

import pytest
from django.core.files.storage import FileSystemStorage
from django.utils import timezone

from clinic import anchoring, assuring, auditing, chaining, demonstrating
from clinic.models import AuditAnchor, TrailProof
from config.base import work_off

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sealed(manager, files):
    for _ in range(7):
        auditing.note("print", by=manager)
    return chaining.seal()


def test_keeps_what_it_found(sealed):
    proof = assuring.prove()

    assert (proof.events, proof.faults) == (sealed, [])
    assert assuring.finding(now=timezone.now())["broken"] == 0


def test_goes_on_part_by_part_as_tasks_of_their_own(sealed, monkeypatch):
    monkeypatch.setattr(demonstrating, "PART", 2)
    monkeypatch.setattr(assuring, "SECONDS", 0)

    assert assuring.prove() is None
    parts = work_off()

    assert parts == -(-sealed // 2) - 1
    assert TrailProof.objects.get().events == sealed


@pytest.mark.parametrize("place", ["first", "last"])
def test_finds_a_fault_in_whichever_part(sealed, monkeypatch, off_guard, place):
    monkeypatch.setattr(demonstrating, "PART", 2)
    monkeypatch.setattr(assuring, "SECONDS", 0)
    order = "number" if place == "first" else "number DESC"
    with off_guard("clinic_auditevent") as cursor:
        cursor.execute(
            "UPDATE clinic_auditevent SET why = 'Another.'"  # noqa: S608  our own words
            f" WHERE id = (SELECT id FROM clinic_auditlink ORDER BY {order} LIMIT 1)"
        )

    assuring.prove()
    work_off()

    (fault,) = TrailProof.objects.get().faults
    assert fault.startswith("edit: ")


def test_a_storage_that_fails_is_a_fault_and_not_the_end(sealed, monkeypatch):
    anchoring.anchor()

    def lost(storage, name, mode="rb"):
        raise ConnectionError("bucket")

    monkeypatch.setattr(FileSystemStorage, "open", lost)

    assert assuring.prove().faults == [f"anchor: {AuditAnchor.objects.get().path}"]


def test_a_night_without_is_told(sealed):
    later = timezone.now() + timedelta(hours=27)

    assert assuring.finding(now=later)["broken"] == 1
