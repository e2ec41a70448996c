"""What is prescribed, how much of it, and how it is taken."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

from catalog.models import DoseForm, Product
from clinic import dosing
from clinic.checks.table import AHPRA_2025, PARTICULARS, Severity, check
from clinic.gathering import Case
from clinic.models import Prescription, PrescriptionLine

VAGUE = re.compile(
    r"\bas\s+(?:directed|instructed|advised|prescribed|discussed|agreed|explained|told|required|needed|necessary)\b"
    r"|\b(?:if|when)\s+(?:required|needed|necessary)\b|\b(?:mdu|prn)\b",
    re.IGNORECASE,
)
CATEGORIES = "TGA medicinal cannabis categories (November 2021)"
# A supply fits its interval between 1/1.2 and twice of it.
SHORTEST, LONGEST = Decimal(1) / Decimal("1.2"), Decimal(2)


@check("Add a medicine.", PARTICULARS)
def something_is_prescribed(case: Case) -> bool:
    return bool(case.lines)


@check("This product cannot be supplied now. Choose another.", "Supplier's list")
def product_is_on_sale(case: Case) -> bool:
    return all(product.supply == Product.Supply.ACTIVE for product in case.products)


@check("The product's schedule or TGA category is not known. Choose another.", "Poisons Standard")
def product_is_classified(case: Case) -> bool:
    return all(
        product.schedule
        and product.is_composition_known
        and (product.kind != Product.Kind.CANNABIS or product.tga_category is not None)
        for product in case.products
    )


@check(
    "The TGA category on record is another than the composition gives. Ask a manager to settle it.",
    CATEGORIES,
)
def category_is_undisputed(case: Case) -> bool:
    return not any(
        product.is_category_disputed
        or product.is_schedule_disputed
        or product.tga_category_stated not in {None, product.tga_category}
        for product in case.products
    )


@check(
    "What is on record about this product does not let it be prescribed. Ask a manager to settle it.",
    "Supplier's list",
)
def product_may_be_prescribed(case: Case) -> bool:
    """Whatever else the database asks of a product, so that nothing first shows at signing."""
    is_told = not (product_is_on_sale(case) and product_is_classified(case) and category_is_undisputed(case))
    return is_told or all(product.is_prescribable for product in case.products)


@check(
    "A script names the product, its form and its strength; a category alone is not lawful.",
    "Medicines and Poisons (Medicines) Regulation 2021 (Qld) s 86(1)(h)–(i)",
)
def product_is_named_in_full(case: Case) -> bool:
    return all(product.name and product.dose_form and product.strength_text for product in case.products)


@check(
    "The size of the pack is not known, so the script cannot say how much is supplied. Choose another"
    " product, or ask a manager to complete it.",
    PARTICULARS,
)
def quantity_can_be_told(case: Case) -> bool:
    return all(product.size_value is not None and product.size_unit for product in case.products)


@check("Write how the medicine is to be taken: dose and frequency.", PARTICULARS)
def directions_are_written(case: Case) -> bool:
    return all(line.directions.strip() for line in case.lines)


@check(
    "“As directed”, “as needed” or the like is not precise enough for Schedule 8. Write dose and frequency,"
    " or the most in a day.",
    "WA Health; SA r 34",
)
def directions_are_precise(case: Case) -> bool:
    return not case.is_s8 or not any(
        VAGUE.search(line.directions) and amounts.daily is None for line, amounts in case.reckoned
    )


@check("Write the least number of days between repeats.", "NSW Health, WA Health, HDPR 1996 (Qld) s 79")
def repeats_have_an_interval(case: Case) -> bool:
    return not case.is_s8 or all(line.interval_days for line in case.lines if line.repeats)


@check("The last repeat comes after the script is over: it is valid until {valid_until}.", "{rule}")
def repeats_end_within_validity(case: Case) -> bool:
    days = (case.valid_until_on - case.today).days
    return all(line.repeats * (line.interval_days or 0) <= days for line in case.lines)


@check("That is more repeats or packs than the practice allows on one script.", AHPRA_2025)
def quantity_is_within_the_cap(case: Case) -> bool:
    limits, written = case.facts.practice, [*case.lines, *case.others]
    return all(
        line.repeats <= (limits.most_repeats_s8 if line.product.schedule == "S8" else limits.most_repeats)
        and line.quantity >= 1
        and sum(one.quantity * (one.repeats + 1) for one in written if one.product_id == line.product_id)
        <= limits.most_packs
        for line in case.lines
    )


@check(
    "That is more than {grams} g of dried herb in 30 days, the practice's limit;"
    " or how much it is cannot be told.",
    AHPRA_2025,
)
def grams_are_within_the_cap(case: Case) -> bool:
    if not any(map(_is_herb, case.lines)):
        return True
    since = case.today - timedelta(days=30)
    supplied = [
        line
        for script in _standing(case)
        for line in script.lines.all()
        if _last_supply_on(line, script, case) > since
    ]
    herb = filter(_is_herb, [*case.lines, *case.others, *supplied])
    told = [dosing.reckon(line).grams_a_month for line in herb]
    grams = [some for some in told if some is not None]
    # What cannot be told is no nought.
    return len(grams) == len(told) and sum(grams) <= case.facts.practice.most_grams_a_month


def _last_supply_on(line: PrescriptionLine, script: Prescription, case: Case) -> date:
    """The day of the last repeat by the interval, within validity; the last valid day without one."""
    issued_on = case.date_of(script.issued_at) if script.issued_at else date.min
    last_on = script.valid_until_on or issued_on
    if not line.repeats or not line.interval_days:
        return last_on if line.repeats else issued_on
    return min(issued_on + timedelta(days=line.repeats * line.interval_days), last_on)


def _is_herb(line: PrescriptionLine) -> bool:
    return line.product.dose_form == DoseForm.DRIED_HERB


def _standing(case: Case) -> list[Prescription]:
    """The scripts that were issued before and stay when this one is issued."""
    return [script for script in case.before if script.pk != case.prescription.replaces_id]


@check("A form for Schedule 8 holds one medicine and nothing else.", "HDPR 1996 (Qld) s 79; WA Health")
def form_holds_one_s8_medicine(case: Case) -> bool:
    return not case.is_s8 or len(case.lines) == 1


@check(
    "The catalogue does not say what the THC of the product is told of: a piece, the whole pack or a weight."
    " Choose another, or ask a manager to complete it.",
    AHPRA_2025,
)
def thc_is_told_of_something(case: Case) -> bool:
    return all(product.thc_basis or product.thc_value is None for product in case.products)


@check(
    "How much THC a day it comes to cannot be told for every product of the patient, so the practice's limit"
    " is not checked. Write why this patient needs it all the same.",
    AHPRA_2025,
    Severity.OVERRIDABLE,
)
def thc_can_be_reckoned(case: Case) -> bool:
    """Ask of each line, the other drafts and the scripts that run; directions of this form that cannot be
    read are another check's."""
    if not any(map(_holds_thc, case.lines)):
        return True
    read = [line for line, amounts in case.reckoned if amounts.days is not None]
    return all(
        dosing.reckon(line).thc_a_day is not None
        for line in [*read, *case.others, *_running(case)]
        if _holds_thc(line)
    )


