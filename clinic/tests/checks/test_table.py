"""The table of checks: every item of the reference's lists is in it, and every check is tried."""

import inspect
import re

import pytest
from django.utils import timezone
from django.utils.module_loading import import_string

from clinic import checking, gathering, prescribing
from clinic.models import Encounter
from clinic.tests.checks import (
    test_authorities,
    test_cautions,
    test_medicines,
    test_patients,
    test_prescribers,
    test_states,
)

TABLES = [test_authorities, test_cautions, test_medicines, test_patients, test_prescribers, test_states]
NAMES = {check.name for check in checking.CHECKS}
HARD, REASON, WARN = checking.Severity.HARD, checking.Severity.OVERRIDABLE, checking.Severity.WARN

# AUSTRALIA.md 9.1: what is a hard error, as far as it concerns prescribing.
# Item, check (or, where no check can be asked, what guards it instead), severity.
LIST_9_1 = [
    ("1 signer is an active practitioner with the role", "signer_is_an_active_doctor", HARD),
    ("1 nobody else can sign", "signer_is_the_practitioner", HARD),
    ("1 Ahpra number fits and was checked within n days", "registration_is_verified", HARD),
    ("1 second factor at the moment of signing", "clinic.accounts.verify_code", None),
    ("2 no synchronous encounter, first script", "they_have_spoken", HARD),
    ("2 no synchronous encounter, repeat", "they_have_spoken_again", REASON),
    ("3 identity verified", "patient_is_identified", HARD),
    ("3 under 18", "patient_is_an_adult", HARD),
    ("3 prescriber is the patient", "patient_is_someone_else", HARD),
    ("3 prescriber is declared family", "patient_is_no_relative", HARD),
    ("4 prescriber's and practice's particulars", "prescriber_is_described", HARD),
    ("4 date of birth", "birth_date_is_known", HARD),
    ("4 name and address", "patient_lives_somewhere", HARD),
    ("4 strength and form", "product_is_named_in_full", HARD),
    ("4 quantity", "something_is_prescribed", HARD),
    ("4 quantity of known size", "quantity_can_be_told", HARD),
    ("4 directions", "directions_are_written", HARD),
    ("4 S8: precise directions", "directions_are_precise", HARD),
    ("4 S8: words and figures", "clinic.spelling.quantity", None),
    ("4 S8: interval if repeats", "repeats_have_an_interval", HARD),
    ("5 product inactive", "product_is_on_sale", HARD),
    ("5 product unclassified", "product_is_classified", HARD),
    ("5 declared category is another than the computed", "category_is_undisputed", HARD),
    ("5 product in doubt", "product_may_be_prescribed", HARD),
    ("5 category or text instead of product", "product_is_named_in_full", HARD),
    ("6 TGA authority: signer, category, form, patient, dates", "authority_covers_it", HARD),
    ("6 TGA authority: indication", "authority_covers_what_it_is_for", HARD),
    ("7 TAS and NT: prescriber is there", "state_accepts_the_prescriber", HARD),
    ("7 TAS s 59E, ACT approval, SA beyond 2 months", "state_authority_is_named", HARD),
    ("7 ACT dried herb", "state_allows_the_form", HARD),
    ("7 blocked by the state's rule", "state_accepts_it", HARD),
    ("7 authority for drug-dependent patients", "dependence_is_authorised", HARD),
    ("7 whether a patient depends on drugs is asked", "dependence_is_asked", HARD),
    ("7 unknown state or rule", "state_is_known", HARD),
    ("8 monitoring in VIC, QLD, SA", "monitoring_is_checked", HARD),
    ("8 monitoring elsewhere", "monitoring_is_checked_by_custom", REASON),
    ("9 one S8 drug on a form, no S4 with S8", "form_holds_one_s8_medicine", HARD),
    ("9 validity", "repeats_end_within_validity", HARD),
    ("9 repeats without interval", "repeats_have_an_interval", HARD),
    ("9 repeats × quantity beyond the cap", "quantity_is_within_the_cap", HARD),
    ("9 grams beyond the cap", "grams_are_within_the_cap", HARD),
    ("9 THC that nobody can tell", "thc_is_told_of_something", HARD),
    ("10 informed consent to an unapproved good", "patient_consents", HARD),
    # Of 4.3: where the patient is asked at every consultation, and Schedule 8 waits for the answer.
    ("3 where the patient is, for Schedule 8", "location_is_confirmed_for_s8", HARD),
    ("11 issued scripts are not edited", "clinic.prescribing.NotADraft", None),
    ("17 malformed Ahpra number", "registration_is_verified", HARD),
    ("17 date of birth in the future or before 120 years", "birth_date_is_known", HARD),
]

