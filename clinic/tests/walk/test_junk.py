"""Junk thrown at every address by somebody who gets in: it is refused in words, and nothing breaks."""

import logging

import pytest
from django.contrib import admin
from django.core.signals import request_finished
from django.db import close_old_connections, transaction
from django.test import Client
from django.urls import reverse

from clinic.tests.walk import tables
from clinic.tests.walk.addresses import all_addresses
from config.admin import ScopedAdmin

pytestmark = pytest.mark.django_db
LETTERS = "amdo-"
"""Who throws: the first of them who gets in."""
JUNK = [
    "\x00",
    "-1",
    "9" * 40,
    "0001-01-01",
    "9999-99-99T99:99",
    "’;--<script>",
    "\ud83d",
    "[]",
    "é" * 3000,
    "{}",
]
ASKED = (
    "q", "p", "o", "page", "all", "first", "last", "number", "seed", "at", "to", "patient", "record", "kind",
    "odd", "day", "before", "after", "around", "month", "type", "doctor", "term", "s", "next", "about",
    "state", "slot", "zone", "version", "sequence", "from", "until", "view", "_to_field", "_popup", "e",
    "answers",
)  # fmt: skip
SENT = (
    *ASKED, "text", "client_id", "email", "login", "password", "code", "otp_token", "why", "reason", "amount",
    "name", "date_of_birth", "phone", "file", "action", "_selected_action", "select_across",
    "_form_submitted", "asks", "of", "draft", "revision", "saw", "order", "blocks", "starts_at", "ends_at",
    "is_shared", "query",
)  # fmt: skip

PLANTED = {
    "admin:billing_receipt_correct",
    "admin:billing_refund_hand_over",
    "admin:catalog_import_read_again",
}
"""Steps that are taken whatever is sent: they fail of rows that were planted without postings and files."""


def junk(names, start: int) -> dict[str, str]:
    return {name: JUNK[(start + place) % len(JUNK)] for place, name in enumerate(names)}


def clean(values: dict[str, str]) -> dict[str, str]:
    """What a browser can send: no half of a character."""
    return {name: value.encode("utf-8", "replace").decode() for name, value in values.items()}


@pytest.fixture
def browsers(people, staff_client):
    def sign_in(letter: str) -> Client:
        browser = Client() if letter in "o-" else staff_client(people[letter])
        if letter == "o":
            browser.force_login(people[letter])
        browser.raise_request_exception = False
        return browser

    return {letter: sign_in(letter) for letter in LETTERS}


def breaks(browser: Client, method: str, path: str, values: dict[str, str]) -> bool:
    undoing = transaction.atomic()
    undoing._from_testcase = True  # it is no transaction of the product's
    with undoing:
        answer = getattr(browser, method)(path, values)
        transaction.set_rollback(True)
    if answer.streaming:
        request_finished.disconnect(close_old_connections)  # it would take the test's away
        answer.close()
        request_finished.connect(close_old_connections)
    return answer.status_code >= 500


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_address_breaks(world, browsers, caplog, method):
    caplog.set_level(logging.CRITICAL)
    found = []
    for start, address in enumerate(all_addresses(world)):
        letter = next((one for one in LETTERS if one in tables.who_gets(address.name, method)), None)
        is_left_out = letter is None or "logout" in address.name or address.name in PLANTED
        if is_left_out or breaks(browsers[letter], method, address.path, {}):
            continue  # nobody, or a planted row that lacks what its page shows
        if breaks(
            browsers[letter], method, address.path, clean(junk(ASKED if method == "get" else SENT, start))
        ):
            found.append(f"{letter} {method} {address.name}")

    assert "\n".join(found) == ""


def test_no_filter_of_a_list_breaks(world, browsers, caplog):
    caplog.set_level(logging.CRITICAL)
    found = []
    for model, page in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        letter = next((one for one in LETTERS if one in tables.who_gets(name, "get")), None)
        if letter is None or breaks(browsers[letter], "get", reverse(name), {}):
            continue
        asked = {parameter for spec in page.list_filter for parameter in ScopedAdmin._filter_paths(spec)}
        asked |= {f"{one}__exact" for one in asked} | {"q", "o", "p"}
        for start, parameter in enumerate(sorted(asked)):
            junk_of_one = clean(junk([parameter], start))
            if breaks(browsers[letter], "get", reverse(name), junk_of_one):
                found.append(f"{letter} {name} {junk_of_one}")

    assert "\n".join(found) == ""
