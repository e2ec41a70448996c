"""The payment page, as a person sees it on a phone."""

from __future__ import annotations

import re
from pathlib import Path

from django.template import Context, Engine

from billing.simulator import sessions
from billing.simulator.state import State
from billing.simulator.wire import Answer, ApiError, Request, Tree, see_other

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "billing" / "simulator"
ENGINE = Engine(dirs=[str(TEMPLATES)])
PAGE = re.compile(r"/c/pay/(?P<session>[A-Za-z0-9_]+)(?:/(?P<step>[a-z]+))?")
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
REFUSALS = {
    "card_declined": "The card was declined. Nothing was charged. You can try again or leave.",
    "authentication": "The bank could not confirm that it is you. Nothing was charged. You can try again.",
}


def answer(state: State, request: Request) -> Answer:
    if request.path == "/simulator/page.css":
        style = (TEMPLATES / "page.css").read_bytes()
        return Answer(200, style, {"content-type": "text/css; charset=utf-8", "cache-control": "no-cache"})
    match = PAGE.fullmatch(request.path)
    if match is None:
        return _sentence("There is no page here.", status=404)
    try:
        with state.writing():
            session = sessions.retrieve(state, match["session"])
            return _page(state, session, match["step"], request)
    except ApiError:
        return _sentence("This payment is not known here. Go back to the clinic and start again.", status=404)


def _page(state: State, session: Tree, step: str | None, request: Request) -> Answer:
    if session["status"] == "complete":
        back = success_url(session)
        return _sentence("This payment has been made. There is nothing more to pay.", back=back)
    if session["status"] == "expired":
        message = "The time to pay has run out. Nothing was charged. Go back to the clinic and start again."
        return _sentence(message, back=session["cancel_url"], status=410)
    if request.method == "POST":
        return _press(state, session, step or "")
    template = "challenge.html" if step == "challenge" else "pay.html"
    refusal = REFUSALS.get(request.parameters().get("refused", ""), "")
    return _render(template, session=_shown(session, now=state.now()), refusal=refusal)


def _press(state: State, session: Tree, button: str) -> Answer:
    """What one button does."""
    page = f"/c/pay/{session['id']}"
    match button:
        case "pay" | "approve":
            return see_other(success_url(sessions.pay(state, session)))
        case "twice":
            return see_other(success_url(sessions.pay_twice(state, session)))
        case "decline":
            sessions.decline(state, session, code="card_declined")
            return see_other(f"{page}?refused=card_declined")
        case "fail":
            sessions.decline(state, session, code="payment_intent_authentication_failure")
            return see_other(f"{page}?refused=authentication")
        case "challenge":
            return see_other(f"{page}/challenge")
        case "leave":
            return see_other(session["cancel_url"] or page)
    return _sentence("There is no such button.", status=404)


def success_url(session: Tree) -> str:
    return session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])


def _shown(session: Tree, *, now: int) -> dict[str, str]:
    currency = {"aud": "A$"}.get(session["currency"], session["currency"].upper() + " ")
    return {
        "amount": f"{currency}{session['amount_total'] / 100:,.2f}",
        "description": session["_description"],
        "minutes": str(max(1, (session["expires_at"] - now) // 60)),
        "page": f"/c/pay/{session['id']}",
        "may_leave": "yes" if session["cancel_url"] else "",
    }


def _sentence(text: str, *, back: str | None = None, status: int = 200) -> Answer:
    return _render("sentence.html", status=status, text=text, back=back or "")


def _render(template: str, *, status: int = 200, **values: object) -> Answer:
    html = ENGINE.get_template(template).render(Context(values))
    return Answer(status, html.encode(), HEADERS)
