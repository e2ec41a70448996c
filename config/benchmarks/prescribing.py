"""The guard: every check of a draft, with its facts, beside one SELECT; and the paper that comes of it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.benchmarks import crowd, papers, scratch
from config.benchmarks.measuring import p95, times
from config.benchmarks.reports import CannotMeasure, Report

if TYPE_CHECKING:
    from clinic.models import Encounter

ROUNDS, WARM_UP = 200, 20
EARLIER = 12  # scripts that the patient had before
INDICATION = "Chronic pain"
TARGETS = {"guard_statements": 20, "guard_p95_ms": 60, **papers.TARGETS}


def run() -> Report:
    report = Report(targets=dict(TARGETS))
    with scratch.database():
        key = stage()
        measure_guard(report, key)
        papers.measure(report)
    return report


def measure_guard(report: Report, key: Any) -> None:
    """Read the facts of a consultation and ask every check about its draft, as signing does."""
    from clinic import checking  # noqa: PLC0415  Django is up only now

    encounter = found(key)
    with CaptureQueriesContext(connection) as captured:
        answers = ask(encounter)
    report.figures["guard_statements"] = len(captured)
    report.figures["guard_checks"] = len(checking.CHECKS)
    if not answers:
        raise CannotMeasure("The draft is not there.")
    taken = times(lambda: ask(found(key)), rounds=ROUNDS, warm_up=WARM_UP)
    report.figures["guard_ms"] = sorted(taken)[len(taken) // 2]
    report.figures["guard_p95_ms"] = p95(taken)
    bare = times(_select, rounds=ROUNDS, warm_up=WARM_UP)
    report.floors["select_ms"] = sorted(bare)[len(bare) // 2]
    report.compare("guard", "guard_ms", "select_ms")


def _select() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM clinic_prescription")
        cursor.fetchall()


def found(key: Any) -> Encounter:
    from clinic.models import Encounter  # noqa: PLC0415

    return Encounter.objects.select_related("patient__user", "practitioner__user").get(pk=key)


def ask(encounter: Encounter) -> list[Any]:
    """What the guard answers about the drafts of ``encounter``."""
    from clinic import checking, gathering  # noqa: PLC0415

    by = encounter.practitioner.user
    cases = gathering.cases(encounter, by=by, now=timezone.now())
    return [checking.examine(case) for case in cases]


def stage() -> Any:
    """A consultation with a draft at which little is amiss, of a patient who had scripts before; its key."""
    from billing import charging  # noqa: PLC0415
    from clinic import booking, consulting, prescribing, screening  # noqa: PLC0415
    from clinic.models import Patient, Segment, Slot, User  # noqa: PLC0415

    crowd.gather(1, 1, 1)
    slot, patient = Slot.objects.get(), Patient.objects.get()
    manager = User.objects.create_user("manager@example.com", None, role="manager")
    held = booking.hold(slot, patient=patient, by=manager)
    charging.take_payment(held.order, by=manager, method="terminal")
    held.refresh_from_db()
    doctor, now = slot.practitioner, timezone.now()
    encounter = consulting.open(held, by=doctor.user)
    patient.change(by=None, date_of_birth=date(1980, 5, 10), state="VIC", street="1 Example Road")
    Segment.objects.add(
        by=None, encounter=encounter, modality="video", started_at=now - timedelta(minutes=9), ended_at=now
    )
    prescribing.record_monitoring(encounter, state="VIC", result="no_alert", by=doctor.user)
    screening.record(encounter, depends_on_drugs=False, is_relative=False, by=doctor.user)
    oil = _oil()
    consulting.record_consent(patient, product=oil, by=doctor.user)
    _approve(doctor)
    for number in range(EARLIER):
        _issued(encounter, oil, number=number)
    line = prescribing.write(
        encounter, product=oil, quantity=2, directions="Take 1 mL twice a day.", repeats=2,
        interval_days=28, by=doctor.user,
    )  # fmt: skip
    prescribing.send_to(line.prescription, state="VIC", indication=INDICATION, by=doctor.user)
    return encounter.pk


def _oil() -> Any:
    from catalog.models import Product, Supplier  # noqa: PLC0415

    return Product.objects.add(
        by=None, supplier=Supplier.objects.add(by=None, key="example", name="Example Supply"),
        name="Night Oil", brand="Example", dose_form="oral_liquid", size_value=Decimal(30), size_unit="mL",
        thc_op="=", thc_value=Decimal(25), thc_unit="mg/mL", thc_basis="volume",
        cbd_op="=", cbd_value=Decimal(1), cbd_unit="mg/mL", cbd_basis="volume",
        tga_category=4, tga_category_stated=4, schedule="S8",
    )  # fmt: skip


def _approve(doctor: Any) -> None:
    from clinic.models import Approval  # noqa: PLC0415

    today = timezone.localdate()
    Approval.objects.add(
        by=None, pathway="ap", reference="AP-1", practitioner=doctor, tga_category=4,
        dose_form="oral_liquid", indication=INDICATION,
        from_on=today, until_on=today + timedelta(days=365),
    )  # fmt: skip


def _issued(encounter: Encounter, oil: Any, *, number: int) -> None:
    """An earlier script, as the rows tell of one."""
    from clinic.models import Prescription, PrescriptionLine  # noqa: PLC0415

    same: dict[str, Any] = {
        "patient": encounter.patient,
        "practitioner": encounter.practitioner,
        "schedule": "S8",
    }
    script = Prescription.objects.add(by=None, encounter=encounter, **same)
    PrescriptionLine.objects.add(
        by=None, prescription=script, product=oil, quantity=1, directions="Take 1 mL at night."
    )
    then = timezone.now() - timedelta(days=30 * (number + 1))
    script.move_to(
        Prescription.Status.ISSUED,
        by=None,
        number=number + 1,
        content={"lines": []},
        content_sha256="0" * 64,
        issued_at=then,
        issued_by=encounter.practitioner.user,
        valid_until_on=timezone.localdate(then) + timedelta(days=20),
    )
