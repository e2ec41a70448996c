"""Pages as people read them: a revision's blocks with what they tell of the practice, menus and crumbs."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, time, timedelta
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from clinic import blocks, offering
from clinic.blocks import Part
from clinic.models import Media, MenuItem, Page, Practice, Practitioner, Questionnaire, Roster, Snippet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

IN_GROUPS = {"step", "faq"}
"""Blocks of these kinds that follow each other are one list."""
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


class Shown(NamedTuple):
    """One page, ready to be put into its frame."""

    title: str
    lead: str
    search_title: str
    description: str
    body: SafeString
    address: str
    crumbs: list[tuple[str, str]]
    """The pages above it: title and address."""


class Day(NamedTuple):
    """A day of the week and when the practice is there, by its own clock."""

    name: str
    times: list[tuple[time, time]]


class Found(NamedTuple):
    """A live page and the version of it that is read."""

    page: UUID
    version: Any
    address: str
    is_for: str


def find(address: str, *, is_for: str) -> Found | None:
    """The page that is live at ``address``, in one statement."""
    live = Page.objects.live().filter(address=address, is_for=is_for).values("live_version")
    version = Page.history.model.objects.filter(history_id__in=live).first()
    return Found(version.id, version, address, is_for) if version else None


def show(version: Any, *, address: str, is_for: str, facts: Facts | None = None) -> Shown:
    """Make a page of a revision, or of a draft."""
    facts = facts or Facts(version.body)
    return Shown(
        title=version.title,
        lead=version.lead,
        search_title=version.search_title or version.title,
        description=version.description or version.lead,
        body=body(version.body, facts),
        address=address,
        crumbs=_crumbs(address, is_for),
    )


def body(stored: Any, facts: Facts | None = None) -> SafeString:
    """The blocks, one after the other."""
    facts = facts or Facts(stored)
    known = blocks.read(stored)
    parts = []
    for kind, group in groupby(known, key=lambda block: block["type"]):
        if kind in IN_GROUPS:
            parts.append(_render(kind, {"items": [block["value"] for block in group]}))
        else:
            parts += [_render(kind, _told(kind, block["value"], facts)) for block in group]
    return mark_safe("".join(parts))  # noqa: S308  made by templates, which escape; HTML of editors was cleaned


def _render(kind: str, told: dict[str, Any]) -> str:
    return render_to_string(f"clinic/blocks/{kind}.html", told)


def _told(kind: str, value: dict[str, Any], facts: Facts) -> dict[str, Any]:
    more: Callable[[dict[str, Any], Facts], dict[str, Any]] | None = MORE.get(kind)
    return {"value": value, **(more(value, facts) if more else {})}


def _people(value: dict[str, Any], facts: Facts) -> dict[str, Any]:
    chosen = set(value.get("doctors") or [])
    return {"doctors": [one for one in facts.doctors if not chosen or str(one.pk) in chosen]}


def _image(value: dict[str, Any], facts: Facts) -> dict[str, Any]:
    return {"media": facts.media.get(value.get("picture") or "")}


def _button(value: dict[str, Any], facts: Facts) -> dict[str, Any]:
    page = value.get("page")
    return {"address": facts.addresses.get(page) if page else value.get("link")}


def _snippet(value: dict[str, Any], facts: Facts) -> dict[str, Any]:
    return {"html": mark_safe(facts.snippets.get(value.get("snippet") or "", ""))}  # noqa: S308  cleaned when saved


def _questions(value: dict[str, Any], facts: Facts) -> dict[str, Any]:
    asked = facts.questionnaires.get(value.get("questionnaire") or "")
    return {"asked": asked, "questions": asked.asked() if asked else []}


MORE: dict[str, Callable[[dict[str, Any], Facts], dict[str, Any]]] = {
    "people": _people,
    "image": _image,
    "button": _button,
    "snippet": _snippet,
    "questions": _questions,
    "fees": lambda value, facts: {"kinds": facts.fees},
    "hours": lambda value, facts: {"days": facts.hours, "practice": facts.practice},
    "contact": lambda value, facts: {"practice": facts.practice},
}


class Facts:
    """What the blocks of one page tell of; each is asked for once, and only if a block tells of it."""

    def __init__(self, stored: Any) -> None:
        self.stored = stored

    @cached_property
    def practice(self) -> Practice:
        return Practice.objects.current()

    @cached_property
    def fees(self) -> list[offering.Kind]:
        return offering.fees()

    @cached_property
    def doctors(self) -> list[Practitioner]:
        return [*offering.doctors()]

    @cached_property
    def hours(self) -> list[Day]:
        return opening_hours(self.practice)

    @cached_property
    def media(self) -> dict[str, Media]:
        return {str(one.pk): one for one in Media.objects.filter(pk__in=self._keys(Part.MEDIA))}

    @cached_property
    def snippets(self) -> dict[str, str]:
        live = Snippet.objects.live().filter(pk__in=self._keys(Part.SNIPPET)).values("live_version")
        return {str(one.id): one.html for one in Snippet.history.model.objects.filter(history_id__in=live)}

    @cached_property
    def addresses(self) -> dict[str, str]:
        live = Page.objects.live().filter(pk__in=self._keys(Part.PAGE))
        return {str(pk): address for pk, address in live.values_list("pk", "address") if address}

    @cached_property
    def questionnaires(self) -> dict[str, Questionnaire]:
        keys = {block["value"].get("questionnaire") for block in blocks.read(self.stored)} - {None}
        newest = Questionnaire.objects.filter(key__in=keys).order_by("key", "-version").distinct("key")
        return {one.key: one for one in newest}

    def _keys(self, kind: Part) -> set[UUID]:
        return blocks.keys(self.stored, kind)


def opening_hours(practice: Practice) -> list[Day]:
    """When somebody of the practice is there in a week as this one, by the practice's clock."""
    today, zone = practice.today(), ZoneInfo(practice.time_zone)
    rosters = Roster.objects.in_force().filter(
        Q(until_on=None) | Q(until_on__gte=today),
        from_on__lte=today + timedelta(days=6),
        practitioner__accepts_patients=True,
        practitioner__user__is_active=True,
    )
    times: dict[int, list[tuple[time, time]]] = defaultdict(list)
    for roster in rosters.only("weekday", "starts", "ends", "time_zone"):
        on = today + timedelta(days=(roster.weekday - today.weekday()) % 7)
        own = ZoneInfo(roster.time_zone)
        starts, ends = (datetime.combine(on, at, own).astimezone(zone) for at in (roster.starts, roster.ends))
        last = time.max if ends.date() > starts.date() else ends.time()
        times[starts.weekday()].append((starts.time(), last))
    return [Day(name, _together(times[number])) for number, name in enumerate(DAYS)]


