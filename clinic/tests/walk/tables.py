"""The table: who gets what is at each address. It says of the whole site what DESIGN.md 5 says of records.

Everybody who walks is a letter:

- ``-`` a stranger,
- ``o`` the patient whose record it is, and ``p`` another patient,
- ``r`` reception,
- ``m`` a manager, and ``g`` one who opened the record for a reason (break-glass),
- ``d`` a doctor who cares for the patient, ``x`` one who does not, and ``b`` one who opened the record,
- ``a`` an auditor.

- ``u`` a manager who has not shown the second factor.

Where it makes no difference who cares for the patient, ``g`` is not walked, being ``m``; nor are ``b`` and
``x``, being ``d``. Patients and strangers are turned away at the door of the staff site, whatever they want.
"""

from __future__ import annotations

from functools import cache

from clinic.tests.walk import table_desk, table_records, table_site
from clinic.tests.walk.addresses import buttons, generic
from clinic.tests.walk.pages import Pages

PAGES: dict[str, Pages] = table_records.PAGES | table_desk.PAGES
OWN: dict[str, tuple[str, str]] = table_records.OWN | table_desk.OWN | table_site.OWN
EVERYBODY = "-opurmgdxba"
SAME_DOOR = "-ou"
"""Who is stopped at the door of the staff site, by whatever way they come."""
ONE_WAY = {"changelist": ("get",), "history": ("get",), "delete": ("get",), "add": ("post",)}
"""Of two ways that are guarded alike, one is gone."""


@cache
def _dialogs() -> set[str]:
    return buttons()


def is_about_patients(name: str) -> bool:
    """Whether it makes a difference who cares for the patient, or opened the record."""
    found = generic(name)
    told = PAGES[found[0]] if found else OWN[name]
    in_records = (found[0] in table_records.PAGES) if found else name in table_records.OWN
    doctors = [("d" in letters, "x" in letters) for letters in told if letters]
    return in_records or any(one != other for one, other in doctors)


def methods(name: str, letter: str) -> tuple[str, ...]:
    """How ``letter`` goes to an address."""
    is_desk = name.startswith("admin:")
    if not is_desk:
        return () if letter == "u" else ("get", "post")
    if letter == "p" or (letter in "gxb" and not is_about_patients(name)):
        return ()
    if letter in SAME_DOOR:
        return ("get",)
    found = generic(name)
    if found and found[1] == "delete" and letter != "m":  # nobody at all
        return ()
    if found:
        return ONE_WAY.get(found[1], ("get", "post"))
    return ("post",) if name in _dialogs() else ("get", "post")


def who_gets(name: str, method: str) -> str:
    """The letters of those who are let in."""
    found = generic(name)
    if found is None:
        return OWN[name][0 if method == "get" else 1]
    return PAGES[found[0]].of(found[1], method)


def names() -> set[str]:
    """Every address that the table knows; of a model's pages, their model."""
    return set(OWN) | set(PAGES)
