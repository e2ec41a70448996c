"""Every clause of the reference's lists, word for word, and what holds it: a check of the guard, or a test.

AUSTRALIA.md 9.1 (items that concern prescribing) and 9.2. A clause that is new or worded otherwise in the
reference is found where that is at hand; a clause without a check or test is found always.
"""

import ast
import re

import pytest
from django.conf import settings

from clinic import checking

REFERENCE = settings.BASE_DIR.parent / "shared" / "domain" / "AUSTRALIA.md"
NAMES = {check.name for check in checking.CHECKS}
CARE, PAPERS, FILES = "clinic/tests", "clinic/tests/test_documents.py", "clinic/tests/views/test_documents.py"
KEPT, NUMBERS = "clinic/tests/test_issued_scripts.py", "clinic/tests/test_identifiers.py"

ITEMS = {
    1: {
        "Prescribing: signer is an active practitioner": ["signer_is_an_active_doctor"],
        "Ahpra number matches format": [
            "registration_is_verified",
            f"{NUMBERS}::test_refuses_what_cannot_be_one",
        ],
        "registration checked within n days": ["registration_is_verified"],
        "role prescriber": ["signer_is_an_active_doctor"],
        "MFA step-up": [f"{CARE}/admin/test_encounter_scripts.py::test_a_wrong_code_changes_nothing"],
        'nobody else can sign or "issue"': ["signer_is_the_practitioner"],
    },
    2: {
        "No synchronous voice/video (or in-person) encounter supporting the script": ["they_have_spoken"],
        "first script: absolute": ["they_have_spoken"],
        "repeat: override with written reason": ["they_have_spoken_again"],
    },
    3: {
        "Patient identity not verified": ["patient_is_identified"],
        "patient < 18 (clinic switch off)": ["patient_is_an_adult"],
        "prescriber = patient": ["patient_is_someone_else"],
        "or declared family [S8 self-prescribing]": ["patient_is_no_relative"],
    },
    4: {
        "Missing required script field of 3.1 for the schedule": [
            "prescriber_is_described",
            f"{PAPERS}::test_holds_every_field_that_a_state_asks_for",
        ],
        "DOB": ["birth_date_is_known"],
        "address": ["patient_lives_somewhere"],
        "strength": ["product_is_named_in_full"],
        "form": ["product_is_named_in_full"],
        "quantity": ["something_is_prescribed", "quantity_can_be_told"],
        "directions": ["directions_are_written", "directions_are_precise"],
        "S8: words+figures": [f"{CARE}/test_spelling.py::test_a_quantity_is_in_figures_and_words"],
        "interval if repeats": ["repeats_have_an_interval"],
    },
    5: {
        "Product inactive": ["product_is_on_sale", "product_may_be_prescribed"],
        "unclassified": ["product_is_classified"],
        "or declared category ≠ computed category": ["category_is_undisputed"],
        "category or text used instead of product": [
            "product_is_named_in_full",
            f"{KEPT}::test_a_category_in_place_of_a_product_in_queensland",
        ],
    },
    6: {
        "No active TGA authority matching signer": ["authority_covers_it"],
        "category": ["authority_covers_it"],
        "dosage form": ["authority_covers_it"],
        "patient/indication on the date": ["authority_covers_it", "authority_covers_what_it_is_for"],
        "expired or pending": ["authority_covers_it"],
    },
    7: {
        "State rule table says blocked": ["state_accepts_it"],
        "TAS prescriber not in Tasmania": [
            "state_accepts_the_prescriber",
            f"{KEPT}::test_an_s8_script_for_tasmania_by_a_doctor_of_new_south_wales",
        ],
        "or no s 59E": ["state_authority_is_named"],
        "NT prescriber location": ["state_accepts_the_prescriber"],
        "ACT without CHO approval": ["state_authority_is_named"],
        "or dried herb": ["state_allows_the_form"],
        "SA beyond 2 months without s 18A": ["state_authority_is_named"],
        "permit/authority missing for drug-dependent patients in any state": [
            "dependence_is_authorised",
            "dependence_is_asked",
        ],
        "Unknown state or unknown rule = blocked": ["state_is_known"],
        "": [f"{CARE}/test_dispatching.py::test_stays_in_the_state_whose_rules_let_it_be_written"],
    },
    8: {
        "S8 without recorded RTPM check today": ["monitoring_is_checked"],
        "VIC, QLD, SA hard": ["monitoring_is_checked"],
        "others override with reason": ["monitoring_is_checked_by_custom"],
    },
    9: {
        "More than one S8 drug": ["form_holds_one_s8_medicine"],
        "or S4 with S8": ["form_holds_one_s8_medicine"],
        "on one form": ["form_holds_one_s8_medicine"],
        "validity period beyond 6/12 months": [
            "repeats_end_within_validity",
            f"{CARE}/test_spelling.py::test_a_script_has_a_last_day",
        ],
        "repeats without interval": ["repeats_have_an_interval"],
        "repeats × quantity beyond configured cap": [
            "quantity_is_within_the_cap",
            "grams_are_within_the_cap",
        ],
    },
    10: {"No current informed consent to unapproved good for that class": ["patient_consents"]},
    11: {
        "Editing or deleting an issued script": [
            f"{KEPT}::test_does_not_change_by_sql",
            f"{KEPT}::test_does_not_change_by_the_models",
            f"{KEPT}::test_does_not_change_by_the_rules",
        ],
        "a signed note": [f"{CARE}/test_noting.py::test_the_database_keeps_a_signed_note"],
        "a chat message": ["messaging/tests/test_chatting.py::test_what_was_said_stays"],
        "a consent": [f"{CARE}/test_guarding.py::test_covers_every_table_of_versions_and_facts"],
        "or an audit entry": [f"{CARE}/test_guarding.py::test_the_trail"],
        "only append, void, correct": [f"{KEPT}::test_stays_as_it_was_once_it_is_void"],
    },
    12: {
        "PDF of print version to patient": [f"{FILES}::test_to_print_is_not_for_the_patient"],
        "PDF without type mark": [
            f"{PAPERS}::test_holds_every_field_that_a_state_asks_for",
            f"{PAPERS}::test_says_that_it_cannot_be_dispensed_and_has_no_place_for_a_signature",
        ],
        'wording "eScript/token"': [f"{PAPERS}::test_claim_to_be_nothing_else"],
    },
    17: {
        "Malformed identifiers: IHI/HPI (length, prefix, Luhn)": [f"{NUMBERS}::test_weighs_wrong_numbers"],
        "Ahpra pattern": ["registration_is_verified"],
        "Medicare length/first digit": [f"{NUMBERS}::test_weighs_wrong_numbers"],
        "ABN": [f"{NUMBERS}::test_weighs_wrong_numbers"],
        "CRN pattern": [f"{NUMBERS}::test_weighs_wrong_numbers"],
        "postcode/state": [f"{NUMBERS}::test_weighs_wrong_numbers"],
        "DOB in future or > 120 years": ["birth_date_is_known"],
    },
}
OF_OTHER_PARTS = {
    13: "Public surface",
    14: "Slot double booking",
    15: "Access to a patient's record",
    16: "Deletion",
}
"""Pages, times and money, and the record: what they must refuse is proved with them."""

