"""What the database refuses to have prescribed, past every rule."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.models import Product
from clinic import prescribing
from clinic.models import PrescriptionLine

pytestmark = pytest.mark.django_db
DOSE = {"quantity": 1, "directions": "Take 1 mL at night."}
NOT_ANY_MORE = [
    {"supply": "discontinued"},
    {"supply": "out_of_stock"},
    {"supply": "to_be_released"},
    {"tga_category": None, "schedule": ""},
    {"pathway": ""},
    {"is_composition_known": False},
    {"is_category_disputed": True},
    {"is_schedule_disputed": True},
    {"tga_category_stated": 2},
]


@pytest.mark.parametrize("facts", NOT_ANY_MORE, ids=str)
class TestDatabase:
    def test_takes_no_line_of_what_may_not_be_prescribed(self, facts, encounter, doctor, make_product):
        draft = prescribing.draft(encounter, by=doctor.user)
        product = make_product()
        product.change(by=None, **facts)

        with pytest.raises(IntegrityError, match="may not be prescribed"), transaction.atomic():
            PrescriptionLine.objects.add(by=None, prescription=draft, product=product, **DOSE)

    def test_puts_no_such_product_on_a_line_later(self, facts, encounter, doctor, make_product):
        line = prescribing.write(encounter, product=make_product(), by=doctor.user, **DOSE)
        other = make_product("Other Oil", **facts)

        with pytest.raises(IntegrityError, match="may not be prescribed"), transaction.atomic():
            PrescriptionLine.objects.filter(pk=line.pk).update(product=other)

    def test_issues_nothing_with_a_product_that_may_not_be_prescribed_now(self, facts, ready, doctor):
        Product.objects.filter(pk=ready.lines.get().product_id).update(**facts)

        with (
            pytest.raises(IntegrityError, match="a product on it may not be prescribed"),
            transaction.atomic(),
        ):
            ready.move_to("issued", by=doctor.user, **issued_by(doctor))


def test_what_was_taken_off_the_form_does_not_stop_it(ready, doctor, make_product):
    other = make_product("Other Oil")
    line = PrescriptionLine.objects.add(by=None, prescription=ready, product=other, **DOSE)
    line.change(by=doctor.user, removed_at=timezone.now(), removed_by=doctor.user)
    other.change(by=None, supply="discontinued")

    ready.move_to("issued", by=doctor.user, **issued_by(doctor))

    assert ready.status == "issued"


def issued_by(doctor):
    return {"number": 1, "content_sha256": "0" * 64, "issued_at": timezone.now(), "issued_by": doctor.user}
