import json

import pytest
from django.conf import settings

from catalog import stocking
from catalog.models import Product
from catalog.stocking import ListUnreadable

pytestmark = pytest.mark.django_db
DEMO = settings.BASE_DIR / "fixtures" / "demo" / "medicines.json"
AMOXICILLIN = {
    "name": "Amoxicillin",
    "strength": "500 mg",
    "dose_form": "capsule",
    "size_value": "20",
    "size_unit": "capsule",
    "schedule": "S4",
}


@pytest.fixture
def write(tmp_path):
    def write(*medicines, text=None):
        path = tmp_path / "medicines.json"
        path.write_text(text or json.dumps({"medicines": medicines}))
        return path

    return write


class TestLoadMedicines:
    def test_makes_every_medicine_prescribable(self, manager):
        done = stocking.load_medicines(DEMO, by=manager)

        assert done == {"read": 24, "new": 24, "changed": 0}
        assert Product.objects.filter(kind="conventional").prescribable().count() == 24
        simvastatin = Product.objects.get(name="Simvastatin", strength="40 mg")
        assert (simvastatin.pbs_code, simvastatin.schedule, simvastatin.pathway) == (
            "8173E",
            "S4",
            "registered",
        )
        assert str(simvastatin) == "Simvastatin 40 mg, 30 tablets"
        assert simvastatin.history.get().history_user == manager

    def test_keeps_brand_manufacturer_and_pbs_item(self):
        stocking.load_medicines(DEMO, by=None)

        branded = Product.objects.get(brand="Lipitor")
        assert (branded.name, branded.manufacturer, branded.pbs_code) == ("Atorvastatin", "Viatris", "8214H")

    def test_changes_nothing_the_second_time(self):
        stocking.load_medicines(DEMO, by=None)

        done = stocking.load_medicines(DEMO, by=None)

        assert done == {"read": 24, "new": 0, "changed": 0}
        assert Product.history.count() == 24

    def test_changes_what_differs(self, write):
        stocking.load_medicines(write(AMOXICILLIN), by=None)

        done = stocking.load_medicines(write(AMOXICILLIN | {"manufacturer": "Example Pharma"}), by=None)

        assert done == {"read": 1, "new": 0, "changed": 1}
        assert Product.objects.get().manufacturer == "Example Pharma"
        assert Product.history.count() == 2

    @pytest.mark.parametrize("text", ["no json", "[]", '{"medicines": []}'])
    def test_refuses_what_is_no_list(self, text, write):
        with pytest.raises(ListUnreadable):
            stocking.load_medicines(write(text=text), by=None)

    def test_refuses_a_missing_file(self, tmp_path):
        with pytest.raises(ListUnreadable, match=r"gone\.json is not a list of medicines"):
            stocking.load_medicines(tmp_path / "gone.json", by=None)

    def test_refuses_an_incomplete_entry_and_loads_nothing(self, write):
        half = {"name": "Ibuprofen"}

        with pytest.raises(ListUnreadable, match="Ibuprofen lacks dose_form, schedule"):
            stocking.load_medicines(write(AMOXICILLIN, half), by=None)

        assert Product.objects.count() == 0
