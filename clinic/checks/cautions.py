"""THC and what the patient told about risks."""

from __future__ import annotations

from clinic.checks.table import AHPRA_2025, Severity, check
from clinic.gathering import Case
from clinic.models import Condition, OtherMedicine

Risk, Medicine = Condition.Risk, OtherMedicine.Risk


def _goes_with(case: Case, *risks: str) -> bool:
    has_thc = any(product.thc_value for product in case.products)
    return not has_thc or case.risks.isdisjoint(risks)


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
    return not has_any or Medicine.CYP not in case.risks


@check("Ask about other illnesses and medicines, or note that there are none.", AHPRA_2025, Severity.WARN)
def risks_are_asked(case: Case) -> bool:
    asked = {kind for kind, _ in case.facts.told}
    return not any(product.kind == "cannabis" for product in case.products) or asked == {
        "conditions",
        "medicines",
    }
