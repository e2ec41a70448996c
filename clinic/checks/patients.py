"""For whom: who they are, whether the two have spoken, what the patient was asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from catalog.models import Product
from clinic import consenting
from clinic.checks.table import AHPRA_2025, MEDICAL_BOARD, PARTICULARS, Severity, check
from clinic.gathering import Case
from clinic.models import Consent

OLDEST = 120  # years; a birthday before that was mistyped


@check(
    "Speak with the patient today by telephone, video or in person: a chat is not enough. Only what the"
    " patient has had before, of the same strength and no more of it, may go on without, and only within"
    " {spoken} of the last talk.",
    MEDICAL_BOARD,
)
def they_have_spoken(case: Case) -> bool:
    return bool(case.segments) or case.is_repeat


@check(
    "You have not spoken with the patient today, only written. A repeat may go on with a reason.",
    MEDICAL_BOARD,
    Severity.OVERRIDABLE,
)
def they_have_spoken_again(case: Case) -> bool:
    return bool(case.segments) or not case.is_repeat


@check("Sight an identity document and record it.", AHPRA_2025)
def patient_is_identified(case: Case) -> bool:
    return case.encounter.patient.identified_at is not None


@check(
    "The patient's date of birth is missing or cannot be right.",
    "NSW Health, 1 November 2022; WA and Qld S8 particulars",
)
def birth_date_is_known(case: Case) -> bool:
    return case.age is not None and 0 <= case.age <= OLDEST


@check("The patient is younger than {age}; this practice does not prescribe for them.", AHPRA_2025)
def patient_is_an_adult(case: Case) -> bool:
    return case.age is None or case.age >= case.facts.practice.youngest_age


@check("The patient's name and residential address must be complete.", PARTICULARS)
def patient_lives_somewhere(case: Case) -> bool:
    patient = case.encounter.patient
    return all([patient.user.family_name, patient.street, patient.suburb, patient.state, patient.postcode])


@check("Ask the patient for the consent “{consent}”, and record it.", AHPRA_2025)
def patient_consents(case: Case) -> bool:
    """A yes to one class of medicines is none to another: of a CBD oil nothing is said of driving."""
    return all(map(_is_agreed_to(case), case.unapproved))


def consent_to_ask_for(case: Case) -> str:
    """Name the consent that is missing, or that of the first unapproved medicine."""
    lacking = [product for product in case.unapproved if not _is_agreed_to(case)(product)]
    kinds = [consenting.CLASSES.get(consenting.class_of(one)) for one in [*lacking, *case.unapproved]]
    return next((kind.label for kind in kinds if kind), Consent.Kind.UNAPPROVED.label)


def _is_agreed_to(case: Case) -> Callable[[Product], bool]:
    agreed = case.facts.consents
    current = {one.kind for one in agreed if consenting.holds(one, words_sha256=one.in_force)}
    return lambda product: consenting.CLASSES.get(consenting.class_of(product)) in current


@check(
    "Ask whether the patient depends on drugs, and record the answer. It counts for {screening} days.",
    AHPRA_2025,
)
def dependence_is_asked(case: Case) -> bool:
    return not case.is_s8 or case.facts.screening is not None


@check("You have spoken for less than {shortest} minutes.", AHPRA_2025, Severity.WARN)
def they_have_spoken_long_enough(case: Case) -> bool:
    return not case.segments or case.spoken >= timedelta(minutes=case.facts.practice.shortest_minutes)


@check("Ask where the patient is now and confirm it: for Schedule 8 it must be known.", MEDICAL_BOARD)
def location_is_confirmed_for_s8(case: Case) -> bool:
    return not case.is_s8 or case.is_located


@check("Ask where the patient is now and confirm it.", MEDICAL_BOARD, Severity.WARN)
def location_is_confirmed(case: Case) -> bool:
    return case.is_s8 or case.is_located


@check("No usual GP is on record. Ask, and offer to write to them.", AHPRA_2025, Severity.WARN)
def gp_is_known(case: Case) -> bool:
    return bool(case.encounter.patient.gp_name)


@check(
    "The patient does not want their usual GP to be told. Talk about why, and note it.",
    AHPRA_2025,
    Severity.WARN,
)
def gp_may_be_told(case: Case) -> bool:
    return not case.facts.keeps_from_gp


@check(
    "The Medicare card on record was valid until {medicare_until}. Ask for the new one.",
    "Services Australia, Medicare cards",
    Severity.WARN,
)
def medicare_card_is_valid(case: Case) -> bool:
    until = case.encounter.patient.medicare_until_on
    return until is None or until >= case.today


@check("The review planned for {review} is overdue.", AHPRA_2025, Severity.WARN)
def review_is_not_overdue(case: Case) -> bool:
    planned = case.facts.counted.review_on
    return planned is None or planned >= case.today


@check(
    "Somebody else here has the same name and birthday, Medicare number or telephone. Is this one person?",
    "Australian Privacy Principle 10",
    Severity.WARN,
)
def patient_has_no_double(case: Case) -> bool:
    return not case.facts.counted.has_double
