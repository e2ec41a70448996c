"""Going on although a check does not hold: the doctor says why, and it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from clinic.checking import Finding
from clinic.models import Override, Prescription

if TYPE_CHECKING:
    from clinic.models import User

LONGEST = 500  # characters of a reason


def answers(findings: Iterable[Finding], reasons: Mapping[str, str]) -> dict[str, str]:
    """The reasons, by the check's name, for those checks that may be answered and do not hold."""
    told = {name: reason.strip()[:LONGEST] for name, reason in reasons.items()}
    return {f.check.name: told[f.check.name] for f in findings if f.is_answerable and told.get(f.check.name)}


def unanswered(findings: Iterable[Finding], answered: Mapping[str, str]) -> list[Finding]:
    """The findings that still keep a script from being issued."""
    return [finding for finding in findings if not finding.holds and finding.check.name not in answered]


def record(
    prescription: Prescription, findings: Iterable[Finding], answered: Mapping[str, str], *, by: User
) -> None:
    """Write each answered finding down for the register."""
    Override.objects.bulk_create(
        Override(
            prescription=prescription,
            name=finding.check.name,
            severity=Override.Severity(finding.check.severity.value),
            sentence=finding.sentence[:LONGEST],
            source=finding.source[:300],
            reason=answered[finding.check.name],
            recorded_by=by,
        )
        for finding in findings
        if finding.check.name in answered
    )
