"""The calls of Stripe's interface that the simulator knows, and what they have in common."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from billing.simulator import parameters, refunds, sessions
from billing.simulator.events import expanded
from billing.simulator.state import State
from billing.simulator.wire import Answer, ApiError, Request, Tree, json_answer

KEYS_LAST = 24 * 60 * 60  # seconds for which an Idempotency-Key is remembered
VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")


@dataclass(frozen=True)
class Call:
    """One call being answered."""

    state: State
    origin: str
    version: str | None
    asked: Tree


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    kinds: Tree
    run: Callable[..., Tree]


def _retrieve(kind: str) -> Callable[..., Tree]:
    return lambda call, key: call.state.get(kind, key)


def _list(kind: str, *filters: str) -> Callable[..., Tree]:
    def run(call: Call) -> Tree:
        having = {name: call.asked[name] for name in filters if name in call.asked}
        return {"_list": call.state.every(kind, **having)}

    return run


ROUTES = [
    Route(
        "POST",
        "/v1/checkout/sessions",
        parameters.SESSION_CREATE,
        lambda call: sessions.create(call.state, call.asked, origin=call.origin, version=call.version),
    ),
    Route(
        "GET",
        "/v1/checkout/sessions/{id}",
        parameters.RETRIEVE,
        lambda call, key: sessions.retrieve(call.state, key),
    ),
    Route(
        "POST",
        "/v1/checkout/sessions/{id}/expire",
        parameters.SESSION_EXPIRE,
        lambda call, key: sessions.expire(call.state, key),
    ),
    Route("GET", "/v1/payment_intents/{id}", parameters.RETRIEVE, _retrieve("payment_intent")),
    Route("GET", "/v1/charges/{id}", parameters.RETRIEVE, _retrieve("charge")),
    Route(
        "POST",
        "/v1/refunds",
        parameters.REFUND_CREATE,
        lambda call: refunds.create(call.state, call.asked, version=call.version),
    ),
    Route("GET", "/v1/refunds", parameters.REFUND_LIST, _list("refund", "payment_intent", "charge")),
    Route("GET", "/v1/refunds/{id}", parameters.RETRIEVE, _retrieve("refund")),
    Route("GET", "/v1/events", parameters.EVENT_LIST, _list("event", "type")),
    Route("GET", "/v1/events/{id}", parameters.RETRIEVE, _retrieve("event")),
    Route(
        "GET",
        "/v1/balance_transactions",
        parameters.BALANCE_LIST,
        _list("balance_transaction", "type", "source"),
    ),
    Route("GET", "/v1/balance_transactions/{id}", parameters.RETRIEVE, _retrieve("balance_transaction")),
]


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
    if "_list" in found:
        return _page(state, found["_list"], asked, url=request.path)
    return expanded(state, found, asked.get("expand", []))


def _route(request: Request) -> tuple[Route, tuple[str, ...]]:
    for route in ROUTES:
        match = re.fullmatch(route.path.replace("{id}", "([A-Za-z0-9_]+)"), request.path)
        if match and route.method == request.method:
            return route, match.groups()
    message = f"Unrecognized request URL ({request.method}: {request.path})."
    raise ApiError(message, status=404)


def _page(state: State, found: list[Tree], asked: Tree, *, url: str) -> Tree:
    limit = asked.get("limit", 10)
    if not 1 <= limit <= 100:
        raise ApiError("This value must be between 1 and 100.", param="limit")
    if "types" in asked:
        found = [item for item in found if item["type"] in asked["types"]]
    ids = [item["id"] for item in found]
    if "starting_after" in asked:
        found = found[_place(ids, asked, "starting_after") + 1 :]
    if "ending_before" in asked:
        found = found[: _place(ids, asked, "ending_before")][-limit:]
    paths = [path.removeprefix("data.") for path in asked.get("expand", [])]
    data = [expanded(state, item, paths) for item in found[:limit]]
    return {"object": "list", "url": url, "has_more": len(found) > limit, "data": data}


def _place(ids: list[str], asked: Tree, param: str) -> int:
    if asked[param] not in ids:
        raise ApiError(f"No such object: '{asked[param]}'", code="resource_missing", param=param)
    return ids.index(asked[param])


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
