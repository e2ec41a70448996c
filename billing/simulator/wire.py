"""How requests, answers and errors look on Stripe's wire."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

Tree = dict[str, Any]

LARGEST_BODY = 1_000_000


@dataclass(frozen=True)
class Request:
    """One HTTP request, read to its end."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def origin(self) -> str:
        return f"http://{self.headers.get('host', '127.0.0.1')}"

    def parameters(self) -> Tree:
        """What was sent: form fields of a POST, the query of anything else, as a tree."""
        text = self.body.decode("utf-8", "replace") if self.method == "POST" else self.query
        return tree(parse_qsl(text, keep_blank_values=True))


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class ApiError(Exception):
    """A refusal, in Stripe's error format."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.http_status = status
        parts = {"message": message, "type": kind, "code": code, "param": param}
        self.body = {"error": {name: value for name, value in parts.items() if value is not None}}


def json_answer(body: Tree, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    text = json.dumps(body, indent=2).encode()
    return Answer(status, text, {"content-type": "application/json", **(headers or {})})


def see_other(url: str) -> Answer:
    return Answer(303, b"", {"location": url, "cache-control": "no-store"})


def tree(pairs: list[tuple[str, str]]) -> Tree:
    """Turn ``line_items[0][quantity]=1`` into ``{"line_items": [{"quantity": "1"}]}``."""
    root: Tree = {}
    for name, value in pairs:
        keys = [name.partition("[")[0], *re.findall(r"\[([^\[\]]*)\]", name)]
        branch = root
        for key in keys[:-1]:
            grown = branch.setdefault(key, {})
            if not isinstance(grown, dict):
                raise ApiError(f"Invalid parameter: {name}", param=name)
            branch = grown
        branch[keys[-1]] = value
    return {name: _lists(value) for name, value in root.items()}


def _lists(value: Any) -> Any:
    """Dictionaries with the keys 0, 1, 2 … are lists."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(inner) for key, inner in value.items()}


async def read_request(scope: Tree, receive: Any) -> Request:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False) and len(body) <= LARGEST_BODY
    if len(body) > LARGEST_BODY:
        raise ApiError("The request is too large.", status=413)
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, body)


async def send_answer(answer: Answer, send: Any) -> None:
    headers = {"content-length": str(len(answer.body)), **answer.headers}
    wired = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": wired})
    await send({"type": "http.response.body", "body": answer.body})
