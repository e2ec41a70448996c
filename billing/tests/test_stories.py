"""What Stripe may do to an order, as a table: each story has one ledger that it ends in."""

from __future__ import annotations

import json
from decimal import Decimal
from random import Random

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from billing.models import Entry, StripeEvent
from billing.tests.stories import Story
from billing.tests.test_bookkeeping import balances
from config import invariants

pytestmark = pytest.mark.django_db

OWED = {"receivable": "89.00", "income": "-89.00"}
PAID = {"stripe": "89.00", "income": "-89.00"}
NOTHING: dict[str, str] = {}
DAY = 24 * 60

# name: (minutes and steps, where the order ends, balances of the ledger)
STORIES: dict[str, tuple[list[tuple[float, str]], str, dict[str, str]]] = {
    # Paying
    "nobody pays": ([(0, "open")], "open", OWED),
    "a page is opened and closed": ([(0, "open"), (15, "close"), (16, "hear")], "void", NOTHING),
    "the card is declined": ([(0, "open"), (1, "press:decline"), (2, "hear")], "open", OWED),
    "a declined card, then a good one": (
        [(0, "open"), (1, "press:decline"), (2, "press:pay"), (3, "hear")],
        "paid",
        PAID,
    ),
    "paid and heard": ([(0, "pay"), (1, "hear")], "paid", PAID),
    "paid and heard a day later": ([(0, "pay"), (DAY, "hear")], "paid", PAID),
    "paid, every event twice": ([(0, "pay"), (1, "hear:doubled")], "paid", PAID),
    "paid, the events in reverse": ([(0, "pay"), (1, "hear:reversed")], "paid", PAID),
    "paid, and Stripe repeats itself for days": (
        [(0, "pay"), (1, "hear"), (DAY, "again"), (2 * DAY, "again")],
        "paid",
        PAID,
    ),
    "paid, the news lost, the patient’s page asks": ([(0, "pay"), (1, "lose"), (2, "ask")], "paid", PAID),
    "paid in the last moment, as the hold runs out": ([(0, "pay"), (15, "close")], "paid", PAID),
    "paid in the last moment, and heard after the sweep": (
        [(0, "pay"), (15, "close"), (16, "hear")],
        "paid",
        PAID,
    ),
    "pressed twice": ([(0, "pay"), (0.1, "press:pay"), (1, "hear")], "paid", PAID),
    "pressed after the page was closed": (
        [(0, "open"), (15, "close"), (16, "press:pay"), (17, "hear")],
        "void",
        NOTHING,
    ),
    "a second page after the first was closed": (
        [(0, "open"), (31, "open"), (32, "press:pay"), (33, "hear")],
        "paid",
        PAID,
    ),
    "paid at the desk while a page is open": (
        [(0, "open"), (1, "cash"), (2, "press:pay"), (3, "hear")],
        "paid",
        {"cash": "89.00", "income": "-89.00"},
    ),
    "waived while a page is open": (
        [(0, "open"), (1, "waive"), (2, "press:pay"), (3, "hear")],
        "waived",
        {"waived": "89.00", "income": "-89.00"},
    ),
    "a part in cash, the rest online": (
        [(0, "cash:39.00"), (1, "pay"), (2, "hear")],
        "paid",
        {"cash": "39.00", "stripe": "50.00", "income": "-89.00"},
    ),
    # What is not ours
    "a page of another amount is paid": ([(0, "open"), (1, "forge:amount"), (2, "hear")], "open", OWED),
    "a page in another currency is paid": ([(0, "open"), (1, "forge:currency"), (2, "hear")], "open", OWED),
    "a page that nobody knows is paid": ([(0, "open"), (1, "forge:metadata"), (2, "hear")], "open", OWED),
    # Going back
    "refunded in full": ([(0, "pay"), (1, "hear"), (2, "refund"), (3, "hear")], "refunded", NOTHING),
    "refunded in part": (
        [(0, "pay"), (1, "hear"), (2, "refund:30.00"), (3, "hear")],
        "paid",
        {"stripe": "59.00", "income": "-59.00"},
    ),
    "refunded in two parts": (
        [(0, "pay"), (1, "hear"), (2, "refund:30.00"), (3, "refund:59.00"), (4, "hear")],
        "refunded",
        NOTHING,
    ),
    "more is asked for than is left": (
        [(0, "pay"), (1, "hear"), (2, "refund:30.00"), (3, "refuse:60.00"), (4, "hear")],
        "paid",
        {"stripe": "59.00", "income": "-59.00"},
    ),
    "the news of a refund in reverse and of the payment last": (
        [(0, "pay"), (1, "ask"), (2, "refund"), (3, "hear:reversed")],
        "refunded",
        NOTHING,
    ),
    "the news of a refund lost, the schedule asks": (
        [
            (0, "pay"),
            (1, "hear"),
            (2, "refunds:pending"),
            (3, "refund"),
            (4, "refunds:succeeded"),
            (5, "lose"),
            (DAY, "chase"),
        ],
        "refunded",
        NOTHING,
    ),
    "a refund under way": (
        [(0, "pay"), (1, "hear"), (2, "refunds:pending"), (3, "refund"), (4, "hear")],
        "refunding",
        {"stripe": "89.00", "refunds": "-89.00"},
    ),
    "a refund that goes through days later": (
        [
            (0, "pay"),
            (1, "hear"),
            (2, "refunds:pending"),
            (3, "refund"),
            (4, "hear"),
            (3 * DAY, "refunds:succeeded"),
            (3 * DAY + 1, "hear"),
        ],
        "refunded",
        NOTHING,
    ),
    "a refund that fails": (
        [(0, "pay"), (1, "hear"), (2, "refunds:failed"), (3, "refund"), (4, "hear")],
        "paid",
        PAID,
    ),
    "a refund that fails, and one that works": (
        [
            (0, "pay"),
            (1, "hear"),
            (2, "refunds:failed"),
            (3, "refund"),
            (4, "hear"),
            (5, "refunds:succeeded"),
            (6, "refund"),
            (7, "hear"),
        ],
        "refunded",
        NOTHING,
    ),
    "a refund that the bank returns": (
        [(0, "pay"), (1, "hear"), (2, "refund"), (3, "hear"), (5 * DAY, "bounce"), (5 * DAY + 1, "hear")],
        "paid",
        PAID,
    ),
    "a refund that the bank returns, all heard at once and in reverse": (
        [(0, "pay"), (1, "ask"), (2, "refund"), (5 * DAY, "bounce"), (5 * DAY + 1, "hear:reversed")],
        "paid",
        PAID,
    ),
    "cancelled for nothing": ([(0, "pay"), (1, "hear"), (2, "unwind"), (3, "hear")], "refunded", NOTHING),
    "cancelled for half the fee": (
        [(0, "pay"), (1, "hear"), (2, "unwind:44.50"), (3, "hear")],
        "paid",
        {"stripe": "44.50", "gst": "-4.05", "cancellation": "-40.45"},
    ),
    # Taken back by a bank
    "disputed": (
        [(0, "pay"), (1, "hear"), (DAY, "dispute"), (DAY + 1, "hear")],
        "disputed",
        {"disputed": "89.00", "income": "-89.00"},
    ),
    "disputed and won": (
        [
            (0, "pay"),
            (1, "hear"),
            (DAY, "dispute"),
            (DAY + 1, "hear"),
            (9 * DAY, "decide:won"),
            (9 * DAY + 1, "hear"),
        ],
        "paid",
        PAID,
    ),
    "disputed and lost": (
        [
            (0, "pay"),
            (1, "hear"),
            (DAY, "dispute"),
            (DAY + 1, "hear"),
            (9 * DAY, "decide:lost"),
            (9 * DAY + 1, "hear"),
        ],
        "refunded",
        {"dispute_losses": "89.00", "income": "-89.00"},
    ),
    "disputed and lost, only the last of it heard": (
        [(0, "pay"), (1, "hear"), (DAY, "dispute"), (9 * DAY, "decide:lost"), (9 * DAY + 1, "hear:last")],
        "refunded",
        {"dispute_losses": "89.00", "income": "-89.00"},
    ),
    "disputed before anybody had heard of the payment": (
        [(0, "pay"), (DAY, "dispute"), (DAY + 1, "hear:reversed"), (DAY + 20, "retry")],
        "disputed",
        {"disputed": "89.00", "income": "-89.00"},
    ),
}


