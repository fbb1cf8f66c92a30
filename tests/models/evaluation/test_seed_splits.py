from __future__ import annotations

from math import comb

import pytest

from models.evaluation import Split, seed_splits


def test_three_seeds_give_six_splits() -> None:
    assert seed_splits(3) == tuple(
        Split((known,), (picks,), (judges,))
        for known, picks, judges in [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    )


def test_too_few_seeds_judge_with_those_that_picked() -> None:
    assert seed_splits(1) == (Split((), (0,), (0,)),)
    assert seed_splits(2) == (Split((0,), (1,), (1,)), Split((1,), (0,), (0,)))


@pytest.mark.parametrize(("seeds", "count"), [(4, 6 * 2), (5, 10 * 6), (6, 20 * 6), (8, comb(8, 4) * 6)])
def test_every_split_shares_out_all_seeds_once(seeds: int, count: int) -> None:
    found = seed_splits(seeds)
    assert len(set(found)) == len(found) == count
    for split in found:
        assert sorted([*split.known, *split.picks, *split.judges]) == list(range(seeds))
        assert len(split.known) == seeds // 2
        assert abs(len(split.picks) - len(split.judges)) <= 1


def test_odd_rests_are_cut_either_way_round() -> None:
    found = seed_splits(5)
    assert {(len(split.picks), len(split.judges)) for split in found} == {(1, 2), (2, 1)}


def test_many_seeds_are_sampled_and_the_same_each_time() -> None:
    found = seed_splits(12, most=100)
    assert len(set(found)) == 100
    assert found == seed_splits(12, most=100)
    assert found != seed_splits(12, most=100, seed=1)
    for split in found:
        assert sorted([*split.known, *split.picks, *split.judges]) == list(range(12))


def test_no_seeds_are_refused() -> None:
    with pytest.raises(ValueError, match="a split needs a seed"):
        seed_splits(0)