def _holds_thc(line: PrescriptionLine) -> bool:
    """Whether it adds to the limit: of a cannabis medicine of Schedule 4 THC is a trace."""
    return line.product.kind == Product.Kind.CANNABIS and line.product.schedule == "S8"


@check(
    "{thc} mg of THC a day is more than the practice's limit. Write why this patient needs it.",
    AHPRA_2025,
    Severity.OVERRIDABLE,
)
def thc_is_within_the_cap(case: Case) -> bool:
    return all(thc <= limit for thc, limit in _thc_a_day(case))


def thc_to_name(case: Case) -> Decimal:
    """Tell the milligrams of THC a day that the sentence names: those above their limit first."""
    found = [(thc > limit, thc) for thc, limit in _thc_a_day(case)]
    return max(found, default=(False, Decimal(0)))[1]


def _thc_a_day(case: Case) -> list[tuple[Decimal, int]]:
    """What is inhaled and what is swallowed a day, each with its limit, where this form adds to it.

    The other drafts count, and the last script for each other product while it is valid and is enough.
    """
    limits, found = case.facts.practice, []
    lines = [*case.lines, *case.others, *_running(case)]
    for is_inhaled, limit in ((True, limits.most_thc_inhaled), (False, limits.most_thc_swallowed)):
        if any((line.product.dose_form in dosing.INHALED) is is_inhaled for line in case.lines):
            those = [line for line in lines if (line.product.dose_form in dosing.INHALED) is is_inhaled]
            found.append(
                (sum((dosing.reckon(line).thc_a_day or Decimal(0) for line in those), Decimal(0)), limit)
            )
    return found