WARNINGS = {
    "Medicare/provider/prescriber/CRN/DVA checksum": [
        "numbers_add_up",
        f"{NUMBERS}::test_the_database_takes_what_is_only_doubtful",
    ],
    "DVA length": [f"{NUMBERS}::test_weighs_wrong_numbers"],
    "Medicare card expired": ["medicare_card_is_valid"],
    "provider number of another location": ["provider_number_is_for_this_place"],
    "concurrent cannabis scripts": ["no_other_script_runs"],
    "or multiple products": ["one_product_at_a_time"],
    "quantity versus directions mismatch": [
        "supply_fits_the_interval",
        "directions_can_be_reckoned",
        "supply_ends_within_validity",
    ],
    "early repeat": ["patient_has_run_out"],
    "THC with psychosis": [
        "thc_goes_with_psychosis",
        "thc_is_within_the_cap",
        "thc_can_be_reckoned",
        "thc_is_told_of_something",
    ],
    "bipolar": ["thc_goes_with_bipolar_disorder"],
    "SUD": ["thc_goes_with_substance_use"],
    "pregnancy": ["thc_goes_with_pregnancy"],
    "cardiac": ["thc_goes_with_the_heart"],
    "opioid-benzodiazepine": ["thc_goes_with_sedatives"],
    "CYP2C9-3A4 interaction": ["cannabinoids_go_with_other_medicines"],
    "answers": [
        "risks_are_asked",
        "risks_are_asked_anew",
        "none_is_said_anew",
        "red_flags_are_weighed",
        "cautions_are_weighed",
    ],
    "consult shorter than minimum": ["they_have_spoken_long_enough"],
    "review date overdue": ["review_is_not_overdue"],
    "> n scripts per prescriber per day": ["prescriber_has_time"],
    "patient location not confirmed": ["location_is_confirmed", "location_is_confirmed_for_s8"],
    "GP details missing or refused": ["gp_is_known", "gp_may_be_told"],
    "interstate prescribing not on the blocked list (esp. NSW)": ["script_stays_in_the_state"],
    "approval expiring ≤ 30 days": ["authority_lasts"],
    "AP six-month report due": ["report_to_the_tga_is_sent"],
    "supplier price/strength change since last script": ["product_is_as_it_was"],
    "duplicate patient (same name+DOB / Medicare+IRN / phone)": ["patient_has_no_double"],
    # Monitoring that showed something is no warning of the list; the look itself is item 8.
    "": ["monitoring_shows_nothing"],
    "roster on DST day": [f"{CARE}/test_timetabling.py::test_follows_the_wall_clock_of_its_zone"],
    "hold nearly expired": [f"{CARE}/test_expiring.py::test_writes_five_minutes_before_the_end"],
    "late webhook": [
        "billing/tests/test_receiving.py::test_tries_again_later_and_later_while_stripe_is_away"
    ],
    "dispute deadline": [
        f"{CARE}/boards/test_manager.py::test_are_those_of_open_disputes_the_most_urgent_first"
    ],
    "MBS item entered": ["billing/tests/test_rebating.py::test_replaces_the_receipt_by_one_with_the_item"],
    "GST code unusual": ["billing/tests/test_receipting.py::test_splits_the_tax"],
}
WARNED_OF_ELSEWHERE = [
    "public page with condition names or images of leaves",
    "attachments with unexpected type",
    "data export of > n patients",
]
"""Pages, messages and exports of the record: no facts about a script."""

