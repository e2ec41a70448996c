"""Everybody goes to every address there is, and gets what the table says, and nothing else.

A new address fails here until the table says who gets it; so does a row of the table whose address is gone.
"""

import logging

import pytest
from django.urls import reverse

from clinic.models.encounters import CLINICAL
from clinic.tests.walk import tables
from clinic.tests.walk.addresses import all_addresses, all_names, generic
from clinic.tests.walk.walking import is_let_in

pytestmark = pytest.mark.django_db
HALVES = ["-opdxb", "urmga"]
"""Two tests, so that two processes share the work."""


def test_the_table_knows_every_address_and_no_other():
    known = {found[0] if (found := generic(name)) else name for name in all_names()}

    assert (sorted(known - tables.names()), sorted(tables.names() - known)) == ([], [])


@pytest.mark.parametrize("letters", HALVES)
def test_everybody_gets_what_the_table_says_and_nothing_else(world, walker, letters, caplog):
    caplog.set_level(logging.CRITICAL, "django.request")  # who is kept out is no news here
    found = []
    addresses = all_addresses(world)
    for letter in letters:
        browser = walker(letter)
        for address in addresses:
            for method in tables.methods(address.name, letter):
                is_in = is_let_in(browser, method, address)
                if is_in != (letter in tables.who_gets(address.name, method)):
                    found.append(f"{letter} {method} {address.name}: {'let in' if is_in else 'kept out'}")

    assert "\n".join(found) == ""


def test_everybody_walks_once():
    assert sorted("".join(HALVES)) == sorted(tables.EVERYBODY)


class TestTheTableKeepsDesign5:
    """What the customer signed, said of the table as a whole: it cannot be changed row by row."""

    def test_the_staff_site_is_for_staff_who_showed_their_second_factor(self):
        desk = [name for name in tables.OWN if name.startswith("admin:")]
        letters = {letter for name in desk for told in tables.OWN[name] for letter in told}
        letters |= {letter for pages in tables.PAGES.values() for told in pages if told for letter in told}

        assert letters == set("rmgdxba")

    def test_auditors_write_nothing(self):
        writes = {name: pages.add + pages.change for name, pages in tables.PAGES.items()}

        assert [name for name, letters in writes.items() if "a" in letters] == []

    def test_the_catalogue_is_not_for_reception(self):
        assert [name for name, pages in tables.PAGES.items() if "catalog" in name and "r" in pages.row] == []

    def test_the_clinical_record_is_for_those_in_care_and_who_opened_it_and_auditors(self):
        kinds = CLINICAL & set(tables.PAGES) - {"clinic.appointment", "clinic.approval"}

        assert {kind: set(tables.PAGES[kind].row) for kind in kinds} == {kind: set("dba") for kind in kinds}
        assert {kind for kind in kinds if set(tables.PAGES[kind].change) - {"d"}} == set()

    def test_nobody_writes_in_a_conversation_who_only_reads_it(self):
        assert tables.OWN["room"] == ("ogdba", "od")
        assert tables.OWN["room-messages"] == ("ogdba", "od")


@pytest.mark.parametrize(
    ("letters", "is_found"), [("rmgdba", True), ("x", False)], ids=["who may", "a doctor outside care"]
)
def test_searches_find_a_patient_for_those_alone_who_may_see_one(
    world, people, staff_client, letters, is_found
):
    asked = {"app_label": "clinic", "model_name": "legalhold", "field_name": "patient", "term": "patient"}
    name = str(world["clinic.patient"])
    for letter in letters:
        browser = staff_client(people[letter])
        palette = browser.get(reverse("admin:search"), {"s": "patient"}).content.decode()
        hits = [hit["text"] for hit in browser.get(reverse("admin:autocomplete"), asked).json()["results"]]
        assert (name in palette, name in hits) == (is_found, is_found), letter
