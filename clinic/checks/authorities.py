"""Under which authority of the TGA."""

from __future__ import annotations

from datetime import timedelta

from clinic import authorising
from clinic.checks.table import TG_ACT, Severity, check
from clinic.gathering import Case
from clinic.models import Approval


@check(
    "No live authority of yours covers this category and dose form for this patient. Record it first.",
    TG_ACT,
)
def authority_covers_it(case: Case) -> bool:
    return all(case.covering(product) for product in case.unapproved)


@check("Choose what the medicine is for, and set it: it must be what your authority names.", TG_ACT)
def authority_covers_what_it_is_for(case: Case) -> bool:
    return all(case.approval(product) for product in case.unapproved if case.covering(product))


@check("The authority of the TGA ends within {expiring} days.", TG_ACT, Severity.WARN)
def authority_lasts(case: Case) -> bool:
    soon = timedelta(days=case.facts.practice.expiring_days)
    found = [case.approval(product) for product in case.unapproved]
    return all(approval.until_on - case.today > soon for approval in found if approval)


@check(
    "Your report to the TGA as Authorised Prescriber is due: the half-year ended on {half_year}.",
    "Therapeutic Goods Act 1989 s 19(5); conditions of the authority",
    Severity.WARN,
)
def report_to_the_tga_is_sent(case: Case) -> bool:
    period = authorising.last_period(case.today)
    owes = any(
        approval.pathway == Approval.Pathway.AP and approval.from_on <= period.until_on
        for approval in case.facts.approvals
    )
    reported = case.facts.counted.reported_until
    return not owes or (reported is not None and reported >= period.until_on)
