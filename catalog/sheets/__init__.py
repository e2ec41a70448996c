"""The suppliers whose lists we can read."""

from catalog.sheets.alma import LAYOUT as ALMA
from catalog.sheets.botanitech import LAYOUT as BOTANITECH
from catalog.sheets.layout import Layout
from catalog.sheets.medreleaf import LAYOUT as MEDRELEAF
from catalog.sheets.phytoca import LAYOUT as PHYTOCA
from catalog.sheets.tasmanian_botanics import LAYOUT as TASMANIAN_BOTANICS

LAYOUTS: dict[str, Layout] = {
    layout.key: layout for layout in (BOTANITECH, MEDRELEAF, ALMA, PHYTOCA, TASMANIAN_BOTANICS)
}
