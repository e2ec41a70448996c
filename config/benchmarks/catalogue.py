"""Ten searches among 100,000 products, as the clinic asks them and over HTTP, beside SQL written by hand."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.utils import timezone

from config.benchmarks import dashboard, scratch, shelves
from config.benchmarks.measuring import fetcher, p95, times
from config.benchmarks.recording import Recording
from config.benchmarks.reports import Report

PRODUCTS = 100_000
SHOWN = 50  # products on a page
ROUNDS, WARM_UP = 20, 3
TARGETS = {
    "search_p50_ms": 100,
    "search_p95_ms": 100,
    "list_p95_ms": 300,
    "search": 2.5,  # the slowest of each: SQL by hand neither ranks, nor forgives, nor makes objects of rows
    "search_statements": 4,
}
LIST = "/admin/catalog/product/"
PAGE = f"ORDER BY name, brand, id LIMIT {SHOWN}"


class Search(NamedTuple):
    """One question: its words, what the list is narrowed by, and the least SQL that answers it."""

    text: str
    narrowed: dict[str, str]
    by_hand: str


FLOWERS = {"dose_form__exact": "dried_herb", "category": "5"}
STRONG = {"thc_from": "20", "thc_to": "22", "thc_in": "%"}
CHEAP = {"price_from": "80", "price_to": "100", "price_in": "retail", "supply__exact": "active"}
SEARCHES = [
    Search("mallee", {}, "words LIKE '%MALLEE%'"),
    Search("mallee 12", {}, "words LIKE '%MALLEE%' AND words LIKE '% 12%'"),
    Search("quandong oil", {}, "words LIKE '%QUANDONG%' AND dose_form = 'oral_liquid'"),
    Search("thc", {}, "thc_value IS NOT NULL"),
    Search("quandnog", {}, "words LIKE '%QUANDONG%'"),
    Search("2000000000345", {}, "gtin13 = '2000000000345'"),
    Search("supplier banksia", {}, "words LIKE '%BANKSIA%' AND supplier_id IS NOT NULL"),
    Search("banksia", FLOWERS, "words LIKE '%BANKSIA%' AND dose_form = 'dried_herb' AND tga_category = 5"),
    Search("", STRONG, "thc_unit = '%' AND thc_basis = 'weight' AND thc_value BETWEEN 20 AND 22"),
    Search(
        "",
        CHEAP,
        "supply = 'active' AND id IN (SELECT product_id FROM catalog_price_span WHERE kind = 'retail'"
        " AND amount BETWEEN 80 AND 100 AND from_on <= current_date"
        " AND (until_on IS NULL OR until_on > current_date))",
    ),
]


def run() -> Report:
    report = Report(targets=dict(TARGETS))
    with scratch.database():
        say(f"Filling the shelves with {PRODUCTS:,} products …")
        shelves.fill(PRODUCTS)
        from django_otp.plugins.otp_totp.models import TOTPDevice  # noqa: PLC0415  Django is up only now

        manager: Any = get_user_model()
        user = manager.objects.create_user("manager@example.com", None, role="manager", given_name="M")
        TOTPDevice.objects.create(user=user, name="Bench", confirmed=True)
        say("Searching …")
        measure_searches(report, user)
        measure_list(report)
    report.compare("search", "search_p95_ms", "sql_p95_ms")
    return report


def say(line: str) -> None:
    print(line, file=sys.stderr)


def measure_searches(report: Report, user: Any) -> None:
    """Each search by the product's own function and by hand, in turn; the first page of what is found."""
    ours: list[float] = []
    floor: list[float] = []
    asked = []
    for number, search in enumerate(SEARCHES, start=1):
        own = asking(search, user)
        with Recording() as recording:
            own()
        asked.append(len(recording.statements))
        taken = times(own, rounds=ROUNDS, warm_up=WARM_UP)
        report.figures[f"search_{number}_p50_ms"] = statistics.median(taken)
        ours += taken
        floor += times(by_hand(search), rounds=ROUNDS, warm_up=WARM_UP)
    report.figures |= {
        "search_p50_ms": statistics.median(ours),
        "search_p95_ms": p95(ours),
        "search_statements": max(asked),
    }
    report.floors |= {"sql_p50_ms": statistics.median(floor), "sql_p95_ms": p95(floor)}


def asking(search: Search, user: Any) -> Callable[[], object]:
    """A function that looks for the first page as the list and the consultation do."""
    from catalog import searching  # noqa: PLC0415  Django is up only now
    from catalog.models import Product  # noqa: PLC0415

    def span(name: str) -> searching.Range:
        least, most = (Decimal(search.narrowed[f"{name}_{part}"]) for part in ("from", "to"))
        return searching.Range(least, most, search.narrowed[f"{name}_in"])

    def ask() -> object:
        products = Product.objects.visible_to(user).select_related("supplier")
        if search.narrowed is FLOWERS:
            products = products.filter(dose_form="dried_herb", tga_category=5)
        if search.narrowed is STRONG:
            products = searching.with_strength(products, "thc", span("thc"))
        if search.narrowed is CHEAP:
            day = timezone.localdate()
            products = products.filter(supply="active")
            products = searching.with_price(products, "retail", span("price"), by=user, on=day)
        return list(searching.find(products, search.text).products[:SHOWN])

    return ask


def by_hand(search: Search) -> Callable[[], object]:
    def ask() -> object:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM catalog_product WHERE {search.by_hand} {PAGE}")  # noqa: S608  our own words
            return cursor.fetchall()

    return ask


def measure_list(report: Report) -> None:
    """The list of products over HTTP: all that is found is counted, and fifty are drawn with their prices."""
    taken: list[float] = []
    asked = []
    with (
        dashboard.signed_in_manager() as cookie,
        scratch.served("config.asgi:application", PROCESS="web") as (
            port,
            _,
        ),
    ):
        for search in SEARCHES:
            page = f"{LIST}?{urlencode({'q': search.text} | search.narrowed)}"
            taken += times(fetcher(port, page, Cookie=cookie), rounds=ROUNDS // 2, warm_up=WARM_UP)
            asked.append(statements(page, cookie))
    report.figures |= {
        "list_p50_ms": statistics.median(taken),
        "list_p95_ms": p95(taken),
        "list_statements": max(asked),
    }


def statements(page: str, cookie: str) -> int:
    name, _, value = cookie.partition("=")
    browser = Client()
    browser.cookies[name] = value
    browser.get(page)
    with Recording() as recording:
        browser.get(page)
    return len(recording.statements)
