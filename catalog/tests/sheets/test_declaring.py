"""Layouts that were matched in the admin read lists as those that came with the program."""

import pytest
from django.db import IntegrityError, transaction

from catalog import sheets
from catalog.models import SheetLayout, Supplier
from catalog.sheets import LAYOUTS, UnknownSupplier, declaring, reading

pytestmark = pytest.mark.django_db


@pytest.fixture
def make_layout():
    def make(key="kestrel", *, of="medreleaf", status="in_use", **changes):
        supplier = Supplier.objects.filter(key=key).first()
        supplier = supplier or Supplier.objects.add(by=None, key=key, name=key.title())
        said = declaring.declaration(LAYOUTS[of]) | changes
        return SheetLayout.objects.add(by=None, supplier=supplier, status=status, declaration=said)

    return make


class TestLayoutOf:
    @pytest.mark.parametrize("key", LAYOUTS)
    def test_reads_back_what_was_declared(self, key, make_layout, sample):
        stored = make_layout(key, of=key)
        stored.supplier.name = LAYOUTS[key].supplier

        again = declaring.layout_of(stored)

        assert again == LAYOUTS[key]
        assert reading.read(again, sample(key)) == reading.read(LAYOUTS[key], sample(key))

    def test_answers_with_ours_until_another_is_in_use(self, make_layout):
        make_layout("alma", of="botanitech", status="draft")
        assert sheets.layout_of("alma") is LAYOUTS["alma"]

        make_layout("alma", of="botanitech", brands=["Alma"])
        assert (sheets.layout_of("alma").supplier, sheets.layout_of("alma").brands) == ("Alma", ("Alma",))

    def test_knows_suppliers_that_were_added(self, make_layout):
        make_layout("kestrel")
        make_layout("alma", of="alma")

        assert sheets.known_suppliers() == [*LAYOUTS, "kestrel"]
        assert sheets.layout_of("kestrel").key == "kestrel"

    def test_refuses_others_by_name(self, make_layout):
        make_layout("kestrel")

        with pytest.raises(UnknownSupplier, match=r"“heron”. Known are botanitech, .*, kestrel\."):
            sheets.layout_of("heron")


class TestTheDatabase:
    def test_keeps_one_layout_of_a_supplier_in_use(self, make_layout):
        make_layout()
        make_layout(status="retired")

        with pytest.raises(IntegrityError, match="one_in_use"), transaction.atomic():
            make_layout()

    def test_uses_none_whose_columns_are_not_matched(self, make_layout):
        draft = make_layout(status="draft")

        with pytest.raises(IntegrityError, match="in_use_is_matched"), transaction.atomic():
            draft.move_to(SheetLayout.Status.IN_USE, by=None, declaration={})


@pytest.mark.parametrize(
    ("role", "sees"), [("manager", 1), ("auditor", 1), ("doctor", 0), ("reception", 0), ("patient", 0)]
)
def test_who_sees_layouts(role, sees, make_layout, make_user):
    made = make_layout()

    assert SheetLayout.objects.visible_to(make_user(role)).count() == sees
    assert str(made) == "Layout of Kestrel after "