LINES = [*(line for item in ITEMS.values() for line in item.items()), *WARNINGS.items()]


def _collected(path: str) -> set[str]:
    tree = ast.parse((settings.BASE_DIR / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(
    ("clause", "holders"), LINES, ids=[f"{n}-{clause[:40]}" for n, (clause, _) in enumerate(LINES)]
)
def test_a_clause_is_held_by_a_check_or_a_test(clause, holders):
    checks = {name for name in holders if "::" not in name}
    tests = [name.split("::") for name in holders if "::" in name]

    assert holders
    assert checks <= NAMES
    assert [name for path, name in tests if name not in _collected(path)] == []


def test_every_check_holds_a_clause():
    assert {name for _, holders in LINES for name in holders if "::" not in name} == NAMES


def _left_over(text: str, clauses: list[str]) -> str:
    """What of ``text`` no clause says, in letters and figures; clauses come in the order of the text."""
    for clause in clauses:
        assert clause in text, f"The reference has no {clause!r} there."
        text = text.replace(clause, " ", 1)
    return " ".join(re.findall(r"\w+", text))


@pytest.mark.skipif(not REFERENCE.exists(), reason=f"The reference is not at hand: {REFERENCE.name}.")
def test_the_reference_says_nothing_else():
    text = REFERENCE.read_text()
    section = text.split("### 9.1", 1)[1].split("### 9.3", 1)[0]
    hard, warn = section.split("### 9.2", 1)
    items = {int(number): words for number, words in re.findall(r"^ ?(\d+)\. (.+)$", hard, re.MULTILINE)}

    assert sorted(items) == sorted([*ITEMS, *OF_OTHER_PARTS])
    assert [n for n, begins in OF_OTHER_PARTS.items() if not items[n].startswith(begins)] == []
    assert {
        n: _left_over(items[n], [*filter(None, clauses)]) for n, clauses in ITEMS.items()
    } == dict.fromkeys(ITEMS, "")
    warned = [*filter(None, WARNINGS), *WARNED_OF_ELSEWHERE]
    assert _left_over(warn.split("\n", 1)[1], warned) == ""