def _running(case: Case) -> list[PrescriptionLine]:
    """The newest line for each other product, if its script is valid and not used up."""
    found = []
    seen = {line.product_id for line in [*case.lines, *case.others]}
    for script in _standing(case):
        for line in script.lines.all():
            if line.product_id in seen or script.issued_at is None:
                continue
            seen.add(line.product_id)
            ends = dosing.runs_out_on(line, issued_on=case.date_of(script.issued_at))
            is_valid = script.valid_until_on is not None and script.valid_until_on >= case.today
            if is_valid and (ends is None or ends > case.today):
                found.append(line)
    return found


@check(
    "Dose and frequency cannot be read from the directions, so nobody has checked the quantity against them."
    " Write them such as “Take 0.5 mL twice a day”, or write why they must be otherwise.",
    "WA Health; SA r 34",
    Severity.OVERRIDABLE,
)
def directions_can_be_reckoned(case: Case) -> bool:
    return not case.is_s8 or all(amounts.days is not None for _, amounts in case.reckoned)


@check(
    "By the directions one supply lasts {lasts}, but the interval is {interval}.",
    AHPRA_2025,
    Severity.WARN,
)
def supply_fits_the_interval(case: Case) -> bool:
    return all(
        SHORTEST * line.interval_days <= amounts.days <= LONGEST * line.interval_days
        for line, amounts in case.reckoned
        if line.interval_days and line.repeats and amounts.days is not None
    )


@check(
    "By the directions one supply, without repeats, lasts {supply_days} days, but the script is valid for"
    " {valid_days} days, until {valid_until}. Prescribe less at once.",
    AHPRA_2025,
    Severity.WARN,
)
def supply_ends_within_validity(case: Case) -> bool:
    return longest_supply(case) <= valid_days(case)


def longest_supply(case: Case) -> int:
    """Tell how many days the supply lasts that lasts longest; one that cannot be reckoned counts as none."""
    return max((amounts.days or 0 for _, amounts in case.reckoned), default=0)


def valid_days(case: Case) -> int:
    """Tell on how many days the script can be dispensed if it is issued today, which is one of them."""
    return (case.valid_until_on - case.today).days + 1


@check(
    "It is early: by its directions the last script for the same product is enough until {runs_out}.",
    AHPRA_2025,
    Severity.WARN,
)
def patient_has_run_out(case: Case) -> bool:
    return not any(
        ends > case.today + timedelta(days=7) for ends in map(case.runs_out_on, case.products) if ends
    )


@check("Another Schedule 8 script of this patient is still valid.", AHPRA_2025, Severity.WARN)
def no_other_script_runs(case: Case) -> bool:
    return not case.is_s8 or not any(
        script.valid_until_on and script.valid_until_on >= case.today for script in case.earlier
    )


@check(
    "Several cannabis products at once. “So the patient can try which one suits” is poor practice.",
    AHPRA_2025,
    Severity.WARN,
)
def one_product_at_a_time(case: Case) -> bool:
    now = {line.product for line in [*case.lines, *case.others]}
    return sum(product.kind == Product.Kind.CANNABIS for product in now) <= 1


@check(
    "Strength, supplier's name or price of the product changed since the last script for it.",
    AHPRA_2025,
    Severity.WARN,
)
def product_is_as_it_was(case: Case) -> bool:
    return all(map(case.is_as_it_was, case.lines))
