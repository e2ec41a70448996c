"""An open room in real browsers over real web processes."""

from __future__ import annotations

import pytest

from messaging.tests.live import wait_until_quiet


@pytest.fixture
def open_room(chromium, web, room):
    """Open the room's page in a browser in which somebody is signed in, with their errors noted."""
    contexts = []

    def open_one(signed_in, place="", **options):
        context = chromium.new_context(**options)
        contexts.append(context)
        address = f"http://127.0.0.1:{web.port}"
        context.add_cookies(
            [{"name": "sessionid", "value": signed_in.cookies["sessionid"].value, "url": address}]
        )
        page = context.new_page()
        page.broken = []
        page.on("pageerror", lambda error: page.broken.append(str(error)))
        page.goto(
            f"{address}{place}" if place.startswith("/") else f"{address}/portal/rooms/{room.pk}/{place}"
        )
        return page

    yield open_one
    for context in contexts:
        context.close()
    wait_until_quiet()
