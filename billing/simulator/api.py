"""Answers one call of Stripe's interface: its key, its version, its repetition, its pages."""

from __future__ import annotations

import hashlib
import json
import re
import secrets

from billing.simulator import parameters
from billing.simulator.events import expanded
from billing.simulator.routes import ROUTES, Call, Listing, Route
from billing.simulator.state import NEWEST_FIRST, OLDEST_FIRST, State
from billing.simulator.wire import Answer, ApiError, Request, Tree, json_answer

KEYS_LAST = 24 * 60 * 60  # seconds for which an Idempotency-Key is remembered
VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")


def answer(state: State, request: Request, *, origin: str) -> Answer:
    """Answer one call as Stripe would."""
    headers = {"request-id": f"req_{secrets.token_hex(7)}"}
    try:
        _check_key(request)
        version = _version(request)
        headers |= {"stripe-version": version} if version else {}
        body, replayed = _answer_once(state, request, origin=origin, version=version)
        headers |= {"idempotent-replayed": "true"} if replayed else {}
        return json_answer(body, headers=headers)
    except ApiError as error:
        return json_answer(error.body, status=error.http_status, headers=headers)


def _answer_once(state: State, request: Request, *, origin: str, version: str | None) -> tuple[Tree, bool]:
    """Answer, or give again what was answered under the same Idempotency-Key."""
    key = request.headers.get("idempotency-key")
    with state.writing():
        if request.method != "POST" or not key:
            return _run(state, request, origin=origin, version=version), False
        asked = hashlib.sha256(request.path.encode() + b"?" + request.body).hexdigest()
        state.db.execute("DELETE FROM answered WHERE at < ?", (state.now() - KEYS_LAST,))
        kept = state.db.execute("SELECT request, body FROM answered WHERE key = ?", (key,)).fetchone()
        if kept is None:
            body = _run(state, request, origin=origin, version=version)
            given = (key, asked, json.dumps(body), state.now())
            state.db.execute("INSERT INTO answered VALUES (?, ?, ?, ?)", given)
            return body, False
        if kept[0] != asked:
            raise ApiError(
                "Keys for idempotent requests can only be used with the same parameters they were first "
                f"used with. Try using a key other than '{key}' if you meant to execute a different request.",
                kind="idempotency_error",
            )
        return json.loads(kept[1]), True


def _run(state: State, request: Request, *, origin: str, version: str | None) -> Tree:
    route, keys = _route(request)
    asked = parameters.checked(request.parameters(), route.kinds)
    found = route.run(Call(state, origin, version, asked), *keys)
    if isinstance(found, Listing):
        return _page(state, found, asked, url=request.path)
    return expanded(state, found, asked.get("expand", []))


def _route(request: Request) -> tuple[Route, tuple[str, ...]]:
    for route in ROUTES:
        match = re.fullmatch(route.path.replace("{id}", "([A-Za-z0-9_]+)"), request.path)
        if match and route.method == request.method:
            return route, match.groups()
    message = f"Unrecognized request URL ({request.method}: {request.path})."
    raise ApiError(message, status=404)


def _page(state: State, listing: Listing, asked: Tree, *, url: str) -> Tree:
    limit = asked.get("limit", 10)
    if not 1 <= limit <= 100:
        raise ApiError("This value must be between 1 and 100.", param="limit")
    back = "ending_before" in asked
    found = state.some(
        listing.kind,
        listing.having,
        limit=limit + 1,
        order=OLDEST_FIRST if back else NEWEST_FIRST,
        beyond=_known(state, asked, "ending_before") or _known(state, asked, "starting_after"),
    )
    shown = found[:limit][::-1] if back else found[:limit]
    paths = [path.removeprefix("data.") for path in asked.get("expand", [])]
    data = [expanded(state, item, paths) for item in shown]
    return {"object": "list", "url": url, "has_more": len(found) > limit, "data": data}


def _known(state: State, asked: Tree, param: str) -> str | None:
    """The object that a page begins after or ends before."""
    if param in asked and state.find(asked[param]) is None:
        raise ApiError(f"No such object: '{asked[param]}'", code="resource_missing", param=param)
    return asked.get(param)


def _check_key(request: Request) -> None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise ApiError("You did not provide an API key.", status=401)
    if not key.startswith("sk_test_"):
        raise ApiError(f"Invalid API Key provided: {key[:8]}***", status=401)


def _version(request: Request) -> str | None:
    version = request.headers.get("stripe-version")
    if version and not VERSION.fullmatch(version):
        raise ApiError(f"Invalid Stripe API version: {version}")
    return version
