"""The suppliers whose lists we can read: layouts of our own, and those matched in the admin."""

from catalog.models import SheetLayout
from catalog.sheets import declaring
from catalog.sheets.alma import LAYOUT as ALMA
from catalog.sheets.botanitech import LAYOUT as BOTANITECH
from catalog.sheets.layout import Layout
from catalog.sheets.medreleaf import LAYOUT as MEDRELEAF
from catalog.sheets.phytoca import LAYOUT as PHYTOCA
from catalog.sheets.tasmanian_botanics import LAYOUT as TASMANIAN_BOTANICS
from config.base import Refused

# Those that come with the program. Ask ``layout_of``, which knows the matched ones too.
LAYOUTS: dict[str, Layout] = {
    layout.key: layout for layout in (BOTANITECH, MEDRELEAF, ALMA, PHYTOCA, TASMANIAN_BOTANICS)
}


class UnknownSupplier(Refused):
    def __init__(self, key: str) -> None:
        known = ", ".join(known_suppliers())
        super().__init__(f"There is no layout for the supplier “{key}”. Known are {known}.")


def layout_of(key: str) -> Layout:
    """The layout by which lists of the supplier ``key`` are read now.

    :raises UnknownSupplier: there is none
    """
    matched = SheetLayout.objects.in_use().select_related("supplier").filter(supplier__key=key).first()
    if matched:
        return declaring.layout_of(matched)
    if key not in LAYOUTS:
        raise UnknownSupplier(key)
    return LAYOUTS[key]


def known_suppliers() -> list[str]:
    """The keys of all suppliers whose lists can be read."""
    matched = SheetLayout.objects.in_use().values_list("supplier__key", flat=True)
    return [*LAYOUTS, *sorted(set(matched) - LAYOUTS.keys())]
