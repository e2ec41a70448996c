"""Approvals of the TGA: keeping their letters, withdrawing them, and telling the TGA of their use."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile
from django.db import transaction

from catalog.models import DoseForm
from clinic.models import Approval, ApprovalReport, Practice, Practitioner, Prescription
from config import printing
from config.base import Refused, forbid_transaction

if TYPE_CHECKING:
    from uuid import UUID

    from clinic.models import User

MEGABYTES = 10
LARGEST = MEGABYTES * 1024 * 1024
# How a file of each kind begins; its name says nothing.
KINDS = {b"%PDF-": "pdf", b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}
MEDIA_TYPES = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}


class NotALetter(Refused):
    """The file is not what a letter of the TGA can be."""


class WithdrawnBefore(Refused):
    def __init__(self) -> None:
        super().__init__("This approval was withdrawn before.")


class NotYet(Refused):
    def __init__(self, period: Period) -> None:
        super().__init__(f"This half-year is over on {period.until_on:%-d %B %Y}. Report it then.")


class SentBefore(Refused):
    def __init__(self) -> None:
        super().__init__("This report was noted as sent before.")


class Period(NamedTuple):
    """Days, the first and the last included."""

    from_on: datetime.date
    until_on: datetime.date


def expiring_days() -> int:
    """Tell how many days before its end the practice shows an approval as ending."""
    return Practice.objects.current().expiring_days


def half_year(day: datetime.date) -> Period:
    """Tell the half-year that ``day`` is in; reports to the TGA end on 30 June and 31 December."""
    if day.month <= 6:
        return Period(datetime.date(day.year, 1, 1), datetime.date(day.year, 6, 30))
    return Period(datetime.date(day.year, 7, 1), datetime.date(day.year, 12, 31))


def last_period(day: datetime.date) -> Period:
    """Tell the last half-year that was over before ``day``."""
    return half_year(half_year(day).from_on - datetime.timedelta(days=1))


def periods(day: datetime.date, *, count: int) -> list[Period]:
    """Tell the half-year of ``day`` and those before it, the latest first."""
    found = [half_year(day)]
    while len(found) < count:
        found.append(last_period(found[-1].from_on))
    return found


def keep_letter(approval: Approval, *, data: bytes, by: User) -> None:
    """Keep the TGA's letter with ``approval``: a PDF, or a picture of it. A new one takes its place.

    :raises NotALetter: it is empty, too large, or of another kind
    """
    forbid_transaction()  # storing a file is a call to the outside
    kind = kind_of(data)
    name = approval.letter.storage.save(
        approval.letter.field.generate_filename(approval, f"{approval.pk}.{kind}"), ContentFile(data)
    )
    approval.change(by=by, why="The letter was added.", letter=name, letter_sha256=sha256(data).hexdigest())


def kind_of(data: bytes) -> str:
    """Tell what a file is by how it begins.

    :raises NotALetter: it is empty, too large, or of another kind
    """
    if len(data) > LARGEST:
        raise NotALetter(f"The letter is larger than {MEGABYTES} MB. Make the scan smaller.")
    kind = next((kind for start, kind in KINDS.items() if data.startswith(start)), None)
    if kind is None or (kind == "pdf" and b"%%EOF" not in data[-2048:]):
        raise NotALetter("The letter must be a PDF, or a picture of it (PNG or JPEG).")
    return kind


def read_letter(approval: Approval) -> tuple[bytes, str]:
    """Give back the kept letter, with its kind.

    :raises NotALetter: there is none
    :raises Damaged: it is gone, or no longer what was kept
    """
    if not approval.letter:
        raise NotALetter("No letter is kept with this approval.")
    data = printing.read(str(approval.letter.name), sha256=approval.letter_sha256)
    return data, kind_of(data)


@transaction.atomic
def withdraw(approval: Approval, *, on: datetime.date, kind: str, why: str, by: User) -> None:
    """Let nobody prescribe by ``approval`` from the day ``on``.

    :raises WithdrawnBefore: it was
    """
    if approval.lock().withdrawn_on is not None:
        raise WithdrawnBefore
    approval.change(by=by, why=why.strip(), withdrawn_on=on, withdrawn_as=Approval.Withdrawal(kind))


@dataclass
class Figures:
    """How one authority was used in a half-year; the TGA is told numbers, never names."""

    approval: Approval
    initial: set[UUID] = field(default_factory=set)
    """Patients who had their first script under the authority in the period."""
    continuing: set[UUID] = field(default_factory=set)
    """Patients who had one before."""
    products: dict[str, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    """Patients by product."""
    scripts: int = 0

    @property
    def patients(self) -> int:
        return len(self.initial | self.continuing)


def figures(practitioner: Practitioner, period: Period) -> list[Figures]:
    """Count what the TGA asks of an Authorised Prescriber, in two statements.

    Scripts that are void count for nothing; the date is that of the doctor's calendar.
    """
    found = {
        approval.pk: Figures(approval)
        for approval in practitioner.approvals.filter(
            pathway=Approval.Pathway.AP, from_on__lte=period.until_on, until_on__gte=period.from_on
        ).order_by("tga_category", "dose_form", "reference")
    }
    zone = ZoneInfo(practitioner.time_zone)
    issued = Prescription.objects.filter(
        approval__in=list(found), status=Prescription.Status.ISSUED, practitioner=practitioner
    )
    seen: set[tuple[UUID, UUID]] = set()
    rows = issued.order_by("issued_at").values_list("approval_id", "patient_id", "issued_at", "content")
    for approval, patient, issued_at, content in rows.iterator():
        if issued_at is None:  # no issued script is without, but the column may be
            continue
        day = issued_at.astimezone(zone).date()
        if period.from_on <= day <= period.until_on:
            _count(found[approval], patient, content.get("lines", []), is_known=(approval, patient) in seen)
        if day < period.from_on:
            seen.add((approval, patient))
    return list(found.values())


def _count(figures: Figures, patient: UUID, lines: Iterable[dict], *, is_known: bool) -> None:
    figures.scripts += 1
    (figures.continuing if is_known else figures.initial).add(patient)
    for line in lines:
        figures.products[f"{line.get('name', '')}, {line.get('strength', '')}".strip(", ")].add(patient)


HEADINGS = (
    *("Ahpra number", "Authority", "Category", "Dose form", "Indication", "Product"),
    *("Patients", "Initial", "Continuing", "Scripts", "From", "Until"),
)


def table(practitioner: Practitioner, period: Period) -> list[list[str | int]]:
    """The report to the TGA as rows: one of each authority, then one of each of its products."""
    rows: list[list[str | int]] = []
    for one in figures(practitioner, period):
        same: list[str | int] = [
            practitioner.ahpra_number,
            one.approval.reference,
            one.approval.tga_category,
            dict(DoseForm.choices).get(one.approval.dose_form, one.approval.dose_form),
            one.approval.indication,
        ]
        dates = [period.from_on.isoformat(), period.until_on.isoformat()]
        counted = [one.patients, len(one.initial), len(one.continuing), one.scripts]
        rows.append([*same, "All products", *counted, *dates])
        for product, patients in sorted(one.products.items()):
            split = [len(patients), len(patients & one.initial), len(patients & one.continuing)]
            rows.append([*same, product, *split, "", *dates])
    return rows


@transaction.atomic
def note_sent(practitioner: Practitioner, period: Period, *, today: datetime.date, by: User) -> None:
    """Write down that the report of ``period`` went to the TGA.

    :raises NotYet: the period is not over
    :raises SentBefore: it was noted before
    """
    if period.until_on >= today:
        raise NotYet(period)
    practitioner.lock()
    if practitioner.approval_reports.filter(until_on=period.until_on).exists():
        raise SentBefore
    ApprovalReport.objects.create(practitioner=practitioner, **period._asdict(), recorded_by=by)
