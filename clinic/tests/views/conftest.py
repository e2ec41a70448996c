"""Real browsers for the pages of the portal."""

from __future__ import annotations

import pytest
from django.test import Client

from clinic.tests.journeys.actors import AT_REST
from messaging.tests.live import wait_until_quiet


@pytest.fixture
def open_context(chromium, web):
    """A browser of somebody, signed in or not."""
    contexts = []

    def open_one(signed_in: Client | None, **options):
        context = chromium.new_context(base_url=f"http://127.0.0.1:{web.port}", **options)
        contexts.append(context)
        context.add_init_script(AT_REST)
        if signed_in:
            value = signed_in.cookies["sessionid"].value
            context.add_cookies(
                [{"name": "sessionid", "value": value, "url": f"http://127.0.0.1:{web.port}"}]
            )
        return context

    yield open_one
    for context in contexts:
        context.close()
    wait_until_quiet()
