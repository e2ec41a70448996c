"""What is prescribed: each check passes, and nearly passes."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.models import Price
from catalog.models.measures import potency_fields
from clinic import prescribing, spelling
from clinic.models import PrescriptionLine
from clinic.tests.checks.world import TODAY, Table, World, fine, ids, passes_and_nearly_passes

pytestmark = pytest.mark.django_db

HERB = {
    "dose_form": "dried_herb", "size_value": Decimal(10), "size_unit": "g",
    "thc_unit": "%", "thc_basis": "weight", "thc_value": Decimal(22),
    "cbd_unit": "%", "cbd_basis": "weight", "cbd_value": Decimal(1),
}  # fmt: skip


def herb(*, packs: int, repeats: int = 0, interval: int = 28, directions: str = "Inhale 0.5 g twice a day."):
    def do(world: World) -> None:
        world.product(**HERB)
        world.write(quantity=packs, repeats=repeats, interval_days=interval, directions=directions)

    return do


def taken(directions: str):
    return lambda world: world.write(directions=directions)


def unsized(world: World) -> None:
    world.product(size_value=None, size_unit="")


def vape(basis: str):
    """A cartridge of 1 g with 200 mg of THC."""
    told = {
        f"{name}_{part}": value
        for name in ("thc", "cbd")
        for part, value in (("unit", "mg"), ("basis", basis))
    }
    fields = {"dose_form": "vape", "size_value": 1, "size_unit": "g", "thc_value": 200, "cbd_value": 10}

    def do(world: World) -> None:
        world.product(**fields, **told)
        world.write(directions="Inhale 1 g a day.")

    return do


def valid(months: int) -> int:
    """The days on which a script of today can be dispensed."""
    return (spelling.last_day(TODAY(), months=months) - TODAY()).days + 1


def lasting(*, months: int, longer: int = 0, repeats: int = 0):
    """One bottle that lasts as long as the script is valid, or so many days longer."""

    def do(world: World) -> None:
        world.product(size_value=Decimal(2 * (valid(months) + longer)))
        world.write(quantity=1, repeats=repeats, interval_days=28, directions="Take 1 mL twice a day.")

    return do


def priced(on):
    def do(world: World) -> None:
        Price.objects.create(product=world.line.product, kind="retail", amount=99, gst="inc", effective_on=on)

    return do


TABLE: Table = [
    ("product_is_on_sale", fine, lambda w: w.product(supply="out_of_stock")),
    ("product_is_classified", fine, lambda w: w.product(is_composition_known=False)),
    (
        "product_is_classified",
        fine,
        lambda w: w.product(tga_category=None, schedule="", tga_category_stated=None),
    ),
    (
        "category_is_undisputed",
        lambda w: w.product(tga_category_stated=None),
        lambda w: w.product(tga_category_stated=5),
    ),
    ("category_is_undisputed", fine, lambda w: w.product(is_category_disputed=True)),
    ("product_may_be_prescribed", fine, lambda w: w.product(pathway="")),
    (
        "product_is_named_in_full",
        fine,
        lambda w: w.product(**potency_fields("thc", None), **potency_fields("cbd", None)),
    ),
    ("product_is_named_in_full", fine, lambda w: w.product(dose_form="")),
    ("quantity_can_be_told", lambda w: w.product(size_value=1), unsized),
    ("directions_are_written", fine, taken(" ")),
    ("directions_are_precise", taken("Take 0.5 mL twice a day as needed."), taken("Take 0.5 mL as needed.")),
    ("directions_are_precise", taken("Take 0.5 mL, with food."), taken("Take as directed.")),
    *(
        ("directions_are_precise", taken("Take 0.5 mL at night, prn."), taken(words))
        for words in (
            "Use as instructed by the doctor.",
            "Use as advised.",
            "Use as discussed.",
            "Take 0.5 mL prn.",
            "Take 0.5 mL when required.",
            "Take 0.5 mL as necessary.",
            "Take 0.5 mL at night and prn.",
        )
    ),
    (
        "repeats_have_an_interval",
        lambda w: w.write(repeats=0, interval_days=None),
        lambda w: w.write(repeats=2, interval_days=None),
    ),
    (
        "repeats_end_within_validity",
        lambda w: w.write(repeats=5, interval_days=36),
        lambda w: w.write(repeats=5, interval_days=37),
    ),
    (
        "repeats_end_within_validity",
        lambda w: w.write(repeats=2, interval_days=28),
        lambda w: w.rule("VIC", months_valid_s8=1),
    ),
    (
        "quantity_is_within_the_cap",
        lambda w: w.write(repeats=5, quantity=10),
        lambda w: w.write(repeats=6, quantity=1),
    ),
    ("quantity_is_within_the_cap", fine, lambda w: w.write(repeats=4, quantity=13)),
    (
        "quantity_is_within_the_cap",
        lambda w: (w.is_s4(), w.write(repeats=11, quantity=1)),
        lambda w: w.write(repeats=12),
    ),
    ("quantity_is_within_the_cap", lambda w: w.practice(most_packs=6), lambda w: w.practice(most_packs=5)),
    ("grams_are_within_the_cap", herb(packs=6), herb(packs=7)),
    (
        "grams_are_within_the_cap",
        herb(packs=3, repeats=3, interval=15),
        herb(packs=3, repeats=3, interval=14),
    ),
    (
        "grams_are_within_the_cap",
        lambda w: (herb(packs=6)(w), w.practice(most_grams_a_month=60)),
        lambda w: w.practice(most_grams_a_month=59),
    ),
    ("thc_is_within_the_cap", taken("Take 2.4 mL a day."), taken("Take 2.41 mL a day.")),
    (
        "thc_is_within_the_cap",
        taken("Take 1.2 mL in the morning and in the evenings."),
        taken("Take 1.21 mL in the morning and in the evenings."),
    ),
    ("thc_is_within_the_cap", taken("Take 2.4 mL every week day."), taken("Take 2.41 mL every week day.")),
    (
        "directions_can_be_reckoned",
        taken("Take 2 mL at night, with food."),
        taken("Take 2 mL at night, more if needed."),
    ),
    (
        "thc_is_within_the_cap",
        herb(packs=1, directions="Inhale up to 1.36 g a day."),
        herb(packs=1, directions="Inhale up to 1.37 g a day."),
    ),
    ("grams_are_within_the_cap", herb(packs=1), unsized),
    ("thc_is_told_of_something", vape("container"), vape("")),
    ("thc_can_be_reckoned", vape("container"), vape("")),
    (
        "thc_can_be_reckoned",
        lambda w: w.product(thc_unit="mg/mL", thc_basis="volume"),
        lambda w: w.product(thc_unit="%", thc_basis="weight"),
    ),
    # In a medicine of Schedule 4 THC is a trace.
    (
        "thc_can_be_reckoned",
        lambda w: (w.is_s4(), w.product(thc_unit="%", thc_basis="weight")),
        lambda w: w.product(schedule="S8", tga_category=2, tga_category_stated=2),
    ),
    ("directions_can_be_reckoned", taken("Take 2 mL at night."), taken("Take 2 mL.")),
    ("directions_can_be_reckoned", taken("Take 2 mL at night."), taken("Take 2 capsules at night.")),
    # 60 mL for an interval of 28 days: between 24 and 56 days.
    ("supply_fits_the_interval", taken("Take 2.5 mL a day."), taken("Take 2.62 mL a day.")),
    ("supply_fits_the_interval", taken("Take 1.07 mL a day."), taken("Take 1.05 mL a day.")),
    ("supply_ends_within_validity", lasting(months=6), lasting(months=6, longer=1)),
    ("supply_ends_within_validity", lasting(months=6, repeats=2), lasting(months=6, longer=1, repeats=2)),
    (
        "supply_ends_within_validity",
        lambda w: (w.rule("VIC", months_valid_s8=4), lasting(months=4)(w)),
        lambda w: w.rule("VIC", months_valid_s8=3),
    ),
    (
        "supply_ends_within_validity",
        lambda w: (w.is_s4(), lasting(months=12)(w)),
        lasting(months=12, longer=1),
    ),
    (
        "patient_has_run_out",
        lambda w: w.had(days_ago=8),  # 30 mL, 2 mL a day: seven days are left
        lambda w: w.had(days_ago=7),
    ),
    (
        "patient_has_run_out",
        lambda w: w.had(days_ago=60, repeats=3, quantity=1, directions="Take 2 mL a day."),
        lambda w: w.had(days_ago=50, repeats=4, quantity=1, directions="Take 2 mL a day."),
    ),
    ("no_other_script_runs", lambda w: w.had(days_ago=9), lambda w: w.had(days_ago=9, valid_days=9)),
    (
        "product_is_as_it_was",
        lambda w: w.had(days_ago=40),
        lambda w: w.product(cbd_value=Decimal(2)),
    ),
    ("product_is_as_it_was", lambda w: w.had(days_ago=40), lambda w: w.product(name="Later Night Oil")),
    (
        "product_is_as_it_was",
        lambda w: (w.had(days_ago=40), priced(TODAY() - timedelta(days=41))(w)),
        priced(TODAY() - timedelta(days=39)),
    ),
]


@pytest.mark.parametrize(("name", "passing", "failing"), TABLE, ids=ids(TABLE))
def test_a_check_passes_and_nearly_passes(world, name, passing, failing):
    passes_and_nearly_passes(world, name, passing, failing)


def test_an_empty_form_asks_for_a_medicine(world):
    before = world.findings()["something_is_prescribed"]

    world.write(removed_at=world.draft.created_at, removed_by=world.by)

    assert (before, world.findings()["something_is_prescribed"]) == (True, False)


def test_a_form_holds_one_medicine_of_schedule_8(world, make_product):
    PrescriptionLine.objects.add(
        by=world.by,
        prescription=world.draft,
        product=make_product("Day Oil"),
        quantity=1,
        directions="Take 1 mL.",
    )

    assert world.findings()["form_holds_one_s8_medicine"] is False


def test_two_forms_together_keep_to_the_cap_of_thc(world, make_product):
    other = make_product("Day Oil")
    world.write(directions="Take 1.2 mL a day.")

    written = prescribing.write(
        world.encounter, product=other, quantity=1, directions="Take 1.2 mL a day.", by=world.by
    )
    before = world.findings()["thc_is_within_the_cap"]
    written.change(by=world.by, directions="Take 1.3 mL a day.")

    found = world.found()["thc_is_within_the_cap"]
    assert (before, found.holds) == (True, False)
    assert found.sentence.startswith("62 mg of THC a day")


def test_a_script_that_runs_counts_for_the_cap_of_thc_unless_it_is_replaced(world, make_product):
    world.write(directions="Take 1.3 mL a day.")
    before = world.findings()["thc_is_within_the_cap"]
    running = world.had(
        days_ago=3, product=make_product("Day Oil"), valid_days=180, directions="Take 1.2 mL a day."
    )

    beside = world.findings()["thc_is_within_the_cap"]
    world.draft.change(by=world.by, replaces=running)

    assert (before, beside, world.findings()["thc_is_within_the_cap"]) == (True, False, True)


@pytest.mark.parametrize(("directions", "holds"), [("Take 0.5 mL a day.", True), ("Take 0.5 mL.", False)])
def test_thc_of_what_runs_and_of_the_other_drafts_is_to_be_told(world, make_product, directions, holds):
    taken("Take 0.5 mL a day.")(world)
    draft = prescribing.write(
        world.encounter, product=make_product("Day Oil"), quantity=1, directions=directions, by=world.by
    )
    beside = world.findings()["thc_can_be_reckoned"]
    prescribing.remove_line(draft, by=world.by)
    without = world.findings()["thc_can_be_reckoned"]

    world.had(days_ago=3, product=make_product("Noon Oil"), valid_days=180, directions=directions)

    assert (beside, without, world.findings()["thc_can_be_reckoned"]) == (holds, True, holds)


@pytest.mark.parametrize(
    ("days_ago", "valid_days", "holds"), [(3, 2, True), (26, 180, True), (24, 180, False)]
)
def test_a_script_that_is_over_or_used_up_does_not_count(world, make_product, days_ago, valid_days, holds):
    world.write(directions="Take 1.3 mL a day.")
    # 30 mL, 1.2 mL a day: enough for 25 days.
    world.had(
        days_ago=days_ago,
        product=make_product("Day Oil"),
        valid_days=valid_days,
        directions="Take 1.2 mL a day.",
    )

    assert world.findings()["thc_is_within_the_cap"] is holds


@pytest.mark.parametrize(("days_ago", "holds"), [(31, True), (29, False)])
def test_grams_of_the_last_thirty_days_count(world, days_ago, holds):
    herb(packs=4)(world)
    world.had(days_ago=days_ago, quantity=3)

    assert world.findings()["grams_are_within_the_cap"] is holds


# 30 g every 30 days; the last repeat is due 150 days after the first supply.
@pytest.mark.parametrize(
    ("days_ago", "told", "holds"),
    [
        (31, {}, False),
        (179, {}, False),
        (180, {}, True),
        (31, {"repeats": 0}, True),
        (89, {"valid_days": 60}, False),
        (90, {"valid_days": 60}, True),
        (31, {"interval_days": None}, False),
    ],
)
def test_grams_count_until_the_last_repeat_is_thirty_days_past(world, days_ago, told, holds):
    herb(packs=4)(world)
    world.had(
        days_ago=days_ago, **{"quantity": 3, "repeats": 5, "interval_days": 30, "valid_days": 180} | told
    )

    assert world.findings()["grams_are_within_the_cap"] is holds


def test_grams_of_a_script_that_is_replaced_do_not_count(world):
    herb(packs=4)(world)
    running = world.had(days_ago=31, quantity=3, repeats=5, interval_days=30, valid_days=180)
    before = world.findings()["grams_are_within_the_cap"]

    world.draft.change(by=world.by, replaces=running)

    assert (before, world.findings()["grams_are_within_the_cap"]) == (False, True)


def test_packs_of_one_product_on_two_forms_are_added(world):
    prescribing.write(
        world.encounter, product=world.line.product, quantity=58, directions="Take 1 mL a day.", by=world.by
    )
    world.write(repeats=0, quantity=2)
    before = world.findings()["quantity_is_within_the_cap"]

    world.write(quantity=3)

    assert (before, world.findings()["quantity_is_within_the_cap"]) == (True, False)


def test_a_second_product_on_another_form_is_to_be_thought_about(world, make_product):
    before = world.findings()["one_product_at_a_time"]

    prescribing.write(
        world.encounter, product=make_product("Day Oil"), quantity=1, directions="Take 1 mL.", by=world.by
    )

    assert (before, world.findings()["one_product_at_a_time"]) == (True, False)


def test_the_sentences_say_the_numbers(world):
    world.write(directions="Take 3 mL a day.", interval_days=30)

    found = world.found()
    assert found["thc_is_within_the_cap"].sentence.startswith("75 mg of THC a day")
    assert found["supply_ends_within_validity"].holds
    assert found["supply_fits_the_interval"].sentence == (
        "By the directions one supply lasts 20 days, but the interval is 30 days."
    )


def test_the_sentence_tells_how_long_a_supply_and_the_script_last(world):
    lasting(months=6, longer=30)(world)

    until = spelling.last_day(TODAY(), months=6)
    assert world.found()["supply_ends_within_validity"].sentence == (
        f"By the directions one supply, without repeats, lasts {valid(6) + 30} days, but the script is valid"
        f" for {valid(6)} days, until {until:%-d %B %Y}. Prescribe less at once."
    )


def test_a_supply_that_cannot_be_reckoned_is_told_as_such_alone(world):
    lasting(months=6, longer=30)(world)
    taken("Take 1 mL.")(world)

    found = world.findings()
    assert (found["supply_ends_within_validity"], found["directions_can_be_reckoned"]) == (True, False)