@pytest.fixture
def story(order, simulated_stripe, manager, work) -> Story:
    return Story(order, simulator=simulated_stripe, by=manager, work=work)


def broken() -> list[tuple[str, list[str]]]:
    return [(found.check.name, found.examples) for found in invariants.examine() if found.broken]


@pytest.mark.parametrize("name", STORIES)
def test_a_story_ends_in_its_ledger(story, name):
    steps, status, ledger = STORIES[name]

    story.tell(steps)

    assert (story.order.status, balances()) == (status, ledger)


@pytest.mark.parametrize("name", STORIES)
def test_hearing_everything_again_changes_nothing(story, name):
    steps, _, ledger = STORIES[name]
    story.tell([*steps, (20 * DAY, "hear")])
    written = list(Entry.objects.order_by("pk").values_list("pk", flat=True))
    for event in StripeEvent.objects.all():
        event.change(processed_at=None, next_attempt_at=None, by=None, why="To be handled once more.")

    for event in StripeEvent.objects.order_by("?"):
        story.hear_one(event)

    assert list(Entry.objects.order_by("pk").values_list("pk", flat=True)) == written
    assert balances() == ledger


# What nobody here did anything about: the inbox tells all of it.
BY_STRIPE = {"pay", "press", "hear", "again", "dispute", "decide", "retry"}
TOLD_BY_STRIPE = [
    name
    for name, (steps, *_) in STORIES.items()
    if {step.partition(":")[0] for _, step in steps} <= BY_STRIPE and "pay" in dict(steps).values()
]


