"""Asking every check about one case, so that the doctor sees all answers at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clinic import authorising, checks
from clinic.checks import cautions, medicines, patients, table
from clinic.checks.table import DAY, Check, Severity
from clinic.gathering import Case

__all__ = ["CHECKS", "Check", "Finding", "Severity", "examine"]

_ORDER = [module.__name__ for module in checks.ORDER]
CHECKS = sorted(table.CHECKS, key=lambda check: _ORDER.index(check.holds.__module__))


@dataclass(frozen=True)
class Finding:
    """What one check says about one case."""

    check: Check
    holds: bool
    sentence: str
    source: str

    @property
    def stops(self) -> bool:
        """Whether the script waits for it: until it is settled, or until a reason is given."""
        return not self.holds and self.check.severity != Severity.WARN

    @property
    def is_answerable(self) -> bool:
        """Whether the doctor may go on all the same, with words that are kept."""
        return not self.holds and self.check.severity != Severity.HARD


def examine(case: Case) -> list[Finding]:
    """Ask every check about ``case``."""
    words = _words(case)
    return [
        Finding(check, check.holds(case), check.sentence.format(**words), check.source.format(**words))
        for check in CHECKS
    ]


def _words(case: Case) -> dict[str, Any]:
    """What sentences may name."""
    state, limits, counted = case.jurisdiction, case.facts.practice, case.facts.counted
    card = case.encounter.patient.medicare_until_on
    return {
        "doctor": case.encounter.practitioner,
        "provider_postcode": case.encounter.practitioner.provider_postcode,
        "medicare_until": f"{card:{DAY}}" if card else "a day not known",
        "state": case.prescription.get_dispense_state_display() or "The state",
        "system": state.monitoring if state else "the state's monitoring system",
        "authority": state.authority if state else "authority",
        "permit": state.dependence_permit if state else "authority",
        "blocked": state.blocked if state else "",
        "caution": state.caution if state else "",
        "rule": state.source if state else "What is not known is not allowed",
        "consent": patients.consent_to_ask_for(case),
        "age": limits.youngest_age,
        "expiring": limits.expiring_days,
        "shortest": limits.shortest_minutes,
        "screening": limits.screening_days,
        "spoken": f"{limits.spoken_months} months" if limits.spoken_months > 1 else "a month",
        "grams": limits.most_grams_a_month,
        "scripts_today": counted.scripts_today,
        "review": f"{counted.review_on:{DAY}}" if counted.review_on else "today",
        "half_year": f"{authorising.last_period(case.today).until_on:{DAY}}",
        "valid_until": f"{case.valid_until_on:{DAY}}",
        "valid_days": medicines.valid_days(case),
        "supply_days": medicines.longest_supply(case),
        **cautions.words(case),
        **_amounts(case),
    }


def _amounts(case: Case) -> dict[str, Any]:
    """What the first line comes to, as far as it can be told; a Schedule 8 form has no other."""
    line, amounts = next(iter(case.reckoned), (None, None))
    ends = case.runs_out_on(line.product) if line else None
    return {
        "lasts": f"{amounts.days} days" if amounts and amounts.days is not None else "a time",
        "interval": f"{line.interval_days} days" if line and line.interval_days else "open",
        "thc": f"{medicines.thc_to_name(case):.0f}",
        "runs_out": f"{ends:{DAY}}" if ends else "later",
    }
