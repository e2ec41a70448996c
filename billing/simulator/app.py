"""The simulator's ASGI application: ``uvicorn billing.simulator.app:application --port 8001``.

Environment: ``DEBUG`` (on), ``SIMULATOR_STATE`` (file), ``WEBHOOK_URL``, ``STRIPE_WEBHOOK_SECRET``, and
``SIMULATOR_PUBLIC_URL`` when people reach the payment page at another address than the clinic does.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from billing.simulator import api, levers, pages, webhooks
from billing.simulator.state import State
from billing.simulator.wire import Answer, ApiError, Tree, json_answer, read_request, send_answer

ON = {"true", "on", "ok", "y", "yes", "1"}  # as django-environ reads it


def refuse_where_money_is_real(environment: Mapping[str, str]) -> None:
    """Stop before anybody could mistake this for Stripe. Whoever starts it says ``DEBUG=true``.

    :raises RuntimeError: this is production, DEBUG is off, or a live key lies about
    """
    if environment.get("ENVIRONMENT", "").lower() == "production":
        raise RuntimeError("The payment simulator does not run in production. Use Stripe itself.")
    if environment.get("DEBUG", "").lower() not in ON:
        raise RuntimeError("The payment simulator runs only where DEBUG is on. Use Stripe itself.")
    if any(value.startswith(("sk_live", "rk_live")) for value in environment.values()):
        raise RuntimeError("A live Stripe key is set. Remove it before starting the payment simulator.")


class Simulator:
    """One running simulator: its memory and the task that sends its webhooks."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.public_url: str | None = None
        self.delivery: asyncio.Task[None] | None = None

    async def __call__(self, scope: Tree, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.live(receive, send)
        elif scope["type"] == "http":
            await send_answer(await self.answer(scope, receive), send)

    async def live(self, receive: Any, send: Any) -> None:
        await receive()
        try:
            self.start(os.environ)
        except RuntimeError as no:
            await send({"type": "lifespan.startup.failed", "message": str(no)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    def start(self, environment: Mapping[str, str]) -> State:
        refuse_where_money_is_real(environment)
        self.state = State(environment.get("SIMULATOR_STATE", ".devdb/simulator.sqlite3"))
        self.public_url = environment.get("SIMULATOR_PUBLIC_URL", "").rstrip("/") or None
        url = environment.get("WEBHOOK_URL", "http://127.0.0.1:8000/webhook/stripe/")
        secret = environment.get("STRIPE_WEBHOOK_SECRET", "whsec_demo")
        self.delivery = asyncio.create_task(webhooks.deliver_for_ever(self.state, url=url, secret=secret))
        return self.state

    async def stop(self) -> None:
        if self.delivery:
            self.delivery.cancel()
            await asyncio.gather(self.delivery, return_exceptions=True)
        if self.state:
            self.state.close()

    async def answer(self, scope: Tree, receive: Any) -> Answer:
        # A server told not to announce its start still meets the refusal, at the first request.
        state = self.state or self.start(os.environ)
        try:
            request = await read_request(scope, receive)
        except ApiError as error:
            return json_answer(error.body, status=error.http_status)
        if request.path.startswith("/v1/"):
            return api.answer(state, request, origin=self.public_url or request.origin)
        if request.path in levers.LEVERS:
            return levers.answer(state, request)
        return pages.answer(state, request)


application = Simulator()
