"""The two set functions against their definitions, and the greedy pick against every team there is."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from models.errors import InputsError, SettingsError
from models.scorers.sets.osborn import pick_team
from models.scorers.sets.teams import Agreement, Complement, Team, pick

Worth = Callable[[Iterable[int]], float]


def _pool(seed: int, sources: int = 7, n: int = 40) -> tuple[Any, list[Any]]:
    """Costs, and predictions that partly go together."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(n, 3))
    tables = []
    for _ in range(sources):
        z = int(rng.integers(2, 6))
        own = rng.normal(size=(n, z))
        tables.append(softmax(2 * hidden @ rng.normal(size=(3, z)) + rng.random() * own, axis=1))
    return 2 * rng.random(sources), tables


def _alignment(a: Any, b: Any) -> float:
    """Centred kernel alignment by the n x n kernels of the rows."""
    n = len(a)
    centre = np.eye(n) - 1 / n
    k, m = (centre @ table @ table.T @ centre for table in (a, b))
    return float((k * m).sum() / np.sqrt((k * k).sum() * (m * m).sum()))


def _complement(costs: Any, tables: list[Any], cohesion: float = 1.0) -> Worth:
    size = len(tables)
    aligned = np.array([[_alignment(a, b) for b in tables] for a in tables])
    kernel = (1 - cohesion) * np.eye(size) + cohesion * aligned
    quality = np.sqrt((np.e - 1) * np.exp(costs.min() - costs))
    whole = np.eye(size) + quality[:, None] * kernel * quality
    return lambda team: float(np.linalg.slogdet(whole[np.ix_(sorted(team), sorted(team))])[1])


def _entropy(*columns: Any) -> float:
    shares = np.unique(np.stack(columns), axis=1, return_counts=True)[1] / len(columns[0])
    return float(-(shares * np.log(shares)).sum())


def _disagreement(a: Any, b: Any) -> float:
    joint = _entropy(a, b)
    return (2 * joint - _entropy(a) - _entropy(b)) / joint if joint else 0.0


def _agreement(costs: Any, tables: list[Any], constant: float = 0.0) -> Worth:
    hard = [table.argmax(1) for table in tables]

    def worth(team: Iterable[int]) -> float:
        pairs = itertools.combinations(sorted(team), 2)
        alone = sum(constant - costs[member] for member in team)
        return float(alone - sum(_disagreement(hard[a], hard[b]) for a, b in pairs))

    return worth


def _hard(tables: list[Any]) -> list[Any]:
    return [table.argmax(1) for table in tables]


