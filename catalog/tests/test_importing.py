"""Workbooks on their way into the catalogue."""

from decimal import Decimal

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection

from catalog import importing
from catalog.models import Import, ImportRow, Price, Product, Supplier
from catalog.sheets import LAYOUTS, UnknownSupplier
from catalog.sheets.workbook import WorkbookRefused

pytestmark = pytest.mark.django_db
COUNTS = {"botanitech": 9, "medreleaf": 13, "alma": 5, "phytoca": 8, "tasmanian_botanics": 10}


def bring_in(key, data, *, apply_now=True, by=None):
    return importing.bring_in(key, data=data, file_name=f"{key}.xlsx", by=by, apply_now=apply_now)


def rows_of_everything() -> dict[str, int]:
    """How many rows there are of all that an import can write."""
    models = [Supplier, Product, Price, Import, ImportRow, Product.history.model, Import.history.model]
    return {model.__name__: model.objects.count() for model in models}


class TestBringIn:
    @pytest.mark.parametrize(("key", "count"), COUNTS.items())
    def test_makes_a_product_of_every_line(self, key, count, sample):
        totals = bring_in(key, sample(key)).totals

        assert totals == {
            "read": count,
            "new": count,
            "changed": 0,
            "unchanged": 0,
            "gone": 0,
            "review": totals["review"],
            "errors": 0,
        }
        assert Product.objects.filter(supplier__key=key).count() == count
        assert Product.history.filter(history_type="+").count() == count

    @pytest.mark.parametrize("key", LAYOUTS)
    def test_changes_nothing_the_second_time_and_says_so(self, key, sample):
        first = bring_in(key, sample(key))
        before = rows_of_everything()

        second = bring_in(key, sample(key))

        assert rows_of_everything() == before
        assert second.seen_before == first.run
        assert (second.totals["unchanged"], second.totals["new"]) == (COUNTS[key], 0)

    def test_carries_the_facts_over(self, sample, manager):
        bring_in("medreleaf", sample("medreleaf"), by=manager)

        dune = Product.objects.with_prices().get(name="Dune (Hybrid)")
        assert (dune.thc_op, dune.thc_value, dune.thc_unit) == ("<", 1, "%")
        assert (dune.cbd_op, dune.cbd_value, dune.cbd_unit) == ("=", 16, "%")
        assert (dune.tga_category, dune.schedule, dune.dose_form) == (2, "S8", "dried_herb")
        assert (dune.size_value, dune.size_unit, dune.supply) == (10, "g", "active")
        assert (dune.wholesale, dune.retail) == (Decimal("90.00"), Decimal("115.00"))
        version = dune.history.get()
        assert (version.history_user, version.history_change_reason[:25]) == (
            manager,
            "Import of medreleaf.xlsx,",
        )

    def test_what_leaves_a_strength_blank_cannot_be_prescribed(self, damaged):
        """Whether it is new or was in order until now: nobody knows how much THC is in it."""

        def state(category):
            def edit(book):
                book["Oil"]["B2"], book["Oil"]["C2"] = "Curlew CBD 100", category
                book["Oil"].append(["Kestrel", "Egret CBD 50", category, 60, 80, "30mL", None, "50mg/mL"])

            return damaged("medreleaf", edit)

        def told():
            two = Product.objects.filter(name__in=["Curlew CBD 100", "Egret CBD 50"])
            return set(two.values_list("tga_category", "schedule", "review_codes__len", "is_prescribable"))

        bring_in("medreleaf", state(1))
        assert told() == {(1, "S4", 0, True)}

        silent = state(None)
        assert bring_in("medreleaf", silent).left_out == 0
        assert told() == {(None, "", 2, False)}
        before = rows_of_everything()

        assert bring_in("medreleaf", silent).totals["changed"] == 0
        assert rows_of_everything() == before

    def test_changes_only_what_has_changed(self, sample, damaged):
        bring_in("medreleaf", sample("medreleaf"))

        def edit(book):
            book["Oil"]["D2"], book["Oil"]["C3"] = 75, 5

        result = bring_in("medreleaf", damaged("medreleaf", edit))

        assert (result.totals["changed"], result.totals["unchanged"], result.totals["new"]) == (2, 11, 0)
        changes = {
            row.stated["product_name"]: row.changes for row in ImportRow.objects.filter(outcome="changed")
        }
        assert changes == {
            "Brolga CBD 100 (S4)": {"wholesale": ["72", "75"]},
            "5 / 100": {
                "tga_category_stated": [2, 5],
                "is_category_disputed": [False, True],
                "review_codes": [[], ["category_disagrees"]],
            },
        }
        assert Product.history.count() == 13 + 1  # a price is no version of the product
        brolga = Product.objects.with_prices().get(name="Brolga CBD 100 (S4)")
        assert brolga.wholesale == 75
        assert [price.amount for price in brolga.prices.filter(kind="wholesale")] == [75, 72]

    def test_goes_back_when_last_months_list_comes_again(self, sample, damaged):
        def edit(book):
            book["Oil"]["D2"] = 75

        bring_in("medreleaf", sample("medreleaf"))
        bring_in("medreleaf", damaged("medreleaf", edit))
        again = bring_in("medreleaf", sample("medreleaf"))

        assert (again.seen_before, again.totals["changed"]) == (None, 1)
        brolga = Product.objects.with_prices().get(name="Brolga CBD 100 (S4)")
        assert [price.amount for price in brolga.prices.filter(kind="wholesale")] == [72, 75, 72]
        assert brolga.wholesale == 72

    def test_tells_what_is_gone_and_leaves_it(self, sample, damaged):
        bring_in("botanitech", sample("botanitech"))

        result = bring_in("botanitech", damaged("botanitech", lambda book: book["Sheet1"].delete_rows(2)))

        assert [product.name for product in result.comparison.gone] == ["Botanitech CBD100 Lagoon"]
        assert Product.objects.get(name="Botanitech CBD100 Lagoon").supply == "active"

    def test_calls_nothing_gone_whose_line_is_wrong(self, sample, damaged):
        bring_in("medreleaf", sample("medreleaf"))

        def spoil(book):
            book["Carts"]["I2"] = "1750mg/g"
            book["Oil"].delete_rows(5)

        result = bring_in("medreleaf", damaged("medreleaf", spoil))

        (lost,) = ImportRow.objects.filter(outcome="error")
        assert lost.stated["product_name"] == "THC Dusk"
        assert [product.name for product in result.comparison.gone] == ["THC 20:1 (Indica)"]

    def test_gives_a_product_the_barcode_it_lacked(self, sample, damaged):
        def forget(book):
            book["Sheet1"]["H2"] = None

        bring_in("botanitech", damaged("botanitech", forget))
        result = bring_in("botanitech", sample("botanitech"))

        assert (result.totals["new"], result.totals["changed"]) == (0, 1)
        assert Product.objects.get(name="Botanitech CBD100 Lagoon").gtin13 == "2000000001012"

    def test_keeps_a_barcode_that_the_next_list_lacks(self, sample, damaged):
        def forget(book):
            book["Sheet1"]["H2"] = None

        bring_in("botanitech", sample("botanitech"))
        bring_in("botanitech", damaged("botanitech", forget))

        lagoon = Product.objects.get(name="Botanitech CBD100 Lagoon")
        assert (lagoon.gtin13, lagoon.review_codes) == ("2000000001012", ["gtin_missing"])

    def test_knows_a_renamed_product_by_its_barcode(self, sample, damaged):
        def rename(book):
            book["Sheet1"]["A2"] = "Botanitech CBD100 Lake"

        bring_in("botanitech", sample("botanitech"))
        bring_in("botanitech", damaged("botanitech", rename))

        assert Product.objects.get(gtin13="2000000001012").name == "Botanitech CBD100 Lake"
        assert Product.objects.count() == 9

    def test_takes_no_barcode_of_another_supplier(self, sample, damaged):
        def steal(book):
            book["Tasmanian Botanics Product List"]["E2"] = "2000000001012"

        bring_in("botanitech", sample("botanitech"))
        result = bring_in("tasmanian_botanics", damaged("tasmanian_botanics", steal))

        assert (result.totals["errors"], result.totals["new"]) == (1, 9)
        assert ImportRow.objects.get(outcome="error").findings[0]["code"] == "gtin_taken"

    def test_takes_a_product_once_that_is_listed_with_and_without_its_barcode(self, sample, damaged):
        def repeat(book):
            sheet = book["Sheet1"]
            sheet.append([cell.value if cell.column != 8 else None for cell in sheet[2]])

        bring_in("botanitech", sample("botanitech"))
        result = bring_in("botanitech", damaged("botanitech", repeat))

        assert (result.totals["errors"], result.totals["unchanged"]) == (1, 9)
        assert result.as_json()["quarantined"][0]["errors"] == ["duplicate_in_file"]

    def test_takes_no_second_line_for_a_product_known_by_its_barcode(self, sample, damaged):
        def rename_and_add(book):
            sheet = book["Sheet1"]
            sheet.append([cell.value if cell.column != 8 else None for cell in sheet[2]])
            sheet["A2"] = "Botanitech CBD100 Lake"

        bring_in("botanitech", sample("botanitech"))
        result = bring_in("botanitech", damaged("botanitech", rename_and_add))

        assert (result.totals["errors"], result.totals["changed"]) == (1, 1)
        assert result.as_json()["quarantined"][0]["errors"] == ["duplicate_in_file"]

    def test_does_not_guess_which_product_a_line_without_barcode_is(self, sample, damaged):
        def twins(book):
            sheet = book["Sheet1"]
            sheet.append([cell.value if cell.column != 8 else "2000000007779" for cell in sheet[2]])

        def forget(book):
            book["Sheet1"]["H2"] = None

        bring_in("botanitech", damaged("botanitech", twins))
        result = bring_in("botanitech", damaged("botanitech", forget))

        assert result.as_json()["quarantined"][0]["errors"] == ["identity_ambiguous"]
        assert (Product.objects.count(), result.comparison.gone) == (10, [])

    def test_leaves_a_status_alone_that_the_list_does_not_state(self, sample, damaged, manager):
        bring_in("alma", sample("alma"))
        Product.objects.get(name="Gannet").change(by=manager, supply="out_of_stock")

        def edit(book):
            book["Sheet1"]["L2"] = 111

        bring_in("alma", damaged("alma", edit))

        assert Product.objects.get(name="Gannet").supply == "out_of_stock"

    def test_loads_the_good_lines_beside_a_bad_one(self, damaged):
        def spoil(book):
            book["Sheet1"]["A2"] = None

        result = bring_in("botanitech", damaged("botanitech", spoil))

        assert (result.totals["new"], result.totals["errors"]) == (8, 1)
        lost = ImportRow.objects.get(outcome="error")
        assert (lost.cell, lost.raw["Sheet1!C2"], lost.product) == ("A2", "CBD100mg/mL", None)

    def test_refuses_another_suppliers_workbook_and_keeps_the_refusal(self, sample):
        with pytest.raises(WorkbookRefused):
            bring_in("alma", sample("phytoca"))

        run = Import.objects.get()
        assert (run.status, run.refusal[:44]) == ("refused", "This does not look like the Alma list: expec")
        assert (Product.objects.count(), ImportRow.objects.count()) == (0, 0)

    def test_writes_nothing_when_a_row_cannot_be_saved(self, sample):
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE catalog_price ADD CHECK (amount <> 47.50)")  # in one of the last rows

        with pytest.raises(IntegrityError):
            bring_in("medreleaf", sample("medreleaf"))

        assert (Product.objects.count(), Product.history.count(), Price.objects.count()) == (0, 0, 0)
        assert Import.objects.get().status == "approved"

    def test_refuses_unknown_suppliers(self):
        with pytest.raises(UnknownSupplier, match="Known are botanitech, medreleaf"):
            bring_in("acme", b"")


