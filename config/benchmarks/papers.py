"""A prescription as PDF/A with all that belongs to it, beside what WeasyPrint takes for the same page."""

import os
import statistics
from types import SimpleNamespace
from typing import Any

import django

from config.benchmarks.measuring import p95, times
from config.benchmarks.reports import Report

CODE = "what-the-code-asks-about"
ROUNDS, WARM_UP = 25, 3
TARGETS = {"paper": 2.5}
LINE: dict[str, Any] = {
    "name": "Night Oil", "brand": "Example", "active": "tetrahydrocannabinol (THC)",
    "strength": "THC 25 mg/mL, CBD 1 mg/mL", "dose_form": "Oral liquid", "schedule": "S8", "pack": "30 mL",
    "quantity": "2 (two) packs of 30 mL, in all 60 (sixty) millilitres", "repeats": 2, "interval_days": 28,
    "directions": "Take 0.25 mL by mouth at night.", "repeats_in_words": "two", "is_unapproved": True,
}  # fmt: skip
CONTENT: dict[str, Any] = {
    "number": 100042, "schedule": "S8", "issued_on": "2026-11-26", "valid_until_on": "2027-05-25",
    "issued_at": "2026-11-26T05:00:00+00:00", "dispense_state": "NSW", "state_authority": "",
    "replaces": None, "handwriting": True, "lines": [LINE],
    "practice": {"name": "Example Clinic", "address": "12 Example Street, Sydney", "phone": "0255500100"},
    "prescriber": {
        "name": "Dr Doctor Example", "qualifications": "MBBS, FRACGP", "ahpra_number": "MED0000932846",
        "prescriber_number": "2425739", "provider_number": "2426621B",
    },
    "patient": {"name": "Patient Example", "address": "1 Example Road", "date_of_birth": "1980-05-10"},
    "authority": {"pathway": "SAS Category B", "reference": "MC26/104233", "indication": "Chronic pain"},
}  # fmt: skip


def run() -> Report:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    report = Report(targets=dict(TARGETS))
    measure(report)
    return report


def measure(report: Report) -> None:
    """Put the figures of one form to sign into ``report``; no database is asked."""
    from weasyprint import HTML  # noqa: PLC0415  Django is up only now

    from clinic import documents  # noqa: PLC0415
    from clinic.models import Document  # noqa: PLC0415

    script: Any = SimpleNamespace(content=CONTENT, content_sha256="0123456789abcdef" * 4)
    kind = Document.Kind.PRINT_AND_SIGN
    page = documents.page(script, kind=kind, secret=CODE)
    ours = times(lambda: documents.write_pdf(script, kind=kind, secret=CODE), rounds=ROUNDS, warm_up=WARM_UP)
    plain = times(lambda: HTML(string=page).write_pdf(), rounds=ROUNDS, warm_up=WARM_UP)
    report.figures |= {"paper_ms": statistics.median(ours), "paper_p95_ms": p95(ours)}
    report.floors["weasyprint_ms"] = statistics.median(plain)
    report.compare("paper", "paper_ms", "weasyprint_ms")
