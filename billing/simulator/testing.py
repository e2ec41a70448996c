"""The simulator as tests use it: a real process, spoken to over HTTP. A pytest plugin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from billing.simulator.running import RunningSimulator, running


@pytest.fixture(scope="session")
def stripe_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    """The simulator as a process of its own, for the whole run; webhooks are dropped until told otherwise."""
    state = tmp_path_factory.mktemp("simulator") / "state.sqlite3"
    with running(state, ENVIRONMENT="test") as simulator:
        yield simulator


@pytest.fixture
def simulated_stripe(stripe_simulator: RunningSimulator, settings: Any) -> Iterator[RunningSimulator]:
    """Stripe for one test: our gateway speaks to the simulator, whose levers are back at rest afterwards."""
    settings.STRIPE_API_BASE = stripe_simulator.address
    yield stripe_simulator
    for lever, mode in {"webhooks": "drop", "refunds": "succeeded", "clock": "0"}.items():
        stripe_simulator.control(lever, mode)
