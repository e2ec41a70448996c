"""What a check is, and the table that they are entered into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from clinic.gathering import Case

Rule = Callable[[Case], bool]
DAY = "%-d %B %Y"
"""How a sentence names a day."""


class Severity(StrEnum):
    HARD = "hard"  # nobody goes on
    OVERRIDABLE = "overridable"  # with a reason that is kept
    WARN = "warn"  # after having thought of it, which is kept too


@dataclass(frozen=True)
class Check:
    """One rule: what is said when it does not hold, how grave that is, and where the rule stands.

    Sentence and source may name what ``checking`` fills in: {doctor}, {state}, {system} …
    """

    name: str
    sentence: str
    severity: Severity
    source: str
    holds: Rule

    @property
    def title(self) -> str:
        return self.name.replace("_", " ").replace("s8", "Schedule 8").capitalize()


CHECKS: list[Check] = []


def check(sentence: str, source: str, severity: Severity = Severity.HARD) -> Callable[[Rule], Rule]:
    """Enter a function into the table; it tells whether the rule holds."""

    def enter(holds: Rule) -> Rule:
        CHECKS.append(Check(holds.__name__, sentence, severity, source, holds))
        return holds

    return enter


MEDICAL_BOARD = "Medical Board of Australia, Telehealth consultations with patients (1 September 2023)"
GOOD_PRACTICE = "Medical Board of Australia, Good medical practice (2020)"
AHPRA_2025 = "Ahpra and National Boards, medicinal cannabis guidance (9 July 2025)"
TG_ACT = "Therapeutic Goods Act 1989 ss 18–19"
PARTICULARS = "Poisons and Therapeutic Goods Regulation 2008 (NSW); MPMR 2021 (Qld) s 86; WA Health"
RULE = "{rule}"
