"""Where pages are: their tree, their addresses, and what becomes of the addresses they had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.urls import Resolver404, resolve

from clinic.models import MenuItem, Page, Redirect
from clinic.models.pages import ADDRESS_MAX
from config.base import Refused
from config.sets import change_each

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from clinic.models import User

VIEW = "page"
"""The name of the view that shows pages of every address that nothing else has."""

FUNCTIONS = """
CREATE OR REPLACE FUNCTION clinic_refuse_lost_page() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE above clinic_page;
BEGIN
  IF NEW.parent_id IS NOT NULL THEN
    IF EXISTS (
      WITH RECURSIVE up AS (
        SELECT id, parent_id FROM clinic_page WHERE id = NEW.parent_id
        UNION SELECT p.id, p.parent_id FROM clinic_page p JOIN up ON p.id = up.parent_id)
      SELECT FROM up WHERE id = NEW.id) THEN
      RAISE EXCEPTION 'clinic_page: a page is not below itself.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_page_tree';
    END IF;
    SELECT * INTO above FROM clinic_page WHERE id = NEW.parent_id FOR SHARE;
    IF above.is_for <> NEW.is_for
       OR (NEW.live_version IS NOT NULL AND (above.live_version IS NULL
           OR NEW.address NOT LIKE above.address || '%')) THEN
      RAISE EXCEPTION 'clinic_page: a live page is below a live one, and for the same readers.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_page_below_a_live_one';
    END IF;
  END IF;
  IF NEW.address IS NOT NULL AND (NEW.is_for = 'portal') <> starts_with(NEW.address, '/portal/pages/') THEN
    RAISE EXCEPTION 'clinic_page: pages of the portal, and no others, are below /portal/pages/.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_page_address_of_its_readers';
  END IF;
  IF NEW.live_version IS NULL
     AND EXISTS (SELECT FROM clinic_page WHERE parent_id = NEW.id AND live_version IS NOT NULL) THEN
    RAISE EXCEPTION 'clinic_page: the pages below it are live.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_page_below_a_live_one';
  END IF;
  RETURN NEW;