def in_the_books() -> list[tuple]:
    return [
        (entry.kind, sorted((part.account, part.amount) for part in entry.postings.all()))
        for entry in Entry.objects.order_by("recorded_at", "pk")
    ]


@pytest.mark.parametrize("name", TOLD_BY_STRIPE)
def test_replaying_the_inbox_from_empty_gives_the_same_ledger(story, name):
    steps, _, ledger = STORIES[name]
    story.open()
    with taken_back():
        story.tell([(at, "press:pay" if step == "pay" else step) for at, step in steps])
        lived = in_the_books()
        inbox = [json.loads(event.payload) for event in StripeEvent.objects.order_by("received_at", "pk")]
    assert [kind for kind, _ in in_the_books()] == ["ordered"]

    story.deliver(inbox)
    StripeEvent.objects.waiting().update(next_attempt_at=story.began)
    story.retry()

    assert sorted(in_the_books()) == sorted(lived)
    assert balances() == ledger


def test_enough_is_told_and_replayed():
    assert len(STORIES) >= 30
    assert len(TOLD_BY_STRIPE) >= 8


HAPPENINGS = st.lists(
    st.sampled_from(
        [
            "refund:10.00",
            "refund:30.00",
            "refund",
            "unwind:20.00",
            "refunds:failed",
            "refunds:pending",
            "refunds:succeeded",
            "dispute",
            "decide:won",
            "decide:lost",
            "chase",
        ]
    ),
    max_size=5,
)


@how(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(happenings=HAPPENINGS, dice=st.randoms(use_true_random=False))
def test_shuffled_doubled_and_dropped_events_end_in_the_same_ledger(
    happenings, dice, make_order, simulated_stripe, manager, work
):
    simulated_stripe.control("refunds", "succeeded")
    with taken_back():
        live_through(Story(make_order(), simulator=simulated_stripe, by=manager, work=work), happenings, dice)


def taken_back() -> transaction.Atomic:
    """What happens in it may talk to the outside, as a test may, and none of it stays."""
    block = Undone(None, True, False)  # noqa: FBT003
    block._from_testcase = True
    return block


class Undone(transaction.Atomic):
    def __exit__(self, *about) -> None:
        transaction.set_rollback(True)
        super().__exit__(*about)


def live_through(story: Story, happenings: list[str], dice: Random) -> None:
    story.tell([(0, "pay"), (1, "ask")])
    for number, happening in enumerate(happenings):
        story.try_to(happening, minutes=10 + number)
        story.scramble(dice, minutes=10 + number)
    story.do("refunds:succeeded")
    story.tell([(9 * DAY, "chase"), (9 * DAY + 1, "know_all")])

    there = story.at_stripe()
    here = balances(order=story.order)
    assert {account: Decimal(here.get(account, 0)) for account in there} == there
    assert (Decimal(here.get("refunds", 0)), broken()) == (0, [])
    order = story.order
    assert order.paid == order.kept + order.refunded + order.lost