def _together(times: Iterable[tuple[time, time]]) -> list[tuple[time, time]]:
    """Stretches that touch or overlap as one."""
    whole: list[tuple[time, time]] = []
    for starts, ends in sorted(times):
        if whole and starts <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], ends))
        else:
            whole.append((starts, ends))
    return whole


def _crumbs(address: str, is_for: str) -> list[tuple[str, str]]:
    root = Page.ROOTS[is_for]
    parts = [part for part in address.removeprefix(root).split("/") if part][:-1]
    above = [root + "/".join(parts[: depth + 1]) + "/" for depth in range(len(parts))]
    if not above:
        return []
    found = Page.objects.live().filter(address__in=above).values_list("live_version", "address")
    addresses: dict[Any, Any] = dict(found)
    titles = Page.history.model.objects.filter(history_id__in=addresses).values_list("history_id", "title")
    return sorted(((title, addresses[key]) for key, title in titles), key=lambda one: len(one[1]))


def menus() -> dict[str, list[tuple[str, str]]]:
    """The menus, each entry with its words and where it leads."""
    found: dict[str, list[tuple[str, str]]] = {place: [] for place in MenuItem.Place.values}
    shown = MenuItem.objects.filter(Q(page=None) | Q(page__live_version__isnull=False), is_shown=True)
    for item in shown.select_related("page"):
        found[item.place].append((item.label, (item.page.address if item.page else item.link) or "/"))
    return found
