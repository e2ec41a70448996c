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
from catalog import searching
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
    """A kind of record that can be found: which rows a few words find, and what is told of one."""

    entry: desk.Entry
    find: Callable[[User, str], QuerySet]
    tell: Callable[[Any], str]


def hits(request: SignedInRequest, term: str) -> list[SearchResult]:
    """Find what ``term`` names among the pages and records that the person may open."""
    if len(term.strip()) < SHORTEST:
        return []
    found = chain(_pages(request, term), *(_records(kind, term, request.user) for kind in KINDS))
    return list(islice(found, MOST))


def _pages(request: SignedInRequest, term: str) -> Iterator[SearchResult]:
    for group in desk.sidebar(request):
        for item in group["items"]:
            if term.strip().lower() in item["title"].lower():
                yield SearchResult(item["title"], group["title"], item["link"], item["icon"])


def _records(kind: Kind, term: str, user: User) -> Iterator[SearchResult]:
    if not kind.entry.is_for(user):
        return
    for record in kind.find(user, term)[:MOST_OF_A_KIND]:
        yield SearchResult(str(record), kind.tell(record), desk.record_page(record), kind.entry.icon)


def _by_word(
    rows: Callable[[User], QuerySet], matches: Callable[[str], Q]
) -> Callable[[User, str], QuerySet]:
    """Find the rows that every word fits."""

    def find(user: User, term: str) -> QuerySet:
        found = rows(user)
        for word in term.split():
            found = found.filter(matches(word))
        return found

    return find


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
        _by_word(
            lambda user: Patient.objects.visible_to(user).select_related("user"),
            lambda word: _named(word, "user") | Q(phone__icontains=word),
        ),
        _tell_patient,
    ),
    Kind(
        desk.entry("clinic.appointment"),
        _by_word(
            lambda user: Appointment.objects.visible_to(user).select_related(
                "patient__user", "slot__practitioner__user"
            ),
            lambda word: _named(word, "patient__user"),
        ),
        _tell_appointment,
    ),
    Kind(
        desk.entry("catalog.product"),
        lambda user, term: searching.search(user, term).products,
        lambda product: ", ".join(
            filter(None, ["Product", product.strength_text, str(product.supplier or "")])
        ),
    ),
    Kind(
        desk.entry("billing.order"),
        _by_word(
            lambda user: Order.objects.visible_to(user).select_related("payer"),
            lambda word: _named(word, "payer") | _numbered(word),
        ),
        lambda order: f"{order.get_status_display()}, A${order.amount:,.2f}, {order.payer}",
    ),
    Kind(
        desk.entry("messaging.letter"),
        _by_word(Letter.objects.visible_to, lambda word: Q(to__icontains=word) | Q(subject__icontains=word)),
        lambda letter: f"Letter to {letter.address}, {letter.get_status_display().lower()}",
    ),
]