class TestExamine:
    def test_writes_nothing(self, sample):
        before = rows_of_everything()

        result = importing.examine("alma", data=sample("alma"))

        assert result.totals["new"] == 5
        assert rows_of_everything() == before
        assert not default_storage.exists("imports")

    def test_refuses_unknown_suppliers(self):
        with pytest.raises(UnknownSupplier):
            importing.examine("acme", data=b"")

    def test_needs_as_many_queries_for_few_as_for_many(self, sample, damaged, django_assert_num_queries):
        few = damaged("botanitech", lambda book: book["Sheet1"].delete_rows(3, 7))
        bring_in("botanitech", sample("botanitech"))

        many = damaged("botanitech", lambda book: book["Sheet1"].delete_rows(3))
        for data in (few, many):
            with django_assert_num_queries(10):
                importing.examine("botanitech", data=data)


def test_the_result_says_all_that_the_contract_names(sample):
    told = importing.examine("tasmanian_botanics", data=sample("tasmanian_botanics")).as_json()

    product = told["products"][6]
    assert {name: product[name] for name in ("product_name", "schedule_stated", "schedule")} == {
        "product_name": "CBD 80 Oral liquid",
        "schedule_stated": "S8",
        "schedule": "S4",
    }
    assert (product["tga_category_stated"], product["tga_category"]) == (2, 1)
    assert product["review"] == ["category_disagrees", "schedule_disagrees"]
    assert product["source"] == {"sheet": "Tasmanian Botanics Product List", "cell": "D8"}
    assert (told["read"], told["review"], told["supplier"]) == (10, 4, "tasmanian_botanics")
    assert told["products"][3]["wholesale"] is None
    assert told["products"][0]["other_cannabinoids"] == {"cbn": {"op": "<", "value": "50", "unit": "mg/g"}}
