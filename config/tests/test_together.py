"""Several querysets read in one statement give what each gives by itself."""

from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.db.models import Count, F, Value

from billing.models import Fee
from config import together

User = get_user_model()
pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(make_user):
    manager = make_user("manager", time_zone="Australia/Perth")
    for number, amount in enumerate(["80.00", "0.60", "12345.67"]):
        Fee.objects.add(
            by=manager, code=f"fee.{number}", description="Ünïcode “fee”", amount=Decimal(amount),
            effective_from="2026-01-01",
        )  # fmt: skip
    return manager


CASES = {
    "rows": lambda: Fee.objects.order_by("code"),
    "first rows": lambda: Fee.objects.order_by("-amount")[:2],
    "related": lambda: Fee.history.model.objects.select_related("history_user").order_by("history_date"),
    "annotated": lambda: Fee.objects.annotate(twice=F("amount") * Value(2)).order_by("code"),
    "values": lambda: Fee.objects.order_by("code").values("code", "effective_from"),
    "counted": lambda: User.objects.values_list("role").annotate(Count("pk")),
    "one of each": lambda: Fee.objects.order_by("effective_from", "-amount").distinct("effective_from"),
    "nothing": Fee.objects.none,
    "nothing found": lambda: Fee.objects.filter(code="else"),
}


def told(queryset):
    """Everything that the rows of a queryset say."""
    if queryset._fields is not None:
        return list(queryset)
    return [{**vars(row), "_state": None} for row in queryset]


@pytest.mark.parametrize("name", CASES)
def test_each_says_what_it_says_alone(rows, name):
    read = CASES[name]()
    together.read([read])

    assert told(read) == told(CASES[name]())


def test_what_is_related_comes_along(rows, django_assert_num_queries):
    read = CASES["related"]()
    together.read([read])

    with django_assert_num_queries(0):
        assert [version.history_user for version in read] == [rows] * 3


def test_all_of_them_are_one_statement(rows, django_assert_num_queries):
    asked = [make() for make in CASES.values()]

    with django_assert_num_queries(1):
        together.read(asked)
        assert [len(queryset) for queryset in asked] == [3, 2, 3, 3, 3, 1, 1, 0, 0]


def test_what_was_read_is_not_read_again(rows, django_assert_num_queries):
    fees = Fee.objects.all()
    list(fees)

    with django_assert_num_queries(0):
        together.read([fees])


def test_a_queryset_can_be_cut_down_afterwards(rows):
    fees = Fee.objects.all()
    together.read([fees])

    assert fees.filter(code="fee.1").get().amount == Decimal("0.60")
