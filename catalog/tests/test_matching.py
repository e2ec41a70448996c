import pytest

from catalog import matching, sheets
from catalog.matching import AGAIN, LEFT_OUT, NAME_IN_SECTIONS, READ, Choice, NotMatched
from catalog.models import SheetLayout, Supplier
from catalog.sheets import LAYOUTS, declaring, reading
from catalog.sheets.tables import WorkbookRefused
from catalog.sheets.workbook import open_workbook

pytestmark = pytest.mark.django_db

FLOWERS = b"""Products of Kestrel Supplies
Item;Total THC;Total CBD;Pack;Cat.;EAN;Cost price;RRP;Colour
Heron Flower;22%;<1%;10g;5;2000000001012;80;$110.00;green
Egret Flower;18%;<1%;10g;5;2000000001029;70;$95.00;
"""


@pytest.fixture
def kestrel():
    return Supplier.objects.add(by=None, key="kestrel", name="Kestrel")


@pytest.fixture
def layout(kestrel):
    return matching.receive(kestrel, data=FLOWERS, file_name="Kestrel March.csv", by=None)


@pytest.fixture
def declare(layout):
    def make(choice=None, **changes):
        (table,) = open_workbook(FLOWERS)
        chosen = choice or matching.propose(table, None)
        said = {
            name: getattr(chosen, name) for name in ("use", "header_row", "per_column", "dose_form", "fields")
        }
        return matching.declare(
            layout, {"List": Choice(**said | changes)}, [table], brands=[], gst={"retail": "inc"}
        )

    return make


class TestReceive:
    def test_keeps_the_sample(self, layout, manager):
        assert (matching.sample_of(layout), layout.status, layout.sample_name) == (
            FLOWERS,
            "draft",
            "Kestrel March.csv",
        )

    def test_keeps_the_same_sample_once(self, layout, kestrel):
        again = matching.receive(kestrel, data=FLOWERS, file_name="again.csv", by=None)

        assert (again.sample.name, again.pk == layout.pk) == (layout.sample.name, False)

    def test_refuses_what_is_no_workbook(self, kestrel):
        with pytest.raises(WorkbookRefused):
            matching.receive(kestrel, data=b"", file_name="list.xlsx", by=None)

        assert not SheetLayout.objects.exists()


class TestPropose:
    def test_guesses_headings_and_columns_of_an_unknown_list(self, layout):
        (table,) = open_workbook(FLOWERS)

        found = matching.propose(table, matching.before(layout))

        assert found == Choice(
            READ,
            header_row=2,
            fields={0: "name", 1: "thc", 2: "cbd", 3: "size", 5: "gtin13", 6: "wholesale", 7: "retail"},
        )

    @pytest.mark.parametrize("key", LAYOUTS)
    def test_proposes_what_holds_for_the_supplier_already(self, key, sample):
        tables = open_workbook(sample(key))
        choices = {table.name: matching.propose(table, LAYOUTS[key]) for table in tables}
        supplier = Supplier(key=key, name=LAYOUTS[key].supplier)

        said = matching.declare(
            SheetLayout(supplier=supplier, declaration=declaring.declaration(LAYOUTS[key])),
            choices,
            tables,
            brands=list(LAYOUTS[key].brands),
            gst=LAYOUTS[key].gst,
        )

        again = declaring.layout_of(SheetLayout(supplier=supplier, declaration=said))
        assert reading.read(again, sample(key)).offers == reading.read(LAYOUTS[key], sample(key)).offers

    @pytest.mark.parametrize(
        ("key", "sheet", "use"),
        [("medreleaf", "Oil", READ), ("phytoca", "Sheet1", READ), ("alma", "Sheet2", LEFT_OUT)],
    )
    def test_guesses_without_knowing_the_supplier(self, key, sheet, use, sample):
        table = next(table for table in open_workbook(sample(key)) if table.name == sheet)

        found = matching.propose(table, None)

        assert (found.use, found.per_column) == (use, key == "phytoca")

    def test_takes_a_sheets_name_for_the_dose_form(self, sample):
        found = {table.name: matching.propose(table, None) for table in open_workbook(sample("medreleaf"))}

        assert {name: choice.dose_form for name, choice in found.items()} == {
            "Dried Flower": "Dried Flower",
            "Carts": "",
            "Oil": "Oil",
            "Pastels": "",
        }

    def test_proposes_no_field_twice(self):
        (table,) = open_workbook(b"Product,RRP,Retail price,THC\nHeron,1,2,5%\n")

        assert matching.propose(table, None).fields == {0: "name", 3: "thc"}