def _cases(seed: int) -> list[tuple[Team, Worth]]:
    costs, tables = _pool(seed)
    return [
        (Complement(costs, tables), _complement(costs, tables)),
        (Complement(costs, tables, cohesion=0.4), _complement(costs, tables, 0.4)),
        (Agreement(costs, _hard(tables)), _agreement(costs, tables)),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_gains_are_differences_of_the_set_function(seed: int) -> None:
    for team, worth in _cases(seed):
        members: list[int] = []
        for newcomer in np.random.default_rng(seed).permutation(7)[:5]:
            others = [place for place in range(7) if place not in members]
            expected = [worth([*members, place]) - worth(members) for place in others]
            np.testing.assert_allclose(team.gains()[others], expected, atol=1e-9)
            team.add(int(newcomer))
            members.append(int(newcomer))


def _random_chain(rng: Any) -> tuple[set[int], set[int], int]:
    """A set, a superset of it, and a source in neither."""
    order = [int(place) for place in rng.permutation(7)]
    cut = int(rng.integers(1, 7))
    large = set(order[:cut])
    return {place for place in large if rng.random() < 0.5}, large, order[cut]


@pytest.mark.parametrize("seed", range(5))
def test_returns_diminish_on_random_sets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _, worth in _cases(seed):
        for _ in range(60):
            small, large, newcomer = _random_chain(rng)
            early = worth(small | {newcomer}) - worth(small)
            late = worth(large | {newcomer}) - worth(large)
            assert late <= early + 1e-10


@pytest.mark.parametrize("seed", range(5))
def test_complement_never_falls_and_is_nothing_for_nobody(seed: int) -> None:
    costs, tables = _pool(seed)
    worth, rng = _complement(costs, tables), np.random.default_rng(seed)
    assert worth([]) == 0
    for _ in range(60):
        _, large, newcomer = _random_chain(rng)
        assert worth(large | {newcomer}) >= worth(large) - 1e-12


def test_the_papers_function_always_falls_so_submodular_is_not_monotone() -> None:
    costs, tables = _pool(0)
    worth = _agreement(costs, tables)
    for members in itertools.combinations(range(7), 3):
        assert all(worth({*members, place}) < worth(members) for place in range(7) if place not in members)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("k", [2, 3, 4])
def test_the_greedy_team_is_worth_at_least_63_percent_of_the_best(seed: int, k: int) -> None:
    costs, tables = _pool(seed)
    # Each member counts the largest cost and all the disagreement it may meet in the proof's sets of 2k - 1.
    constant = float(costs.max()) + 2 * k - 2
    for name, worth in (
        ("complement", _complement(costs, tables)),
        ("agree", _agreement(costs, tables, constant)),
    ):
        greedy = worth(pick_team(costs, tables, k, team=name).members)
        best = max(worth(team) for team in itertools.combinations(range(7), k))
        assert (1 - 1 / np.e) * best <= greedy <= best + 1e-9


def test_greedy_can_miss_the_best_team_so_the_bound_is_no_equality() -> None:
    # The cheapest source says what two others say together; those two make the better pair.
    bits = np.array(list(itertools.product([0, 1], repeat=4)))
    one, two = np.eye(2)[bits[:, 0]], np.eye(2)[bits[:, 1]]
    both = np.eye(4)[2 * bits[:, 0] + bits[:, 1]]
    costs, tables = np.array([0.0, 0.1, 0.1]), [both, one, two]
    worth = _complement(costs, tables)
    members = pick_team(costs, tables, 2).members
    assert members[0] == 0
    assert 1 - 1 / np.e < worth(members) / worth([1, 2]) < 0.97


@pytest.mark.parametrize("name", ["complement", "agree"])
def test_sorting_by_score_gives_the_order_of_the_pick_and_the_rest_come_after(name: str) -> None:
    costs, tables = _pool(3, sources=30)
    picked = pick_team(costs, tables, 6, team=name)
    order = np.argsort(-picked.scores, kind="stable")
    assert tuple(order[:6]) == picked.members
    assert len(set(picked.members)) == 6
    assert np.isfinite(picked.scores).all()
    worth = (_complement if name == "complement" else _agreement)(costs, tables)
    for place in order[6:]:
        gain = worth([*picked.members, int(place)]) - worth(picked.members)
        assert picked.scores[place] == pytest.approx(gain, abs=1e-9)


def test_a_source_that_says_something_else_is_preferred_to_a_copy_and_by_agreement_the_copy_is() -> None:
    rng = np.random.default_rng(0)
    first, other = (softmax(3 * rng.normal(size=(200, 3)), axis=1) for _ in range(2))
    copy = first[:, ::-1]
    costs = np.array([0.2, 0.2, 0.5])
    assert pick_team(costs, [first, copy, other], 2).members == (0, 2)
    assert pick_team(costs, [first, copy, other], 2, team="agree").members == (0, 1)
    # Without cohesion only the costs count.
    for name in ("complement", "agree"):
        assert pick_team(costs, [first, copy, other], 3, cohesion=0, team=name).members == (0, 1, 2)


def test_the_unit_the_first_gains_1_and_a_copy_as_much_as_an_unrelated_source_that_costs_1_more() -> None:
    first = np.repeat(np.eye(2), 8, axis=0)
    unrelated = np.tile(np.eye(2), (8, 1))
    picked = pick_team(np.array([0.3, 0.3, 1.3]), [first, first, unrelated], 1)
    assert picked.scores[0] == pytest.approx(1)
    np.testing.assert_allclose(picked.scores[1:], np.log(2 - 1 / np.e))


def test_a_model_that_says_the_same_of_every_row_adds_nothing() -> None:
    rng = np.random.default_rng(1)
    varied = softmax(rng.normal(size=(50, 3)), axis=1)
    same = np.full((50, 2), 0.5)
    scores = pick_team(np.array([1.0, 0.0]), [varied, same], 1).scores
    assert scores[1] == 0 < scores[0]
    # Two such models agree fully; one of them and another do not at all.
    hard = [np.zeros(6, dtype=int), np.zeros(6, dtype=int), np.arange(6) % 2]
    np.testing.assert_allclose(Agreement(np.zeros(3), hard).disagreement_with(0), [0, 0, 1])


def test_names_of_classes_and_order_of_rows_do_not_matter() -> None:
    costs, tables = _pool(4)
    order = np.random.default_rng(2).permutation(40)
    for name in ("complement", "agree"):
        expected = pick_team(costs, tables, 4, team=name).scores
        renamed = [table[order][:, ::-1] for table in tables]
        np.testing.assert_allclose(pick_team(costs, renamed, 4, team=name).scores, expected, atol=1e-9)


def test_a_pool_smaller_than_the_team_is_picked_whole() -> None:
    costs, tables = _pool(5, sources=3)
    assert sorted(pick_team(costs, tables, 10).members) == [0, 1, 2]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"k": 0}, "setting k is 0"),
        ({"team": "complment"}, "did you mean complement"),
        ({"cohesion": 1.5}, "setting cohesion is 1.5"),
        ({"cohesion": -1, "team": "agree"}, "setting cohesion is -1"),
        ({"cohesion": float("nan")}, "setting cohesion is nan"),
    ],
)
def test_settings_out_of_range_are_refused(settings: Any, words: str) -> None:
    costs, tables = _pool(0)
    with pytest.raises(SettingsError, match=words):
        pick_team(costs, tables, **{"k": 2, **settings})


def test_no_later_gain_passes_an_earlier_one_by_rounding() -> None:
    class Rounded:
        """Equal gains, and an error in the last place that grows."""

        def __init__(self) -> None:
            self.left = np.ones(4)

        def gains(self) -> Any:
            return self.left

        def add(self, member: int) -> None:
            self.left = self.left + 1e-16 * 4

    scores = pick(Rounded(), 2).scores
    assert (np.diff(scores) <= 0).all()


def test_a_pool_that_does_not_hold_together_is_refused() -> None:
    costs, tables = _pool(0)
    for bad in (costs[:-1], np.full(7, np.nan)):
        with pytest.raises(InputsError, match=r"'costs' .* for 7 tables"):
            pick_team(bad, tables, 2)
    with pytest.raises(InputsError, match="'costs'"):
        pick_team([], [], 2)
    with pytest.raises(InputsError, match="'predictions' are of 39, 40 rows"):
        pick_team(costs, [tables[0][1:], *tables[1:]], 2)
