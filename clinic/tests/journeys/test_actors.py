"""What is seen on a screen is what stays on it, however slow the machine is."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.conf import settings

from clinic.tests.journeys.actors import DESK, Actor

SITE = "https://clinic.example"
DEEP = 30
SLOW = "* { color: #222; transition: color 9s; animation: pale 9s infinite } .dark * { color: #ddd }"
PALE = "@keyframes pale { from { opacity: 0 } to { opacity: 1 } }"
INHERITED = "body { color: #222 } .dark body { color: #ddd }"
PAGE = f"""<!doctype html><html lang="en"><title>Page</title><link rel="stylesheet" href="/look.css">
<body>{"<div>" * DEEP}<p>Words</p>{"</div>" * DEEP}</body></html>"""
IN_THE_DARK = """() => {
  const style = getComputedStyle(document.querySelector("p"));
  return [style.color, style.opacity, document.getAnimations().length];
}"""
SWITCH = """() => {
  const words = getComputedStyle(document.querySelector("p"));
  words.color;
  document.documentElement.classList.add("dark");
  return [words.color, document.getAnimations().length];
}"""

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def serve(page, look: str) -> None:
    """Answer with the page, as strict as the portal is with what it may load, and with how it looks."""
    policy = {"Content-Security-Policy": "default-src 'self'"}

    def answer(route, request):
        if request.url.endswith(".css"):
            route.fulfill(body=look, content_type="text/css")
        else:
            route.fulfill(body=PAGE, content_type="text/html", headers=policy)

    page.route("**/*", answer)
    page.goto(f"{SITE}/")


def test_nothing_fades_or_moves_while_somebody_looks(browser, screens):
    actor = Actor(browser, SimpleNamespace(web=SITE), "somebody", screens=screens, viewport=DESK)
    serve(actor.page, SLOW + PALE)

    actor._wear("dark")

    assert actor.page.evaluate(IN_THE_DARK) == ["rgb(221, 221, 221)", "1", 0]
    assert actor.troubles == []
    actor.page.context.close()


def test_the_desk_is_dark_at_once_for_who_wants_no_motion(browser):
    """A colour that many elements inherit one from the other is there in all of them."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    serve(page, INHERITED + (settings.BASE_DIR / "templates/static/desk/desk.css").read_text())

    assert page.evaluate(SWITCH) == ["rgb(221, 221, 221)", 0]
    context.close()
