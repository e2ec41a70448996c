"""The registers that are kept of scripts: controlled medicines (Schedule 8), and what doctors went past."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from clinic.models import MonitoringCheck, Override, Prescription
from messaging import clocks

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from clinic.models import User

TITLES = {
    "s8-register": "Register of Schedule 8 prescriptions",
    "overrides": "Register of overrides",
}
VOID = Prescription.Status.CANCELLED

S8_HEADINGS = [
    "Number", "Date", "Patient", "Date of birth", "Address", "Prescriber", "Ahpra number", "Medicine",
    "Active",
    "Strength", "Dose form", "Quantity", "Directions", "Repeats", "Days between", "Dispensed in",
    "State authority", "TGA reference", "Monitoring", "Looked at", "Signed in ink", "Pharmacy", "Sent",
    "Valid until", "Status", "Why void",
]  # fmt: skip
OVERRIDE_HEADINGS = [
    "Number", "Date", "Patient", "Prescriber", "What did not hold", "Rule", "Kind", "Reason",
]  # fmt: skip


class Register(NamedTuple):
    """A register for some days, as a table."""

    name: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Any]]

    @property
    def title(self) -> str:
        return TITLES[self.name]


def _scripts(user: User, *, first: datetime.date, last: datetime.date) -> QuerySet[Prescription]:
    """Issued between two days by the practice's clock: a doctor's own, or everybody's for who reads all."""
    zone = timezone.get_current_timezone()
    start = datetime.datetime.combine(first, datetime.time(), tzinfo=zone)
    end = datetime.datetime.combine(last + datetime.timedelta(days=1), datetime.time(), tzinfo=zone)
    found = Prescription.objects.visible_to(user).filter(issued_at__gte=start, issued_at__lt=end)
    if not user.has_perm("clinic.view_every_clinical_record"):
        found = found.filter(practitioner__user=user)
    voided = Prescription.history.filter(id=OuterRef("pk"), status=VOID).order_by("-history_date")
    return found.annotate(why_void=Subquery(voided.values("history_change_reason")[:1])).order_by("number")


def schedule_8(user: User, *, first: datetime.date, last: datetime.date) -> Register:
    """Every script for a Schedule 8 medicine, void ones too, a line each, in the order of their numbers."""
    scripts = [
        *_scripts(user, first=first, last=last)
        .filter(schedule="S8")
        .select_related("original__pharmacy", "original__signed_by")
    ]
    looked = [script.content["evidence"]["monitoring"] for script in scripts]
    looks = MonitoringCheck.objects.visible_to(user).in_bulk([pk for pk in looked if pk])
    by_key = {str(pk): look for pk, look in looks.items()}
    rows = [
        _s8_row(script, line, by_key.get(look or ""))
        for script, look in zip(scripts, looked, strict=True)
        for line in script.content["lines"]
    ]
    return Register("s8-register", S8_HEADINGS, rows)


def _s8_row(script: Any, line: dict[str, Any], look: MonitoringCheck | None) -> list[Any]:
    content, original = script.content, getattr(script, "original", None)
    patient, prescriber, authority = content["patient"], content["prescriber"], content["authority"] or {}
    return [
        content["number"],
        _day(content["issued_on"]),
        patient["name"],
        _day(patient["date_of_birth"]),
        patient["address"],
        prescriber["name"],
        prescriber["ahpra_number"],
        line["name"],
        line["active"],
        line["strength"],
        line["dose_form"],
        line["quantity"],
        line["directions"],
        line["repeats"],
        line["interval_days"] or "",
        content["dispense_state"],
        content["state_authority"],
        f"{authority['pathway']} {authority['reference']}" if authority else "",
        f"{look.system}: {look.get_result_display().lower()}" if look else "",
        _moment(look.recorded_at) if look else "",
        _moment(original.signed_at) if original else "",
        str(original.pharmacy or "") if original else "",
        f"{original.get_way_display()}, {_moment(original.sent_at)}" if original and original.sent_at else "",
        _day(content["valid_until_on"]),
        "Void" if script.status == VOID else "Issued",
        script.why_void or "",
    ]


def overrides(user: User, *, first: datetime.date, last: datetime.date) -> Register:
    """Every check that did not hold when a script was issued, and why the doctor went on."""
    scripts = _scripts(user, first=first, last=last)
    found = Override.objects.visible_to(user).filter(prescription__in=scripts.values("pk"))
    rows = [_override_row(one) for one in found.select_related("prescription").order_by("recorded_at", "pk")]
    return Register("overrides", OVERRIDE_HEADINGS, rows)


def _override_row(one: Override) -> list[Any]:
    content = one.prescription.content
    return [
        content["number"],
        _day(content["issued_on"]),
        content["patient"]["name"],
        content["prescriber"]["name"],
        one.sentence,
        one.source,
        one.get_severity_display(),
        one.reason,
    ]


REGISTERS = {"s8-register": schedule_8, "overrides": overrides}


def as_content(register: Register, *, first: datetime.date, last: datetime.date) -> dict[str, Any]:
    """The register as it is carried inside its PDF."""
    rows: Iterable[Sequence[Any]] = register.rows
    return {
        "register": register.name,
        "first": first.isoformat(),
        "last": last.isoformat(),
        "headings": [*register.headings],
        "rows": [[str(value) for value in row] for row in rows],
    }


def _day(value: str | None) -> str:
    return f"{datetime.date.fromisoformat(value):%d/%m/%Y}" if value else ""


def _moment(at: datetime.datetime | None) -> str:
    """``26/11/2026 09:30 AEDT``, by the practice's clock."""
    if at is None:
        return ""
    local = clocks.local(at, zone=timezone.get_current_timezone_name())
    return f"{local:%d/%m/%Y %H:%M %Z}"
