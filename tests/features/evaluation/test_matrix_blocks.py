from __future__ import annotations

import pytest

from features.evaluation.matrix import matrix_of
from features.evaluation.truth import Truth
from models.errors import UnreadableError


def _truth(results: dict, baselines: dict | None = None, **more: object) -> Truth:
    return Truth(results, baselines or {}, **({"groups": {}} | more))  # type: ignore[arg-type]


def _runs(n_sources: int, seeds: tuple[int, ...] = (0, 1, 2)) -> dict[str, dict[int, float]]:
    return {f"s{i}": {seed: 0.5 + i / 100 + seed / 1000 for seed in seeds} for i in range(n_sources)}


def test_a_full_matrix_is_kept_whole() -> None:
    found = matrix_of(_truth({"b": _runs(3), "a": _runs(2)}, {"a": {0: 0.4, 1: 0.6, 2: 0.5}}))
    assert [target.name for target in found.targets] == ["a", "b"]
    assert found.sources == ("s0", "s1", "s2")
    assert found.pairs == 5
    assert found.left_out == ()
    assert found.targets[1].truth.scores[2].tolist() == [0.52, 0.521, 0.522]
    assert found.targets[0].truth.baseline == pytest.approx(0.5)
    assert found.targets[1].truth.baseline is None


def test_a_seed_that_few_sources_have_is_left_out() -> None:
    results = _runs(10, (0, 1))
    for name in ("s0", "s1", "s2"):
        results[name][7] = 0.5
    found = matrix_of(_truth({"t": results}))
    assert found.targets[0].seeds == (0, 1)
    assert len(found.targets[0].candidates) == 10
    (out,) = found.left_out
    assert (out.target, out.seed, out.reason) == ("t", 7, "3 of 10 sources have it")


def test_a_source_that_lacks_a_seed_nearly_all_have_is_left_out() -> None:
    results = _runs(20)
    del results["s4"][2]
    found = matrix_of(_truth({"t": results}))
    assert found.targets[0].seeds == (0, 1, 2)
    assert "s4" not in found.targets[0].candidates
    (out,) = found.left_out
    assert (out.source, out.reason) == ("s4", "no result at seed 2")


def test_each_target_has_seeds_of_its_own() -> None:
    found = matrix_of(_truth({"t": _runs(4, (0, 1)), "u": _runs(4, (5, 6, 7))}))
    assert [target.seeds for target in found.targets] == [(0, 1), (5, 6, 7)]


def test_a_target_with_one_source_is_left_out_and_a_lone_baseline_too() -> None:
    found = matrix_of(_truth({"t": _runs(4), "u": _runs(1)}, {"v": {0: 0.5}}))
    assert [target.name for target in found.targets] == ["t"]
    reasons = {out.target: out.reason for out in found.left_out}
    assert reasons == {"u": "only 1 source can be compared", "v": "only its baseline was measured"}


def test_the_baseline_goes_by_the_seeds_that_count_where_it_has_them() -> None:
    results = _runs(4, (0, 1))
    some = matrix_of(_truth({"t": results}, {"t": {0: 0.3, 9: 0.9}}))
    assert some.targets[0].truth.baseline == pytest.approx(0.3)
    (said,) = some.left_out
    assert (said.target, said.source) == ("t", "none")
    assert said.reason == "no result at seed 1: gains go by what it reached at other seeds"
    others = matrix_of(_truth({"t": results}, {"t": {8: 0.7, 9: 0.9}}))
    assert others.targets[0].truth.baseline == pytest.approx(0.8)
    assert "no result at seed 0, 1" in others.left_out[0].reason
    assert matrix_of(_truth({"t": results}, {"t": {0: 0.3, 1: 0.4, 9: 0.9}})).left_out == ()


def test_no_target_with_two_sources_is_an_error() -> None:
    with pytest.raises(UnreadableError, match="two sources with the same seed"):
        matrix_of(_truth({"t": _runs(1), "u": {"a": {0: 0.5}, "b": {1: 0.5}}}))


def test_sources_without_a_group_are_groups_of_their_own() -> None:
    found = matrix_of(_truth({"t": _runs(4)}, groups={"s1": "s0", "s3": "s0"}))
    first, second, third, fourth = found.groups.tolist()
    assert second == fourth
    assert len({first, second, third}) == 3
