"""Which records of ledgers/transfers.jsonl count: the newest of a pair and seed, averaged, and none withdrawn."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.artefacts.plan import Plan
from features.rankings.gains import PastGains
from features.rankings.transfers import Transfers
from features.registry import Kind, Ledger
from features.workspace import Workspace
from models.errors import ArtefactError


def _write(workspace: Workspace, *records: dict[str, Any]) -> Transfers:
    ledger = Ledger(workspace.ledgers / "transfers.jsonl")
    for record in records:
        ledger.append(record)
    return Transfers(Plan(workspace))


def _result(gain: float, seed: int | None = None, source: str = "s", target: str = "t") -> dict[str, Any]:
    said: dict[str, Any] = {} if seed is None else {"seed": seed}
    return {"source": source, "target": target, "score": 0.5 + gain, "baseline": 0.5, **said}


def _withdrawal(seed: int | None = None, source: str = "s", target: str = "t") -> dict[str, Any]:
    return {"event": "withdrawn", "source": source, "target": target, "seed": seed}


def test_nothing_is_known_without_a_ledger(workspace: Workspace) -> None:
    transfers = Transfers(Plan(workspace))
    assert (transfers.in_force, transfers.gains, transfers.standing) == ({}, {}, {})
    assert PastGains(Plan(workspace)).newest == ""


def test_the_newest_of_a_pair_and_seed_is_in_force_and_seeds_are_averaged(workspace: Workspace) -> None:
    transfers = _write(
        workspace, _result(0.4, 1), _result(0.1, 2), _result(0.2, 1), _result(0.3), _result(-0.1, 1, "other")
    )
    assert transfers.gains["s"]["t"] == pytest.approx((0.2 + 0.1 + 0.3) / 3)
    assert transfers.gains["other"]["t"] == pytest.approx(-0.1)
    assert transfers.standing == {
        1: "replaced",
        2: "in force",
        3: "in force",
        4: "in force",
        5: "in force",
    }


def test_without_seeds_the_newest_of_a_pair_is_in_force(workspace: Workspace) -> None:
    transfers = _write(workspace, _result(0.4), _result(0.1), _result(0.2))
    assert transfers.gains["s"]["t"] == pytest.approx(0.2)
    assert list(transfers.standing.values()) == ["replaced", "replaced", "in force"]


def test_a_withdrawal_takes_back_what_came_before_it_and_nothing_else(workspace: Workspace) -> None:
    transfers = _write(
        workspace,
        _result(0.1, 1),
        _result(0.2, 2),
        _result(0.3, 1, "other"),
        _withdrawal(),
        _result(0.05, 3),
        _result(0.15, 4),
        _withdrawal(4),
        _withdrawal(99),
    )
    assert transfers.gains["s"] == {"t": pytest.approx(0.05)}
    assert transfers.gains["other"] == {"t": pytest.approx(0.3)}
    assert list(transfers.standing.values()) == [
        "withdrawn",
        "withdrawn",
        "in force",
        "withdrawal",
        "in force",
        "withdrawn",
        "withdrawal",
        "withdrawal",
    ]
    gone = _write(workspace, _withdrawal())
    assert "s" not in gone.gains
    assert ("s", "t") not in gone.in_force


def test_the_first_result_is_told_of_the_same_rows_and_since_the_last_withdrawal(
    workspace: Workspace,
) -> None:
    of_rows = [{**_result(0.1, seed), "target_version": version} for seed, version in ((1, "a"), (2, "b"))]
    transfers = _write(workspace, *of_rows, {**of_rows[0], "score": 0.9})
    (runs,) = transfers.in_force.values()
    assert transfers.first_of(runs[1]).number == 1
    assert transfers.first_of(runs[2]).number == 2
    later = _write(workspace, _withdrawal(), of_rows[0])
    (run,) = later.in_force["s", "t"].values()
    assert later.first_of(run).number == 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "s", "target": "t", "score": 0.5},
        {**_result(0.1), "score": "good"},
        {**_result(0.1), "baseline": None},
        {**_result(0.1), "score": "nan"},
        {**_result(0.1), "seed": "1"},
        {**_result(0.1), "seed": True},
        {**_result(0.1), "event": "guessed"},
        {"event": "withdrawn", "source": "s"},
    ],
)
def test_a_record_that_is_neither_is_named(workspace: Workspace, wrong: dict[str, Any]) -> None:
    transfers = _write(workspace, _result(0.1), wrong)
    with pytest.raises(ArtefactError, match=r"record 2 of '.*transfers\.jsonl' is not a transfer result"):
        _ = transfers.gains


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["report", "withdraw"]),
            st.sampled_from([None, 1, 2]),
            st.integers(0, 4).map(lambda value: value / 8),
        ),
        max_size=12,
    )
)
def test_what_is_in_force_is_what_a_slow_reading_says(steps: list[tuple[str, int | None, float]]) -> None:
    """From the back: a result counts unless a later one has its seed, or a later withdrawal names it or all."""
    from features.rankings.transfers import _State

    state = _State()

    class Nameless(Transfers):
        def pair_of(self, source: str, target: str) -> tuple[str, str]:
            return source, target

    reader = Nameless(None)  # type: ignore[arg-type]
    for number, (what, seed, gain) in enumerate(steps, start=1):
        line = {**_result(gain, seed), "seed": seed} if what == "report" else _withdrawal(seed)
        reader._take(state, number, line)
    expected: dict[int | None, float] = {}
    for place, (what, seed, gain) in enumerate(steps):
        later = steps[place + 1 :]
        if what == "report" and not any(
            other == seed if did == "report" else other in (None, seed) for did, other, _ in later
        ):
            expected[seed] = gain
    found = {seed: run.gain for seed, run in state.in_force.get(("s", "t"), {}).items()}
    assert found == expected
    assert set(state.standing) == set(range(1, len(steps) + 1))
    assert list(state.standing.values()).count("in force") == len(expected)


def test_past_gains_average_the_seeds_of_other_targets(workspace: Workspace) -> None:
    from features.registry import Entry
    from models.tasks import Task

    _write(workspace, _result(0.1, 1), _result(0.3, 2), _result(0.9, 1, target="mine"))

    def entry(kind: Kind, name: str) -> Entry:
        return Entry(kind, name, name, Task.CLASSIFICATION, "ref", 1, "", 1, 0)

    gains = PastGains(Plan(workspace))
    assert gains.of(entry(Kind.SOURCE, "s"), entry(Kind.TARGET, "mine")) == pytest.approx([0.2])
    assert gains.of(entry(Kind.SOURCE, "s"), entry(Kind.TARGET, "third")) == pytest.approx([0.9, 0.2])
