"""The button that settles a doubtful strength, on a product's page."""

import pytest

from catalog.models import Product
from catalog.tests.admin.pages import page, press

pytestmark = pytest.mark.django_db
BUTTON = "The strength is right"


@pytest.fixture
def doubtful(make_product):
    return make_product(review_codes=["name_disagrees_with_potency"])


@pytest.fixture
def make_product():
    def make(**fields):
        return Product.objects.add(by=None, kind="conventional", name="Heron", schedule="S4", **fields)

    return make


def test_a_manager_settles_it_with_a_reason(doubtful, manager, staff_client):
    client = staff_client(manager)
    assert BUTTON in client.get(page(doubtful)).content.decode()

    press(client, doubtful, "settle", why="The label says 25 mg/mL.")

    assert doubtful.is_strength_settled
    assert doubtful.history.first().history_change_reason == "The strength is right: The label says 25 mg/mL."
    assert BUTTON not in client.get(page(doubtful)).content.decode()


def test_a_doctor_does_not(doubtful, make_user, staff_client):
    client = staff_client(make_user("doctor"))
    assert BUTTON not in client.get(page(doubtful)).content.decode()

    press(client, doubtful, "settle", why="It will be right.")

    assert not doubtful.is_strength_settled


def test_nothing_is_asked_where_nothing_is_in_doubt(make_product, manager, staff_client):
    assert BUTTON not in staff_client(manager).get(page(make_product())).content.decode()
