"""Finding a page or a record by a few letters: what the command palette (Ctrl K) answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from unfold.dataclasses import SearchResult

from billing.models import Order
from catalog.models import Product
from clinic import desk
from clinic.models import Appointment, Patient
from config.base import SignedInRequest
from messaging import clocks
from messaging.models import Letter

if TYPE_CHECKING:
    from clinic.models import User

MOST = 20
MOST_OF_A_KIND = 5
SHORTEST = 2  # letters; fewer would find everybody


class Kind(NamedTuple):
    """A kind of record that can be found: which of its rows, by which word, and what is told of one."""

    entry: desk.Entry
    rows: Callable[[User], QuerySet]
    matches: Callable[[str], Q]
    tell: Callable[[Any], str]


def hits(request: SignedInRequest, term: str) -> list[SearchResult]:
    """Find what ``term`` names among the pages and records that the person may open."""
    words = term.split()
    if len(term.strip()) < SHORTEST:
        return []
    found = chain(_pages(request, term), *(_records(kind, words, request.user) for kind in KINDS))
    return list(islice(found, MOST))


def _pages(request: SignedInRequest, term: str) -> Iterator[SearchResult]:
    for group in desk.sidebar(request):
        for item in group["items"]:
            if term.strip().lower() in item["title"].lower():
                yield SearchResult(item["title"], group["title"], item["link"], item["icon"])


def _records(kind: Kind, words: list[str], user: User) -> Iterator[SearchResult]:
    if not kind.entry.is_for(user):
        return
    rows = kind.rows(user)
    for word in words:
        rows = rows.filter(kind.matches(word))
    for record in rows[:MOST_OF_A_KIND]:
        yield SearchResult(str(record), kind.tell(record), desk.record_page(record), kind.entry.icon)


def _named(word: str, path: str) -> Q:
    return (
        Q(**{f"{path}__given_name__icontains": word})
        | Q(**{f"{path}__family_name__icontains": word})
        | Q(**{f"{path}__email__icontains": word})
    )


def _numbered(word: str) -> Q:
    return Q(number=int(word)) if word.isdecimal() and len(word) < 18 else Q(pk__in=[])


def _tell_patient(patient: Patient) -> str:
    born = f"born {date_format(patient.date_of_birth, 'j F Y')}" if patient.date_of_birth else ""
    return ", ".join(filter(None, ["Patient", born]))


def _tell_appointment(appointment: Appointment) -> str:
    zone = timezone.get_current_timezone_name()
    at = clocks.briefly(appointment.starts_at, zone=zone)
    return f"{appointment.get_status_display()}, {at}, with {appointment.slot.practitioner}"


KINDS = [
    Kind(
        desk.entry("clinic.patient"),
        rows=lambda user: Patient.objects.visible_to(user).select_related("user"),
        matches=lambda word: _named(word, "user") | Q(phone__icontains=word),
        tell=_tell_patient,
    ),
    Kind(
        desk.entry("clinic.appointment"),
        rows=lambda user: Appointment.objects.visible_to(user).select_related(
            "patient__user", "slot__practitioner__user"
        ),
        matches=lambda word: _named(word, "patient__user"),
        tell=_tell_appointment,
    ),
    Kind(
        desk.entry("catalog.product"),
        rows=Product.objects.visible_to,
        matches=lambda word: (
            Q(name__icontains=word) | Q(brand__icontains=word) | Q(gtin13=word) | Q(product_code__iexact=word)
        ),
        tell=lambda product: ", ".join(filter(None, ["Product", product.strength_text])),
    ),
    Kind(
        desk.entry("billing.order"),
        rows=lambda user: Order.objects.visible_to(user).select_related("payer"),
        matches=lambda word: _named(word, "payer") | _numbered(word),
        tell=lambda order: f"{order.get_status_display()}, A${order.amount:,.2f}, {order.payer}",
    ),
    Kind(
        desk.entry("messaging.letter"),
        rows=Letter.objects.visible_to,
        matches=lambda word: Q(to__icontains=word) | Q(subject__icontains=word),
        tell=lambda letter: f"Letter to {letter.to}, {letter.get_status_display().lower()}",
    ),
]