class TestDeclare:
    def test_makes_a_layout_of_choices(self, declare):
        said = declare(dose_form="Dried Flower")

        (sheet,) = said["sheets"]
        assert sheet["columns"]["Total THC"] == "thc"
        assert sheet["optional"] == ["Cat.", "Colour"]
        assert (sheet["fixed"], said["gst"]) == ({"dose_form": "Dried Flower"}, {"retail": "inc"})

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"use": LEFT_OUT}, "Choose at least one sheet"),
            ({"use": AGAIN}, "Choose at least one sheet"),
            ({"fields": {1: "thc"}}, "Choose which column of the list is the product name."),
            ({"fields": {0: "name", 1: "thc", 2: "thc"}}, "Two columns of the list are matched with “THC”."),
            (
                {"header_row": 1, "fields": {0: "name", 3: "size", 4: "thc"}},
                "Cell D1 of the list needs a heading of its own",
            ),
            ({"header_row": 19, "fields": {0: "name"}}, "Choose which column"),
            ({"fields": {0: "name", 1: "thc"}}, "choose 3 columns of the list at least"),
        ],
    )
    def test_refuses_what_no_list_can_be_read_by(self, changes, sentence, declare):
        with pytest.raises(NotMatched, match=sentence):
            declare(**changes)

    def test_takes_a_section_as_the_brand(self, kestrel):
        data = b"Wren,THC,Size\nWren Swan,20%,10g\nGull\nGull Tern,18%,10g\n"
        layout = matching.receive(kestrel, data=data, file_name="list.csv", by=None)
        (table,) = open_workbook(data)
        choice = Choice(READ, fields={0: NAME_IN_SECTIONS, 1: "thc", 2: "size"})

        found = matching.try_out(
            layout, matching.declare(layout, {"List": choice}, [table], brands=[], gst={})
        )

        assert [(offer.brand, offer.name) for offer in found.offers] == [("Wren", "Swan"), ("Gull", "Tern")]


class TestKeep:
    def test_reads_lists_as_a_layout_of_our_own_does(self, layout, declare, manager):
        matching.keep(layout, declare(dose_form="Dried Flower"), by=manager)
        matching.use(layout, by=manager)

        offers = reading.read(sheets.layout_of("kestrel"), FLOWERS).offers

        assert [(o.name, str(o.potencies["THC"]), str(o.size), str(o.retail)) for o in offers] == [
            ("Heron Flower", "22 %", "10 g", "110.00"),
            ("Egret Flower", "18 %", "10 g", "95.00"),
        ]
        assert {offer.dose_form for offer in offers} == {"Dried Flower"}

    def test_keeps_every_version(self, layout, declare, manager):
        matching.keep(layout, declare(), by=manager)
        matching.keep(layout, declare(dose_form="Oil"), by=manager)

        versions = [
            version.declaration.get("sheets", [{}])[0].get("fixed") for version in layout.history.all()
        ]
        assert versions == [{"dose_form": "Oil"}, {}, None]
        assert layout.history.first().history_user == manager

    def test_refuses_a_layout_that_reads_nothing(self, kestrel):
        data = b"Product,THC,Size\n,5%,10g\n"
        layout = matching.receive(kestrel, data=data, file_name="list.csv", by=None)
        (table,) = open_workbook(data)
        said = matching.declare(layout, {"List": matching.propose(table, None)}, [table], brands=[], gst={})

        with pytest.raises(NotMatched, match="Not one product"):
            matching.keep(layout, said, by=None)

        layout.refresh_from_db()
        assert layout.declaration == {}


class TestUse:
    def test_replaces_the_one_before(self, layout, declare, kestrel, manager):
        matching.keep(layout, declare(), by=manager)
        matching.use(layout, by=manager)
        other = matching.receive(kestrel, data=FLOWERS, file_name="April.csv", by=manager)
        matching.keep(other, declare(), by=manager)

        matching.use(other, by=manager)

        layout.refresh_from_db()
        assert (layout.status, other.status) == ("retired", "in_use")
        assert (
            layout.history.first().history_change_reason
            == "Layout of Kestrel after April.csv is used instead."
        )

    def test_needs_matched_columns(self, layout):
        with pytest.raises(NotMatched, match="Match the columns first"):
            matching.use(layout, by=None)

    def test_gives_way_to_our_own_layout_again(self, sample, manager):
        alma = Supplier.objects.add(by=None, key="alma", name="Alma")
        layout = matching.receive(alma, data=sample("alma"), file_name="alma.xlsx", by=manager)
        matching.keep(layout, declaring.declaration(LAYOUTS["alma"]), by=manager)
        matching.use(layout, by=manager)
        assert sheets.layout_of("alma") is not LAYOUTS["alma"]

        matching.retire(layout, by=manager)

        assert sheets.layout_of("alma") is LAYOUTS["alma"]
