"""Many rows at once: each with its history, and along the moves there are."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config import sets
from messaging.models import Letter

pytestmark = pytest.mark.django_db


def letters(count: int) -> list[Letter]:
    now = timezone.now()
    return [Letter(to=f"{n}@example.com", template="t", next_attempt_at=now) for n in range(count)]


@pytest.fixture
def owed(manager) -> list[Letter]:
    rows = letters(3)
    sets.add_all(rows, by=manager, why="Owed.")
    return rows


def told(rows) -> set[tuple]:
    """What the newest version of each says."""
    newest = [Letter.objects.get(pk=row.pk).history.first() for row in rows]
    return {(v.history_type, v.status, v.history_user, v.history_change_reason) for v in newest}


def test_every_new_row_has_a_first_version(owed, manager):
    assert told(owed) == {("+", "owed", manager, "Owed.")}
    version = owed[0].history.get()
    assert (version.to, version.template, version.trace) == (owed[0].to, "t", {})


def test_nothing_is_added_of_nothing():
    sets.add_all([], by=None)

    assert not Letter.objects.exists()


def test_rows_change_together_and_say_who_and_why(owed, manager):
    changed = sets.change_all(
        Letter, [row.pk for row in owed[:2]], by=manager, why="Tried.", attempts=4, last_error="550"
    )

    assert changed == {row.pk for row in owed[:2]}
    assert told(owed[:2]) == {("~", "owed", manager, "Tried.")}
    assert list(Letter.objects.order_by("to").values_list("attempts", "last_error")) == [
        (4, "550"),
        (4, "550"),
        (0, ""),
    ]


def test_rows_move_together_but_only_where_a_move_starts(owed, manager):
    owed[0].move_to("sent", by=None)

    moved = sets.move_all(Letter, [row.pk for row in owed], "failed", by=manager, why="No such host.")

    assert moved == {row.pk for row in owed[1:]}
    assert told(owed[1:]) == {("~", "failed", manager, "No such host.")}
    assert told(owed[:1]) == {("~", "sent", None, "")}


@pytest.mark.parametrize("count", [1, 50])
def test_it_takes_as_many_statements_for_many_as_for_one(count):
    rows = letters(count)
    with CaptureQueriesContext(connection) as asked:
        sets.add_all(rows, by=None)
        sets.move_all(Letter, [row.pk for row in rows], "failed", by=None)

    assert len(asked) == 3


def test_each_row_is_written_as_it_is_now(owed, manager):
    owed[0].to, owed[1].to, owed[1].template = "a@example.com", "b@example.com", "never written"

    with CaptureQueriesContext(connection) as captured:
        sets.change_each(owed[:2], ["to"], by=manager, why="Mended.")

    assert len(captured) <= 3
    kept = {letter.pk: (letter.to, letter.template) for letter in Letter.objects.all()}
    assert [kept[row.pk] for row in owed] == [
        ("a@example.com", "t"),
        ("b@example.com", "t"),
        ("2@example.com", "t"),
    ]
    assert told(owed[:2]) == {("~", "owed", manager, "Mended.")}
    assert owed[0].history.first().to == "a@example.com"
