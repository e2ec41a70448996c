"""The public site of the demo clinic: written, guarded and published as people would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from clinic import picturing, publishing
from clinic.blocks import KINDS, Part
from clinic.forms.blocks import BlocksField
from clinic.models import Media, MenuItem, Page, Snippet

if TYPE_CHECKING:
    from clinic.models import User

TEXTS = Path("fixtures/demo/website.json")
PICTURES = Path("fixtures/demo/pictures")


def write(by: User) -> dict[str, int]:
    """Write what is missing of the site; what is there already stays as somebody left it."""
    told = json.loads((settings.BASE_DIR / TEXTS).read_text())
    made = {"pictures": 0, "snippets": 0, "pages": 0}
    keys: dict[tuple[Part, str], str] = {}
    for row in told["pictures"]:
        keys[Part.MEDIA, row["key"]], is_new = _picture(row, by)
        made["pictures"] += is_new
    for row in told["snippets"]:
        keys[Part.SNIPPET, row["key"]], is_new = _snippet(row, by)
        made["snippets"] += is_new
    begun = [(row, *_page(row, keys, by)) for row in told["pages"]]
    for row, page, is_new in begun:
        if is_new:
            said = publishing.content(page) | {"body": _body(row["body"], keys)}
            publishing.rewrite(page, said, saw=publishing.mark(page), by=by, why="Came with the demo.")
            publishing.publish(page, by=by)
            made["pages"] += 1
    if made["pages"]:
        _menus([*told["menus"], *_menu_rows(told["pages"])], keys, by)
    return made


def _picture(row: dict[str, Any], by: User) -> tuple[str, bool]:
    there = Media.objects.filter(name=row["name"]).first()
    if there:
        return str(there.pk), False
    sizes = picturing.take((settings.BASE_DIR / PICTURES / row["file"]).read_bytes())
    media = picturing.add(name=row["name"], alt=row["alt"], credit=row["credit"], sizes=sizes, by=by)
    return str(media.pk), True


def _snippet(row: dict[str, Any], by: User) -> tuple[str, bool]:
    there = Snippet.objects.filter(name=row["name"]).first()
    if there:
        return str(there.pk), False
    snippet = Snippet(name=row["name"], html=row["html"])
    publishing.begin(snippet, by=by, why="Came with the demo.")
    publishing.publish(snippet, by=by)
    return str(snippet.pk), True


def _page(row: dict[str, Any], keys: dict[tuple[Part, str], str], by: User) -> tuple[Page, bool]:
    is_for = row.get("is_for", Page.Readers.PUBLIC)
    page = Page.objects.filter(slug=row["slug"], is_for=is_for, parent=None).first()
    is_new = page is None
    if page is None:
        names = ("title", "slug", "lead", "search_title", "description")
        page = Page(is_for=is_for, **{name: row[name] for name in names})
        publishing.begin(page, by=by, why="Came with the demo.")
    keys[Part.PAGE, row["slug"]] = str(page.pk)
    return page, is_new


def _body(rows: list[Any], keys: dict[tuple[Part, str], str]) -> list[dict[str, Any]]:
    """The blocks as their forms keep them."""
    sent = []
    for kind, value in rows:
        parts = KINDS[kind].parts
        known = {
            name: keys.get((parts[name], one), one) if isinstance(one, str) else one
            for name, one in value.items()
        }
        sent.append({"type": kind, "value": known})
    return BlocksField().clean(json.dumps(sent))


def _menu_rows(pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"place": row["menu"], "label": row.get("label", row["title"]), "page": row["slug"]}
        for row in pages
        if "menu" in row
    ]


def _menus(rows: list[dict[str, Any]], keys: dict[tuple[Part, str], str], by: User) -> None:
    counted: dict[str, int] = {}
    for row in rows:
        position = counted.setdefault(row["place"], 0)
        counted[row["place"]] += 1
        page = Page.objects.get(pk=keys[Part.PAGE, row["page"]])
        if not MenuItem.objects.filter(place=row["place"], page=page).exists():
            MenuItem.objects.add(by=by, place=row["place"], label=row["label"], page=page, position=position)
