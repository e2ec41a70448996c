"""When two were connected: worked out from what both said, by examples and by rules that always hold."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging import proving
from messaging.models import CallReport, Modality

NINE = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
DOCTOR, PATIENT = UUID(int=1), UUID(int=2)
KINDS = [kind.value for kind in CallReport.Kind]


@dataclass(frozen=True)
class Said:
    side_id: UUID
    kind: str
    at: datetime
    modality: str = "video"


def said(*lines: str) -> list[Said]:
    """``"10 doctor connected"``: ten seconds after nine; ``"20 patient changed audio"``."""
    found = []
    for line in lines:
        second, who, kind, *modality = line.split()
        side = DOCTOR if who == "doctor" else PATIENT
        found.append(Said(side, kind, NINE + timedelta(seconds=int(second)), *modality))
    return found


def seconds(stretches) -> list[tuple]:
    """Each stretch as modality, first and last second."""
    return [
        (
            one.modality,
            int((one.started_at - NINE).total_seconds()),
            one.ended_at and int((one.ended_at - NINE).total_seconds()),
        )
        for one in stretches
    ]


BOTH = ("0 patient joined", "1 doctor joined", "5 doctor connected", "6 patient connected")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (BOTH[:3], []),
        (BOTH, [("video", 6, None)]),
        ((*BOTH, "60 doctor left"), [("video", 6, 60)]),
        ((*BOTH, "60 patient lost", "61 doctor interrupted"), [("video", 6, 60)]),
        (
            (*BOTH, "60 patient interrupted", "80 patient resumed", "99 patient left"),
            [("video", 6, 60), ("video", 80, 99)],
        ),
        (
            (*BOTH, "60 patient changed audio", "70 patient changed video"),
            [("video", 6, 60), ("audio", 60, 70), ("video", 70, None)],
        ),
        # The page was reloaded: until it says so itself, it is not connected.
        ((*BOTH, "60 patient joined", "62 doctor resumed"), [("video", 6, 60)]),
        # What a lost side's last sign of life tells comes late, and moves nothing that was written down.
        ((*BOTH, "50 doctor changed audio", "40 patient lost"), [("video", 6, 50), ("audio", 50, 50)]),
    ],
)
def test_examples(lines, expected):
    assert seconds(proving.stretches(said(*lines))) == expected


def test_one_side_alone_makes_nothing_whatever_it_says():
    lines = [f"{second} doctor {kind}" for second, kind in enumerate(KINDS * 3)]

    assert proving.stretches(said(*lines)) == []


reports = st.lists(
    st.builds(
        Said,
        side_id=st.sampled_from([DOCTOR, PATIENT]),
        kind=st.sampled_from(KINDS),
        at=st.integers(0, 120).map(lambda second: NINE + timedelta(seconds=second)),
        modality=st.sampled_from(Modality.values),
    ),
    max_size=40,
)


@given(reports)
def test_stretches_follow_each_other_and_never_overlap(lines):
    found = proving.stretches(lines)

    assert all(one.ended_at is not None for one in found[:-1])
    assert all(one.started_at <= one.ended_at for one in found if one.ended_at)
    assert all(one.ended_at <= then.started_at for one, then in pairwise(found))


@given(reports, st.data())
def test_what_is_said_later_changes_nothing_that_has_ended(lines, data):
    cut = data.draw(st.integers(0, len(lines)))
    before, after = proving.stretches(lines[:cut]), proving.stretches(lines)

    ended = [one for one in before if one.ended_at]
    assert after[: len(ended)] == ended
    assert [one.started_at for one in after[: len(before)]] == [one.started_at for one in before]


@given(reports)
def test_no_moment_counts_that_both_did_not_vouch_for(lines):
    """A slow second reckoning, instant by instant: at each, the last word of each side."""
    latest = NINE
    clocks = [latest := max(latest, report.at) for report in lines]
    for one in proving.stretches(lines):
        inside = [
            number
            for number, clock in enumerate(clocks)
            if one.started_at <= clock and (one.ended_at is None or clock < one.ended_at)
        ]
        for number in inside:
            same_moment = [n for n in inside if clocks[n] == clocks[number]]
            assert all(vouches(lines[: same_moment[-1] + 1], side) for side in (DOCTOR, PATIENT))


def vouches(lines, side) -> bool:
    """Whether, of what ``side`` said about the connection, the last word was yes."""
    words = [r.kind for r in lines if r.side_id == side and r.kind not in {"changed", "admitted"}]
    return bool(words) and words[-1] in {"connected", "resumed"}


@given(reports)
def test_a_picture_counts_only_while_both_send_one(lines):
    silent = [Said(r.side_id, r.kind, r.at, "audio" if r.side_id == PATIENT else r.modality) for r in lines]

    assert all(one.modality == "audio" for one in proving.stretches(silent))
