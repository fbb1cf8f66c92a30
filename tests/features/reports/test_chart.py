from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.rankings.view import view_of
from features.reports.chart import drawing_of

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
SCORES = st.lists(st.floats(min_value=-1e6, max_value=1e6, allow_subnormal=False), min_size=1, max_size=8)


@given(SCORES, st.floats(min_value=0, max_value=10))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_everything_drawn_is_inside_and_in_order(
    make_ranking: Any, scores: list[float], error: float
) -> None:
    ranking = make_ranking([f"s{i}" for i in range(len(scores))])
    for row, score in zip(ranking["ranking"], sorted(scores, reverse=True), strict=True):
        row["score"], row["stderr"] = score, error
    view = view_of(ranking, now=NOW)
    axis = drawing_of(view, view.rows).axis
    for row in view.rows:
        places = [float(axis.at(value).rstrip("%")) for value in (row.low, row.score, row.high)]
        assert 0 <= places[0] <= places[1] <= places[2] <= 100
    dots = [float(axis.at(row.score).rstrip("%")) for row in view.rows]
    assert all(a >= b for a, b in pairwise(dots))
    ticks = [float(tick.at.rstrip("%")) for tick in axis.ticks]
    assert 1 <= len(ticks) <= 12
    assert ticks == sorted(ticks)
    assert len({tick.text for tick in axis.ticks}) == len(ticks)


def test_ticks_are_round_numbers(make_ranking: Any) -> None:
    ranking = make_ranking(["a", "b"], base_score=None)
    ranking["ranking"][0].update(score=0.62, stderr=None)
    ranking["ranking"][1].update(score=0.31, stderr=None)
    view = view_of(ranking, now=NOW)
    drawing = drawing_of(view, view.rows)
    assert [tick.text for tick in drawing.axis.ticks] == ["0.4", "0.5", "0.6"]
