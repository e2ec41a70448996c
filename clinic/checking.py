"""What must hold before a prescription is issued: a table of checks, one sentence each.

``examine`` asks every check about one case, so that the doctor sees all answers at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from catalog.models import Product
from clinic import consenting, identifiers, spelling
from clinic.gathering import Case
from clinic.models import Consent, MonitoringCheck

VAGUE = re.compile(r"\bas\s+(directed|required|needed)\b|\bmdu\b", re.IGNORECASE)


class Severity(StrEnum):
    HARD = "hard"
    OVERRIDABLE = "overridable"
    WARN = "warn"


@dataclass(frozen=True)
class Check:
    """One rule: what is said when it does not hold, how grave that is, and where the rule stands."""

    name: str
    sentence: str
    severity: Severity
    source: str
    holds: Callable[[Case], bool]

    @property
    def title(self) -> str:
        return self.name.replace("_", " ").replace("s8", "Schedule 8").capitalize()


@dataclass(frozen=True)
class Finding:
    """What one check says about one case."""

    check: Check
    holds: bool
    sentence: str
    source: str

    @property
    def stops(self) -> bool:
        return not self.holds and self.check.severity != Severity.WARN


def examine(case: Case) -> list[Finding]:
    """Ask every check about ``case``."""
    return [_ask(check, case) for check in CHECKS]


def _ask(check: Check, case: Case) -> Finding:
    state, limits = case.jurisdiction, case.facts.practice
    words = {
        "doctor": case.encounter.practitioner,
        "state": case.prescription.get_dispense_state_display() or "The state",
        "system": state.monitoring if state else "the state's monitoring system",
        "authority": state.authority if state else "authority",
        "blocked": state.blocked if state else "",
        "caution": state.caution if state else "",
        "age": limits.youngest_age,
        "expiring": limits.expiring_days,
        "shortest": limits.shortest_minutes,
        "rule": state.source if state else "What is not known is not allowed",
    }
    return Finding(check, check.holds(case), check.sentence.format(**words), check.source.format(**words))


Rule = Callable[[Case], bool]
CHECKS: list[Check] = []


def check(sentence: str, source: str, severity: Severity = Severity.HARD) -> Callable[[Rule], Rule]:
    """Enter a function into the table; it tells whether the rule holds."""

    def enter(holds: Rule) -> Rule:
        CHECKS.append(Check(holds.__name__, sentence, severity, source, holds))
        return holds

    return enter


MEDICAL_BOARD = "Medical Board of Australia, Telehealth consultations with patients (1 September 2023)"
AHPRA_2025 = "Ahpra and National Boards, medicinal cannabis guidance (9 July 2025)"
TG_ACT = "Therapeutic Goods Act 1989 ss 18–19"
PARTICULARS = "Poisons and Therapeutic Goods Regulation 2008 (NSW); MPMR 2021 (Qld) s 86; WA Health"

# Who signs


@check("Only {doctor}, whose consultation this is, can sign.", "National Law s 113; NSW Health TG184")
def signer_is_the_practitioner(case: Case) -> bool:
    return case.by.pk == case.encounter.practitioner.user_id


@check("This account may not prescribe: it is not an active doctor's.", "NSW Health TG184")
def signer_is_an_active_doctor(case: Case) -> bool:
    return case.by.is_active and case.by.has_perm("clinic.issue_prescription")


@check(
    "The registration of {doctor} needs to be checked with Ahpra again. Ask a manager to verify it.",
    "Health Practitioner Regulation National Law s 113",
)
def registration_is_verified(case: Case) -> bool:
    practitioner = case.encounter.practitioner
    if not practitioner.verified_at or identifiers.AHPRA.check(practitioner.ahpra_number).severity != "none":
        return False
    return case.now - practitioner.verified_at <= timedelta(days=case.facts.practice.registration_days)


@check("The practice's street address and telephone and your qualifications belong on the form.", PARTICULARS)
def prescriber_is_described(case: Case) -> bool:
    return bool(
        case.facts.practice.street
        and case.facts.practice.phone
        and case.encounter.practitioner.qualifications
    )


# For whom


@check("Speak with the patient by telephone, video or in person: a chat is not enough.", MEDICAL_BOARD)
def they_have_spoken(case: Case) -> bool:
    return bool(case.segments)


@check("Sight an identity document and record it.", AHPRA_2025)
def patient_is_identified(case: Case) -> bool:
    return case.encounter.patient.identified_at is not None


@check("The patient's date of birth is missing.", "NSW Health, 1 November 2022; WA and Qld S8 particulars")
def birth_date_is_known(case: Case) -> bool:
    return case.age is not None


@check("The patient is younger than {age}; this practice does not prescribe for them.", AHPRA_2025)
def patient_is_an_adult(case: Case) -> bool:
    return case.age is None or case.age >= case.facts.practice.youngest_age


@check("Nobody prescribes for themselves.", "Poisons Regulations 2018 (Tas) r 20; HDPR 1996 (Qld) s 79")
def patient_is_someone_else(case: Case) -> bool:
    return case.encounter.patient.user_id not in {case.by.pk, case.encounter.practitioner.user_id}


@check("The patient's name and residential address must be complete.", PARTICULARS)
def patient_lives_somewhere(case: Case) -> bool:
    patient = case.encounter.patient
    return all([patient.user.family_name, patient.street, patient.suburb, patient.state, patient.postcode])


@check("Ask where the patient is now and confirm it before a Schedule 8 script.", MEDICAL_BOARD)
def location_is_confirmed(case: Case) -> bool:
    return not case.is_s8 or bool(case.encounter.location_state)


# What


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
    "The supplier states another TGA category than the composition gives. Ask a manager to settle it.",
    "TGA medicinal cannabis categories (November 2021)",
)
def category_is_undisputed(case: Case) -> bool:
    return not any(
        product.is_category_disputed
        or product.is_schedule_disputed
        or product.tga_category_stated not in {None, product.tga_category}
        for product in case.products
    )


@check(
    "A script names the product, its form and its strength; a category alone is not lawful.",
    "Medicines and Poisons (Medicines) Regulation 2021 (Qld) s 86(1)(h)–(i)",
)
def product_is_named_in_full(case: Case) -> bool:
    return all(product.name and product.dose_form and product.strength_text for product in case.products)


@check("Write how the medicine is to be taken: dose and frequency.", PARTICULARS)
def directions_are_written(case: Case) -> bool:
    return all(line.directions.strip() for line in case.lines)


@check("“As directed” is not precise enough for Schedule 8. Write dose and frequency.", "WA Health; SA r 34")
def directions_are_precise(case: Case) -> bool:
    return not case.is_s8 or not any(VAGUE.search(line.directions) for line in case.lines)


@check("Write the least number of days between repeats.", "NSW Health, WA Health, HDPR 1996 (Qld) s 79")
def repeats_have_an_interval(case: Case) -> bool:
    return not case.is_s8 or all(line.interval_days for line in case.lines if line.repeats)


@check("That is more repeats or packs than the practice allows on one script.", AHPRA_2025)
def quantity_is_within_the_cap(case: Case) -> bool:
    limits = case.facts.practice
    return all(
        line.repeats <= (limits.most_repeats_s8 if line.product.schedule == "S8" else limits.most_repeats)
        and 1 <= line.quantity * (line.repeats + 1) <= limits.most_packs
        for line in case.lines
    )


@check("A form for Schedule 8 holds one medicine and nothing else.", "HDPR 1996 (Qld) s 79; WA Health")
def form_holds_one_s8_medicine(case: Case) -> bool:
    return not case.is_s8 or len(case.lines) == 1


# Under which authority


@check(
    "No live authority of yours covers this category and dose form for this patient. Record it first.",
    TG_ACT,
)
def authority_covers_it(case: Case) -> bool:
    return all(case.approval(product) for product in case.unapproved)


@check("Record the patient's informed consent to an unapproved therapeutic good.", AHPRA_2025)
def patient_consents(case: Case) -> bool:
    current = {consent.version for consent in case.facts.consents}
    return not case.unapproved or consenting.VERSIONS[Consent.Kind.UNAPPROVED] in current


@check(
    "Choose the state where it will be dispensed. If you have, its rules are not known to us: ask a manager.",
    "{rule}",
)
def state_is_known(case: Case) -> bool:
    return case.jurisdiction is not None


@check("{blocked}", "{rule}")
def state_accepts_it(case: Case) -> bool:
    return not case.is_s8 or not (case.jurisdiction and case.jurisdiction.blocked)


@check(
    "{state} takes such scripts from prescribers who practise there only. Refer the patient.",
    "{rule}",
)
def state_accepts_the_prescriber(case: Case) -> bool:
    rule = case.jurisdiction
    if not case.is_s8 or rule is None or rule.is_local_only is False:
        return True
    return case.encounter.practitioner.state == rule.state


@check("{state} does not allow this dose form.", "{rule}")
def state_allows_the_form(case: Case) -> bool:
    blocked = case.jurisdiction.blocked_forms if case.jurisdiction else frozenset()
    return not case.is_s8 or not any(product.dose_form in blocked for product in case.products)


@check("Write the number of this authority on the script: {authority}.", "{rule}")
def state_authority_is_named(case: Case) -> bool:
    state = case.jurisdiction
    if not case.is_s8 or not state or not state.authority or case.prescription.state_authority:
        return True
    return bool(state.months_without_authority) and _ends_within(case, state.months_without_authority)


def _ends_within(case: Case, months: int) -> bool:
    """Tell whether the whole treatment, earlier scripts included, stays below ``months``."""
    began_on = min(
        [case.today, *(case.date_of(script.issued_at) for script in case.earlier if script.issued_at)]
    )
    days = max((line.repeats + 1) * (line.interval_days or 30) for line in case.lines)
    return case.today + timedelta(days=days - 1) <= spelling.last_day(began_on, months=months)


@check("Look the patient up in {system}, as the law asks, and record it.", "{rule}")
def monitoring_is_checked(case: Case) -> bool:
    asked = case.is_s8 and case.jurisdiction and case.jurisdiction.is_monitoring_law
    return not asked or case.look is not None


@check("Look the patient up in {system} today and record the result.", AHPRA_2025, Severity.OVERRIDABLE)
def monitoring_is_checked_by_custom(case: Case) -> bool:
    asked = case.is_s8 and not (case.jurisdiction and case.jurisdiction.is_monitoring_law)
    return not asked or case.look is not None


# To be thought about


@check("{system} showed an alert or could not be asked.", AHPRA_2025, Severity.WARN)
def monitoring_shows_nothing(case: Case) -> bool:
    calm = {MonitoringCheck.Result.NO_ALERT, MonitoringCheck.Result.NO_MATCH}
    return not case.is_s8 or case.look is None or case.look.result in calm


@check("The authority of the TGA ends within {expiring} days.", TG_ACT, Severity.WARN)
def authority_lasts(case: Case) -> bool:
    soon = timedelta(days=case.facts.practice.expiring_days)
    found = [case.approval(product) for product in case.unapproved]
    return all(approval.until_on - case.today > soon for approval in found if approval)


@check("Another Schedule 8 script of this patient is still valid.", AHPRA_2025, Severity.WARN)
def no_other_script_runs(case: Case) -> bool:
    return not case.is_s8 or not any(
        script.valid_until_on and script.valid_until_on >= case.today for script in case.earlier
    )


@check("You have spoken for less than {shortest} minutes.", AHPRA_2025, Severity.WARN)
def they_have_spoken_long_enough(case: Case) -> bool:
    return not case.segments or case.spoken >= timedelta(minutes=case.facts.practice.shortest_minutes)


@check("No usual GP is on record. Ask, and offer to write to them.", AHPRA_2025, Severity.WARN)
def gp_is_known(case: Case) -> bool:
    return bool(case.encounter.patient.gp_name)


@check("{caution}", "{rule}", Severity.WARN)
def state_has_no_caution(case: Case) -> bool:
    at_home = case.prescription.dispense_state == case.facts.practice.state
    return not case.is_s8 or at_home or not (case.jurisdiction and case.jurisdiction.caution)
