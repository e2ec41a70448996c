"""Where the simulator starts, where it refuses to, and what it keeps."""

import subprocess

import pytest

from billing.simulator import app
from billing.simulator.running import start
from billing.simulator.state import State
from billing.simulator.wire import ApiError, tree


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"DEBUG": "true", "ENVIRONMENT": "production"}, "does not run in production"),
        ({}, "only where DEBUG is on"),
        ({"DEBUG": "False"}, "only where DEBUG is on"),
        ({"DEBUG": "True", "STRIPE_SECRET_KEY": "sk_live_1"}, "A live Stripe key is set"),
        ({"DEBUG": "1", "FORGOTTEN": "rk_live_1"}, "A live Stripe key is set"),
    ],
)
def test_refuses_where_money_is_real(environment, sentence, tmp_path):
    with pytest.raises(RuntimeError, match=sentence):
        app.Simulator().start({**environment, "SIMULATOR_STATE": str(tmp_path / "state")})

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("environment", [{"ENVIRONMENT": "production"}, {"DEBUG": "false"}])
def test_the_process_ends_where_money_is_real(environment, tmp_path):
    process = start(1, state=tmp_path / "state", **environment)

    try:
        code = process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        code = None

    assert code == 3


def write_half(state: State) -> None:
    with state.writing():
        state.add("event", "evt", {})
        raise ZeroDivisionError


def test_what_is_written_together_is_lost_together(tmp_path):
    state = State(tmp_path / "state")

    with pytest.raises(ZeroDivisionError):
        write_half(state)

    assert state.every("event") == []
    state.close()


def test_what_was_written_is_there_after_a_restart(tmp_path):
    before = State(tmp_path / "state")
    with before.writing():
        kept = before.add("event", "evt", {"type": "x"})
    before.close()

    after = State(tmp_path / "state")

    assert after.every("event", type="x") == [kept]
    after.close()


@pytest.mark.parametrize(
    ("pairs", "grown"),
    [
        ([("a", "1")], {"a": "1"}),
        ([("a[b]", "1"), ("a[c]", "2")], {"a": {"b": "1", "c": "2"}}),
        ([("a[1][b]", "2"), ("a[0][b]", "1")], {"a": [{"b": "1"}, {"b": "2"}]}),
        ([("a[10]", "2"), ("a[9]", "1")], {"a": ["1", "2"]}),
    ],
)
def test_form_fields_grow_into_trees(pairs, grown):
    assert tree(pairs) == grown


def test_a_field_cannot_be_a_value_and_a_branch():
    with pytest.raises(ApiError):
        tree([("a", "1"), ("a[b]", "2")])