END $$;
"""


def statements() -> list[str]:
    """The trigger, as SQL."""
    return [
        'CREATE OR REPLACE TRIGGER "clinic_page_is_found" BEFORE INSERT OR UPDATE ON "clinic_page"'
        " FOR EACH ROW EXECUTE FUNCTION clinic_refuse_lost_page()"
    ]


class AddressTaken(Refused):
    def __init__(self, address: str) -> None:
        super().__init__(
            f"{address} is an address of the system or of another page. Choose another last part."
        )


class NotThere(Refused):
    """The page cannot stand there in the tree; why, the sentence says."""


class Spot(NamedTuple):
    """Where somebody put a page or an entry of a menu."""

    pk: UUID
    parent: UUID | None
    position: int


def address_of(page: Page, slug: str) -> str:
    """Where ``page`` would be with ``slug`` as the last part.

    :raises NotThere: the page above it is not live
    :raises AddressTaken: the address is the system's own
    """
    above = page.parent
    if above is not None and above.address is None:
        raise NotThere(f"“{above}” is above this page, and not published. Publish it first.")
    address = (above.address or "" if above else Page.ROOTS[page.is_for]) + (f"{slug}/" if slug else "")
    if len(address) > ADDRESS_MAX:
        raise NotThere("The address would be too long. Shorten its last part.")
    _refuse_taken(address, page)
    return address


def _refuse_taken(address: str, page: Page) -> None:
    try:
        there = resolve(address).view_name
    except Resolver404:
        there = ""
    is_start = address == Page.ROOTS[Page.Readers.PUBLIC] and there == "home"
    if not (is_start or there in {VIEW, "portal-page"}):
        raise AddressTaken(address)
    if Page.objects.filter(address=address).exclude(pk=page.pk).exists():
        raise AddressTaken(address)


def leave_redirect(page: Page, old_address: str | None, *, by: User | None) -> None:
    """Remember where a live page was before."""
    if old_address and old_address != page.address:
        Redirect.objects.create(old_address=old_address, page=page, recorded_by=by)


def follow(page: Page, *, by: User | None, why: str) -> None:
    """Give the live pages below ``page`` their addresses anew, and leave redirects."""
    for child in page.children.live().select_related("parent"):
        moved = f"{page.address}{_last_part(child.address or '')}/"
        if moved != child.address:
            before = child.address
            child.change(by=by, why=why, address=moved)
            leave_redirect(child, before, by=by)
            follow(child, by=by, why=why)


def _last_part(address: str) -> str:
    return address.rstrip("/").rsplit("/", maxsplit=1)[-1]


def redirected(address: str, *, is_for: str) -> str | None:
    """Where the page is now that was at ``address`` before."""
    found = Redirect.objects.filter(
        old_address=address, page__live_version__isnull=False, page__is_for=is_for
    )
    return found.values_list("page__address", flat=True).first()


@transaction.atomic
def arrange(spots: Iterable[Spot], *, by: User) -> int:
    """Put pages where somebody dragged them: below which, and in which order. Tells how many moved.

    :raises NotThere: a page would be below itself, or a live one below one that is not
    :raises AddressTaken: there is a page of that address
    """
    wanted = {spot.pk: spot for spot in spots}
    pages = {page.pk: page for page in Page.objects.select_for_update().order_by("pk")}
    parents = {pk: (wanted[pk].parent if pk in wanted else page.parent_id) for pk, page in pages.items()}
    if any(_is_below_itself(pk, parents) for pk in parents):
        raise NotThere("A page cannot stand below itself.")
    moved = 0
    for page in _from_the_top(pages, parents):
        spot = wanted.get(page.pk, Spot(page.pk, page.parent_id, page.position))
        if (page.parent_id, page.position) != (spot.parent, spot.position):
            _move(page, spot, pages, by=by)
            moved += 1
    return moved


def _is_below_itself(pk: UUID, parents: dict[UUID, UUID | None]) -> bool:
    seen, above = {pk}, parents.get(pk)
    while above is not None:
        if above in seen or above not in parents:
            return True
        seen.add(above)
        above = parents[above]
    return False


def _from_the_top(pages: dict[UUID, Page], parents: dict[UUID, UUID | None]) -> Iterator[Page]:
    def depth(pk: UUID) -> int:
        above = parents[pk]
        return 0 if above is None else depth(above) + 1

    yield from (pages[pk] for pk in sorted(parents, key=depth))


def _move(page: Page, spot: Spot, pages: dict[UUID, Page], *, by: User) -> None:
    page.refresh_from_db()  # a page above it may have taken it along
    above = Page.objects.get(pk=spot.parent) if spot.parent else None
    if above and above.is_for != page.is_for:
        raise NotThere("Pages of the portal and of the public site stand apart.")
    before, is_elsewhere = page.address, page.parent_id != spot.parent
    page.parent = above
    changes: dict[str, Any] = {"parent": above, "position": spot.position}
    if is_elsewhere and before:
        changes["address"] = address_of(page, _last_part(before) if before != Page.ROOTS[page.is_for] else "")
    _refuse_twins(page, above)
    page.change(by=by, why="Moved in the tree." if is_elsewhere else "Put in another order.", **changes)
    leave_redirect(page, before, by=by)
    if before != page.address:
        follow(page, by=by, why="The page above it moved.")


def _refuse_twins(page: Page, above: Page | None) -> None:
    twins = Page.objects.filter(parent=above, slug=page.slug, is_for=page.is_for).exclude(pk=page.pk)
    if twins.exists():
        raise AddressTaken(f"…/{page.slug}/")


@transaction.atomic
def arrange_menu(place: str, order: list[UUID], *, by: User) -> None:
    """Put the entries of one menu in ``order``."""
    items = {item.pk: item for item in MenuItem.objects.select_for_update().filter(place=place)}
    moved = []
    for position, pk in enumerate(pk for pk in order if pk in items):
        if items[pk].position != position:
            items[pk].position = position
            moved.append(items[pk])
    change_each(moved, ["position"], by=by, why="Put in another order.")