# AUSTRALIA.md 9.2: what is only warned of, and acknowledged.
LIST_9_2 = [
    ("Medicare, provider and prescriber checksum", "numbers_add_up", WARN),
    ("Medicare card expired", "medicare_card_is_valid", WARN),
    ("provider number of another location", "provider_number_is_for_this_place", WARN),
    ("CRN checksum, DVA checksum and length", "clinic.identifiers.Wellformed", None),
    ("concurrent cannabis scripts", "no_other_script_runs", WARN),
    ("multiple products", "one_product_at_a_time", WARN),
    ("quantity versus directions", "supply_fits_the_interval", WARN),
    ("quantity versus directions that cannot be read", "directions_can_be_reckoned", REASON),
    ("quantity versus validity", "supply_ends_within_validity", WARN),
    ("early repeat", "patient_has_run_out", WARN),
    ("THC per day", "thc_is_within_the_cap", REASON),
    ("THC per day that cannot be told", "thc_can_be_reckoned", REASON),
    ("THC and psychosis", "thc_goes_with_psychosis", WARN),
    ("THC and bipolar disorder", "thc_goes_with_bipolar_disorder", WARN),
    ("THC and substance use disorder", "thc_goes_with_substance_use", WARN),
    ("THC and pregnancy", "thc_goes_with_pregnancy", WARN),
    ("THC and the heart", "thc_goes_with_the_heart", WARN),
    ("THC and opioids or benzodiazepines", "thc_goes_with_sedatives", WARN),
    ("CYP2C9 and CYP3A4 interactions", "cannabinoids_go_with_other_medicines", WARN),
    ("these answers are missing", "risks_are_asked", WARN),
    # Of 4.2: "red-flag answers create a blocking acknowledgement by the doctor".
    ("answers before a visit that are red flags", "red_flags_are_weighed", REASON),
    ("answers before a visit that call for caution", "cautions_are_weighed", WARN),
    ("no answers about risks of late", "risks_are_asked_anew", REASON),
    ("“none known” that was said long ago", "none_is_said_anew", WARN),
    ("consultation shorter than the minimum", "they_have_spoken_long_enough", WARN),
    ("review overdue", "review_is_not_overdue", WARN),
    ("more than n scripts of a prescriber in a day", "prescriber_has_time", WARN),
    ("patient's location not confirmed", "location_is_confirmed", WARN),
    ("GP missing", "gp_is_known", WARN),
    ("GP refused", "gp_may_be_told", WARN),
    ("interstate prescribing that is not blocked", "script_stays_in_the_state", WARN),
    ("approval ends within 30 days", "authority_lasts", WARN),
    ("six-monthly report of an Authorised Prescriber due", "report_to_the_tga_is_sent", WARN),
    ("price or strength changed since the last script", "product_is_as_it_was", WARN),
    ("duplicate patient", "patient_has_no_double", WARN),
    ("monitoring showed an alert", "monitoring_shows_nothing", WARN),
    # What is no fact about a script is watched where it happens.
    ("roster on a day when clocks change", "clinic.rostering", None),
    ("hold nearly expired", "clinic.expiring", None),
    ("late webhook", "clinic.boards.manager", None),
    ("dispute deadline", "billing.disputing", None),
    ("MBS item entered", "clinic.itemising", None),
    ("GST code unusual", "billing.receipting", None),
]


CHECKED = [entry for entry in [*LIST_9_1, *LIST_9_2] if entry[2] is not None]
ELSEWHERE = [entry[:2] for entry in [*LIST_9_1, *LIST_9_2] if entry[2] is None]


@pytest.mark.parametrize(("item", "name", "severity"), CHECKED)
def test_an_item_of_the_reference_has_a_check_of_its_severity(item, name, severity):
    assert {check.severity for check in checking.CHECKS if check.name == name} == {severity}


@pytest.mark.parametrize(("item", "name"), ELSEWHERE)
def test_an_item_that_is_no_fact_about_a_script_is_guarded_where_it_happens(item, name):
    assert (import_string(name) if name.rpartition(".")[2][0].isupper() else _found(name)) is not None


def _found(path: str):
    module, _, name = path.rpartition(".")
    found = __import__(module, fromlist=[name])
    return getattr(found, name, None) or __import__(path, fromlist=["x"])


def test_every_check_stands_in_the_reference():
    assert {name for _, name, _ in [*LIST_9_1, *LIST_9_2] if "." not in name} == NAMES


def test_every_check_is_tried():
    tabled = {name for module in TABLES for name, _, _ in module.TABLE}
    named = {word for module in TABLES for word in re.findall(r'"(\w+)"', inspect.getsource(module))}

    assert tabled <= NAMES
    assert NAMES - named == set()


def test_no_two_checks_share_a_name():
    assert len(NAMES) == len(checking.CHECKS)


@pytest.mark.parametrize("check", checking.CHECKS, ids=lambda check: check.name)
def test_a_check_is_a_sentence_with_a_source(check):
    assert check.sentence == "{blocked}" or check.sentence.endswith((".", "?", "}"))
    assert check.source


@pytest.mark.django_db
def test_a_draft_at_which_nothing_is_amiss_passes_every_check(world):
    assert world.amiss() == []


@pytest.mark.django_db
def test_facts_are_read_in_as_many_statements_for_three_drafts_as_for_one(
    world, make_product, django_assert_num_queries
):
    page = Encounter.objects.select_related("patient__user", "practitioner__user")
    world.had(days_ago=40)
    encounter = page.get()
    with django_assert_num_queries(3):
        answers = [checking.examine(c) for c in gathering.cases(encounter, by=world.by, now=timezone.now())]
    for name in ("Day Oil", "Noon Oil"):
        prescribing.write(
            encounter, product=make_product(name), quantity=1, directions="Take 1 mL.", by=world.by
        )
        world.had(days_ago=50)

    encounter = page.get()
    with django_assert_num_queries(3):
        found = gathering.cases(encounter, by=world.by, now=timezone.now())
        answers = [checking.examine(case) for case in found]

    assert len(answers) == 3
