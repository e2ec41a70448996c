"""What the state asks in which the script will be dispensed."""

from __future__ import annotations

from clinic import spelling
from clinic.checks.table import AHPRA_2025, RULE, Severity, check
from clinic.gathering import Case
from clinic.models import MonitoringCheck

CALM = {MonitoringCheck.Result.NO_ALERT, MonitoringCheck.Result.NO_MATCH}


@check(
    "Choose the state where it will be dispensed. If you have, its rules are not known to us: ask a manager.",
    RULE,
)
def state_is_known(case: Case) -> bool:
    return case.jurisdiction is not None


@check("{blocked}", RULE)
def state_accepts_it(case: Case) -> bool:
    return not case.is_s8 or not (case.jurisdiction and case.jurisdiction.blocked)


@check(
    "{state} takes such scripts only from a prescriber who is there and practises there on the day. Confirm"
    " that you are, or refer the patient.",
    RULE,
)
def state_accepts_the_prescriber(case: Case) -> bool:
    rule = case.jurisdiction
    return rule is None or not wants_the_prescriber_there(case) or case.practises_in == rule.state


def wants_the_prescriber_there(case: Case) -> bool:
    """Whether the state takes this form only of a prescriber who is there; where nobody knows, it does."""
    return case.is_s8 and case.jurisdiction is not None and case.jurisdiction.is_local_only is not False


@check("{state} does not allow this dose form.", RULE)
def state_allows_the_form(case: Case) -> bool:
    blocked = case.jurisdiction.blocked_forms if case.jurisdiction else []
    return not case.is_s8 or not any(product.dose_form in blocked for product in case.products)


@check("Write the number of this authority on the script: {authority}.", RULE)
def state_authority_is_named(case: Case) -> bool:
    state = case.jurisdiction
    if not case.is_s8 or not state or not state.authority or case.prescription.state_authority:
        return True
    return bool(state.months_without_authority) and _ends_within(case, state.months_without_authority)


def _ends_within(case: Case, months: int) -> bool:
    """Tell whether the whole treatment, earlier scripts included, stays below ``months``.

    It lasts as long as the supplies are enough for, or are apart; one that cannot be reckoned is too long.
    """
    if any(amounts.days_in_all is None for _, amounts in case.reckoned):
        return False
    began_on = min(
        [case.today, *(case.date_of(script.issued_at) for script in case.earlier if script.issued_at)]
    )
    days = max(
        max(amounts.days_in_all or 0, (line.repeats + 1) * (line.interval_days or 30))
        for line, amounts in case.reckoned
    )
    return days <= (spelling.last_day(began_on, months=months) - case.today).days + 1


@check("The patient depends on drugs. Write the number of this authority on the script: {permit}.", RULE)
def dependence_is_authorised(case: Case) -> bool:
    depends = case.facts.screening is not None and case.facts.screening.depends_on_drugs
    return not case.is_s8 or not depends or bool(case.prescription.state_authority)


@check("Look the patient up in {system}, as the law asks, and record it.", RULE)
def monitoring_is_checked(case: Case) -> bool:
    asked = case.is_s8 and case.jurisdiction and case.jurisdiction.is_monitoring_law
    return not asked or case.look is not None


@check("Look the patient up in {system} today and record the result.", AHPRA_2025, Severity.OVERRIDABLE)
def monitoring_is_checked_by_custom(case: Case) -> bool:
    asked = case.is_s8 and not (case.jurisdiction and case.jurisdiction.is_monitoring_law)
    return not asked or case.look is not None


@check("{system} showed an alert or could not be asked.", AHPRA_2025, Severity.WARN)
def monitoring_shows_nothing(case: Case) -> bool:
    return not case.is_s8 or case.look is None or case.look.result in CALM


@check("You work in another state than the script is dispensed in. {caution}", RULE, Severity.WARN)
def script_stays_in_the_state(case: Case) -> bool:
    works_in = case.practises_in or case.encounter.practitioner.state or case.facts.practice.state
    return not case.is_s8 or case.prescription.dispense_state == works_in
