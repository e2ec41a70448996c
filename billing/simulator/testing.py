"""The simulator as tests use it: a real process, spoken to over HTTP. A pytest plugin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from billing.simulator.running import RunningSimulator, running

AT_REST = {
    "webhooks": "drop",
    "refunds": "succeeded",
    "payouts": "manual",
    "fees": "domestic",
    "slip": "0",
    "clock": "0",
}


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
    put_to_rest(stripe_simulator)


@pytest.fixture
def empty_stripe(simulated_stripe: RunningSimulator) -> RunningSimulator:
    """Stripe for one test that looks at everything there is: nothing is left of other tests."""
    simulated_stripe.control("memory", "wipe")
    put_to_rest(simulated_stripe)
    return simulated_stripe


def put_to_rest(simulator: RunningSimulator) -> None:
    for lever, mode in AT_REST.items():
        simulator.control(lever, mode)
