from __future__ import annotations

import numpy as np
import pytest

from features.reports.leading import history_of
from features.reports.positions import Place, PoolMap, projected
from features.reports.scatter import scatter_of


def vectors(n: int, dim: int = 20) -> dict[str, np.ndarray]:
    drawn = np.random.default_rng(1).standard_normal((n, dim)).astype(np.float32)
    return {f"s{i:02d}": row for i, row in enumerate(drawn)}


def test_a_line_stays_a_line_and_the_nearest_are_its_neighbours() -> None:
    way = np.arange(20, dtype=np.float32)
    found = projected({f"s{i}": way * i for i in range(5)})
    assert found["share"] == pytest.approx(1.0)
    xs = [x for _, x, _, _ in found["places"]]
    assert xs == sorted(xs) or xs == sorted(xs, reverse=True)
    assert all(y == 0 for _, _, y, _ in found["places"])
    assert max(map(abs, xs)) == 1.0
    assert found["places"][0][3] == ["s1", "s2", "s3"]
    assert set(found["places"][2][3][:2]) == {"s1", "s3"}


def test_the_same_pool_lies_the_same_whatever_the_order_it_came_in() -> None:
    forward = vectors(30)
    assert projected(forward) == projected(dict(reversed(forward.items())))


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_small_pools_and_pools_in_one_place_have_a_map(n: int) -> None:
    found = projected(vectors(n))
    assert len(found["places"]) == n
    assert (found["share"] is None) == (n < 2)
    same = projected({f"s{i}": np.ones(4, dtype=np.float32) for i in range(n)})
    assert [(x, y) for _, x, y, _ in same["places"]] == [(0.0, 0.0)] * n
    assert all(len(near) == max(n - 1, 0) and name not in near for name, _, _, near in same["places"])


def test_what_is_not_finite_or_of_another_width_is_left_out() -> None:
    odd = {**vectors(3), "nan": np.full(20, np.nan, np.float32), "wide": np.ones(21, np.float32)}
    assert [name for name, *_ in projected(odd)["places"]] == ["s00", "s01", "s02"]


def test_every_dot_is_inside_and_labels_do_not_lie_on_each_other() -> None:
    places = [Place(name, x, y, tuple(near)) for name, x, y, near in projected(vectors(40))["places"]]
    drawing = scatter_of(PoolMap("esm", tuple(places), 0.42), {"s01": {"task": "pair_regression"}})
    spots = [(float(dot.x.rstrip("%")), float(dot.y.rstrip("%"))) for dot in drawing.dots]
    assert all(5 <= x <= 95 and 5 <= y <= 95 for x, y in spots)
    labelled = [(dot, spot) for dot, spot in zip(drawing.dots, spots, strict=True) if dot.label]
    assert len(labelled) > 10
    for i, (one, (x, y)) in enumerate(labelled):
        for other, (u, v) in labelled[i + 1 :]:
            if one.left == other.left and abs(y - v) < 4:
                assert abs(x - u) >= 1.15 * min(len(one.label), len(other.label))
    assert {dot.source: dot.shape for dot in drawing.dots}["s01"] == "d"
    assert {dot.shape for dot in drawing.dots} == {"d", "e"}
    assert "42%" in drawing.share_text


def test_a_history_tells_who_came_and_went_and_draws_it() -> None:
    lines = [
        {"at": f"2026-11-2{i}T10:00:00", "ranking_id": f"r{i}", "order_id": order}
        for i, order in enumerate("aabcd")
    ]
    tiers = {"r0": ["x"], "r2": ["x", "y"], "r3": None, "r4": ["y"]}
    history = history_of(lines, tiers.__getitem__)
    assert history is not None
    assert [step.leading for step in history.steps] == [("x",), ("x", "y"), None, ("y",)]
    assert [(step.came, step.went) for step in history.steps] == [
        ((), ()),
        (("y",), ()),
        ((), ()),
        ((), ("x",)),
    ]
    assert history.sentence == "The leading tier changed in 2 of 3 steps between 4 rankings."
    drawn = {bar.source: bar.spans for bar in history.bars}
    assert drawn["x"] == (("0.00%", "50.00%"),)
    assert drawn["y"] == (("25.00%", "25.00%"), ("75.00%", "25.00%"))
    assert history_of([], tiers.__getitem__) is None


def test_only_the_newest_steps_are_shown() -> None:
    lines = [{"at": "2026", "ranking_id": str(i), "order_id": str(i)} for i in range(30)]
    history = history_of(lines, lambda ranking_id: [f"s{int(ranking_id) % 20}"])
    assert history is not None
    assert (len(history.steps), history.earlier, len(history.bars)) == (24, 6, 12)
