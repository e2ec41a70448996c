"""Going to an address as somebody, and telling whether they were let in."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from http import HTTPStatus
from typing import Any

from django.core.signals import request_finished
from django.db import close_old_connections, transaction
from django.template import Origin
from django.template.loaders.base import Loader
from django.test import Client

from clinic.tests.walk.addresses import Address

SHUT = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
}
ELSEWHERE = ("/accounts/login/", "/admin/login/", "/accounts/second-factor/")
"""Where people are sent who have to sign in first."""
HOME = ("/admin/", "/portal/")
"""Where people are sent for whom there is nothing: Django's admin does that for a row that is not there."""


class Blank(Loader):
    """Finds every template, and nothing on it: who is let in is decided before a page is written."""

    def get_template_sources(self, template_name: str) -> Iterator[Origin]:
        yield Origin(name=template_name, template_name=template_name, loader=self)

    def get_contents(self, origin: Origin) -> str:
        return ""


SENT = {
    "room": {"text": "Hello", "client_id": "0198c0de-0000-7000-8000-000000000001"},
    "room-messages": {"text": "Hello", "client_id": "0198c0de-0000-7000-8000-000000000001"},
}
"""What is sent where the rule behind a form has to say no; elsewhere an empty form tells enough."""


def is_let_in(browser: Client, method: str, address: Address) -> bool:
    """Whether somebody gets what is there; what a form does is undone."""
    if method == "get" and not address.name.endswith("logout"):
        return _is_in(browser.get(address.path))
    cookies = deepcopy(browser.cookies)
    undoing = transaction.atomic()
    undoing._from_testcase = True  # it is no transaction of the product's
    with undoing:
        sent = SENT.get(address.name, {"_form_submitted": "True"})
        answer = browser.post(address.path, sent) if method == "post" else browser.get(address.path)
        transaction.set_rollback(True)
    browser.cookies = cookies
    if answer.status_code == HTTPStatus.CONFLICT and address.name in SENT:
        return False
    return _is_in(answer)


def _is_in(answer: Any) -> bool:
    if answer.streaming:
        request_finished.disconnect(close_old_connections)  # it would take the test's away
        answer.close()
        request_finished.connect(close_old_connections)
    leads = answer.headers.get("Location", "").partition("?")[0]
    if answer.status_code in SHUT or leads.startswith(ELSEWHERE):
        return False
    return leads not in HOME
