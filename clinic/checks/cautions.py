"""THC and what the patient told about risks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from clinic.answering import Raised
from clinic.checks.table import AHPRA_2025, DAY, Severity, check
from clinic.gathering import Case
from clinic.models import Condition, FlagSeverity, NoneKnown, OtherMedicine

Risk, Medicine = Condition.Risk, OtherMedicine.Risk
NONE: dict[str, str] = {
    NoneKnown.Kind.ALLERGIES: "no known allergies",
    NoneKnown.Kind.CONDITIONS: "no known illnesses",
    NoneKnown.Kind.MEDICINES: "no other medicines",
}


def _goes_with(case: Case, *risks: str) -> bool:
    has_thc = any(product.thc_value for product in case.products)
    return not has_thc or case.facts.heard.risks.isdisjoint(risks)


@check("THC can bring on psychosis, and the patient told of it.", AHPRA_2025, Severity.WARN)
def thc_goes_with_psychosis(case: Case) -> bool:
    return _goes_with(case, Risk.PSYCHOSIS)


@check("THC can worsen bipolar disorder, and the patient told of it.", AHPRA_2025, Severity.WARN)
def thc_goes_with_bipolar_disorder(case: Case) -> bool:
    return _goes_with(case, Risk.BIPOLAR)


@check("The patient told of a substance use disorder, and THC can be misused.", AHPRA_2025, Severity.WARN)
def thc_goes_with_substance_use(case: Case) -> bool:
    return _goes_with(case, Risk.SUBSTANCE_USE)


@check("THC reaches the child in pregnancy and while breastfeeding.", AHPRA_2025, Severity.WARN)
def thc_goes_with_pregnancy(case: Case) -> bool:
    return _goes_with(case, Risk.PREGNANCY)


@check("THC quickens the heart, and the patient told of heart disease.", AHPRA_2025, Severity.WARN)
def thc_goes_with_the_heart(case: Case) -> bool:
    return _goes_with(case, Risk.CARDIAC)


@check("THC adds to the sedation by opioids and benzodiazepines.", AHPRA_2025, Severity.WARN)
def thc_goes_with_sedatives(case: Case) -> bool:
    return _goes_with(case, Medicine.OPIOID, Medicine.BENZODIAZEPINE)


@check(
    "Cannabinoids slow CYP2C9 and CYP3A4, and the patient takes medicines that these break down.",
    AHPRA_2025,
    Severity.WARN,
)
def cannabinoids_go_with_other_medicines(case: Case) -> bool:
    has_any = any(product.kind == "cannabis" for product in case.products)
    return not has_any or Medicine.CYP not in case.facts.heard.risks


@check("Ask about other illnesses and medicines, or note that there are none.", AHPRA_2025, Severity.WARN)
def risks_are_asked(case: Case) -> bool:
    return not _is_cannabis(case) or {"conditions", "medicines"} <= case.facts.heard.kinds


def _is_cannabis(case: Case) -> bool:
    return any(product.kind == "cannabis" for product in case.products)


@check(
    "{none_known}: this was last said on {none_on}, more than {screening} days ago. Ask and record it again.",
    AHPRA_2025,
    Severity.WARN,
)
def none_is_said_anew(case: Case) -> bool:
    return not _stale(case)


def _stale(case: Case) -> dict[str, date]:
    """Of what there was none when it was last said, which is longer ago than the practice lets it count."""
    since, none_at = case.now - timedelta(days=case.facts.practice.screening_days), case.facts.heard.none_at
    return {kind: case.date_of(none_at[kind]) for kind in NONE if kind in none_at and none_at[kind] <= since}


@check(
    "The patient has answered nothing about risks for {screening} days. Ask before you go on, and record it.",
    AHPRA_2025,
    Severity.OVERRIDABLE,
)
def risks_are_asked_anew(case: Case) -> bool:
    if case.is_s8 or not _is_cannabis(case):  # before Schedule 8 dependence_is_asked lets nobody go on
        return True
    return case.facts.screening is not None or case.facts.heard.answered_at is not None


@check(
    "Answers before a visit raise red flags: {red_flags}. Write why you prescribe all the same.",
    AHPRA_2025,
    Severity.OVERRIDABLE,
)
def red_flags_are_weighed(case: Case) -> bool:
    return not _raised(case, FlagSeverity.SERIOUS)


@check("The patient answered before a visit: {cautions}. Talk about it.", AHPRA_2025, Severity.WARN)
def cautions_are_weighed(case: Case) -> bool:
    return not _raised(case, FlagSeverity.CAUTION)


def _raised(case: Case, severity: FlagSeverity) -> list[Raised]:
    """The flags of this severity.

    A serious one counts although the patient answered otherwise since, before the same visit: people learn
    which answers are in their way.
    """
    found = [one for one in case.facts.heard.flags if one.flag.severity == severity]
    return [one for one in found if severity == FlagSeverity.SERIOUS or not one.is_withdrawn]


def words(case: Case) -> dict[str, str]:
    """What the sentences above name."""
    stale = _stale(case)
    return {
        "none_known": _listed(NONE[kind] for kind in stale).capitalize(),
        "none_on": f"{min(stale.values(), default=case.today):{DAY}}",
        "red_flags": _named(case, FlagSeverity.SERIOUS),
        "cautions": _named(case, FlagSeverity.CAUTION),
    }


def _listed(words: Iterable[str]) -> str:
    *first, last = [*words] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _named(case: Case, severity: FlagSeverity) -> str:
    return "; ".join(
        f"{one.flag.message.rstrip('.')} ({'answered otherwise ' * one.is_withdrawn}"
        f"{case.date_of(one.said.answers[-1].said_at):{DAY}})"
        for one in _raised(case, severity)
    )
