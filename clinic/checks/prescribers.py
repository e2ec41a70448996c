"""Who signs."""

from __future__ import annotations

from datetime import timedelta

from clinic import identifiers
from clinic.checks.table import AHPRA_2025, GOOD_PRACTICE, PARTICULARS, Severity, check
from clinic.gathering import Case


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


@check("Nobody prescribes for themselves.", "Poisons Regulations 2018 (Tas) r 20; HDPR 1996 (Qld) s 79")
def patient_is_someone_else(case: Case) -> bool:
    return case.encounter.patient.user_id not in {case.by.pk, case.encounter.practitioner.user_id}


@check("You have told that the patient is close to you. A colleague must see them.", GOOD_PRACTICE)
def patient_is_no_relative(case: Case) -> bool:
    return case.facts.screening is None or not case.facts.screening.is_relative


@check(
    "The check digit of your prescriber or provider number, or of the Medicare number, does not fit.",
    "NEHTA conformance requirements; Services Australia",
    Severity.WARN,
)
def numbers_add_up(case: Case) -> bool:
    practitioner, patient = case.encounter.practitioner, case.encounter.patient
    numbers = [
        (identifiers.PRESCRIBER, practitioner.prescriber_number),
        (identifiers.PROVIDER, practitioner.provider_number),
        (identifiers.MEDICARE, patient.medicare_number),
    ]
    return all(kind.check(number).severity == "none" for kind, number in numbers if number)


@check(
    "Your provider number is for a place with postcode {provider_postcode}; the form shows the practice's"
    " address.",
    "Services Australia: a provider number is for one practitioner at one place",
    Severity.WARN,
)
def provider_number_is_for_this_place(case: Case) -> bool:
    number_is_for, here = case.encounter.practitioner.provider_postcode, case.facts.practice.postcode
    return not (number_is_for and here) or number_is_for == here


@check(
    "You have issued {scripts_today} scripts today. Take the time that each patient needs.",
    AHPRA_2025,
    Severity.WARN,
)
def prescriber_has_time(case: Case) -> bool:
    return case.facts.counted.scripts_today < case.facts.practice.most_scripts_a_day
