"""THC and what the patient told: each check passes, and nearly passes."""

import pytest

from catalog.models.measures import potency_fields
from clinic import caring
from clinic.models import Condition, OtherMedicine
from clinic.tests.checks.world import Table, fine, ids, passes_and_nearly_passes

pytestmark = pytest.mark.django_db

Risk, Medicine = Condition.Risk, OtherMedicine.Risk
TABLE: Table = [
    ("thc_goes_with_psychosis", fine, lambda w: w.ill("Schizophrenia", Risk.PSYCHOSIS)),
    ("thc_goes_with_bipolar_disorder", fine, lambda w: w.ill("Bipolar disorder", Risk.BIPOLAR)),
    ("thc_goes_with_substance_use", fine, lambda w: w.ill("Alcohol", Risk.SUBSTANCE_USE)),
    ("thc_goes_with_pregnancy", fine, lambda w: w.ill("Pregnant", Risk.PREGNANCY)),
    ("thc_goes_with_the_heart", fine, lambda w: w.ill("Angina", Risk.CARDIAC)),
    ("thc_goes_with_sedatives", fine, lambda w: w.takes("Oxycodone", Medicine.OPIOID)),
    ("thc_goes_with_sedatives", fine, lambda w: w.takes("Diazepam", Medicine.BENZODIAZEPINE)),
    ("cannabinoids_go_with_other_medicines", fine, lambda w: w.takes("Warfarin", Medicine.CYP)),
    ("thc_goes_with_psychosis", lambda w: w.ill("Asthma", ""), lambda w: w.ill("Psychosis", Risk.PSYCHOSIS)),
    (
        "thc_goes_with_psychosis",
        lambda w: (w.ill("Psychosis", Risk.PSYCHOSIS), w.product(**potency_fields("thc", None))),
        lambda w: w.product(thc_op="<", thc_value=1, thc_unit="mg/mL", thc_basis="volume"),
    ),
]


@pytest.mark.parametrize(("name", "passing", "failing"), TABLE, ids=ids(TABLE))
def test_a_check_passes_and_nearly_passes(world, name, passing, failing):
    passes_and_nearly_passes(world, name, passing, failing)


def test_both_illnesses_and_medicines_are_asked(world, off_guard):
    before = world.findings()["risks_are_asked"]

    with off_guard("clinic_noneknown") as cursor:
        cursor.execute("DELETE FROM clinic_noneknown WHERE kind = 'medicines'")

    assert (before, world.findings()["risks_are_asked"]) == (True, False)


def test_an_illness_that_is_over_is_no_risk(world):
    world.ill("Psychosis", Risk.PSYCHOSIS)

    caring.end(Condition.objects.get(), by=world.by, why="It was a mistake.")

    assert world.findings()["thc_goes_with_psychosis"] is True
