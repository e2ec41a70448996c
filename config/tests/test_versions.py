"""How the versions of a record are told to people."""

import re
from datetime import UTC, datetime

import pytest

from catalog.models import Product
from messaging.models import Letter


@pytest.fixture
def letter(db, manager) -> Letter:
    """One that could not be sent, twice."""
    first = datetime(2026, 3, 3, 1, tzinfo=UTC)
    letter = Letter.objects.add(
        by=None, to="a@example.com", template="t", subject="Hi", next_attempt_at=first
    )
    letter.change(by=None, attempts=1, next_attempt_at=datetime(2026, 3, 3, 2, tzinfo=UTC))
    letter.move_to(Letter.Status.FAILED, by=manager, why="No such mailbox.", last_error="550")
    return letter


@pytest.fixture
def told(letter, manager, staff_client) -> list[list[str]]:
    page = staff_client(manager).get(f"/admin/messaging/letter/{letter.pk}/history/").content.decode()
    rows = re.findall(r"<tr>.*?</tr>", page.split("<tbody>")[1], flags=re.S)
    return [
        [
            " ".join(re.sub(r"<span[^>]*>arrow_right_alt</span>|<[^>]+>", " ", cell).split())
            for cell in row.split("<td>")
        ]
        for row in rows
    ]


class TestTellChanges:
    def test_names_what_only_rules_change_by_its_label(self, told):
        who, what, why = told[0][1:]

        assert who == "Manager Example"
        assert what == "Changed Status To be sent Failed Last error 550"
        assert why == "No such mailbox."

    def test_names_times_by_the_practices_clock(self, told):
        who, what, why = told[1][1:]

        assert who == "The system"
        assert what == "Changed Attempts 0 1 Next attempt at 3 Mar 2026, 12:00 3 Mar 2026, 13:00"
        assert why == ""

    def test_says_of_the_first_that_it_was_made(self, told):
        assert told[2][1:] == ["The system", "Created", ""]
        assert len(told) == 3

    def test_a_column_of_json_is_told_too(self, manager, staff_client):
        cbg = {"op": "=", "value": "1", "unit": "mg/mL", "basis": "volume"}
        product = Product.objects.add(
            by=manager, name="Oil", kind="conventional", other_cannabinoids={"cbg": cbg}
        )
        product.change(by=manager, other_cannabinoids={"cbg": cbg | {"value": "2"}})

        page = staff_client(manager).get(f"/admin/catalog/product/{product.pk}/history/")

        assert page.status_code == 200
        assert "Other cannabinoids" in page.content.decode()
