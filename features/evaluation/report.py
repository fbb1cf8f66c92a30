"""``springboard evaluate`` as one JSON object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from features.evaluation.goals import goals_of
from features.evaluation.matrix import LeftOut, Matrix, matrix_of
from features.evaluation.predictions import Predictions, read_predictions
from features.evaluation.studies import studies_of
from features.evaluation.truth import read_truth
from features.wording import counted
from models.errors import SettingsError, UnreadableError
from models.evaluation import (
    KS,
    MEASURES,
    ORACLE,
    RANDOM,
    Comparison,
    Interval,
    compare,
    groups_needed,
    popularity,
)
from models.scorers.suggest import did_you_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = dict[str, list[NDArray[np.float64] | None]]

__all__ = ["POPULARITY", "evaluate"]

POPULARITY = "source_popularity"
_TOP = 5
_DIFFERENCE = "excess_regret@5"


@dataclass(frozen=True)
class _Given:
    """All rows that are compared, and what is to be said of them."""

    rows: Rows
    predictions: Predictions
    notes: list[str]


def evaluate(
    truth: Path,
    predictions: Path | None,
    *,
    default: str | None = None,
    must_match: bool = True,
    resamples: int | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Hold predictions against results.

    Parameters
    ----------
    truth, predictions
        Tables as :func:`~features.evaluation.truth.read_truth` and
        :func:`~features.evaluation.predictions.read_predictions` take them; without predictions only the rows that the
        results themselves give.
    default
        The scorer that the goals are about; else the product's default, else the first of the predictions.
    must_match
        Whether predictions about other pairs are an error; else they are not used, and a note says so.
    resamples
        Bootstrap samples; None is 1,000, fewer for very large tables.
    seed
        Of all that is drawn.

    Returns
    -------
    dict
        The object that ``springboard evaluate --json`` prints; ``docs/evaluation.md`` explains it.

    Raises
    ------
    ReadError
        A table cannot be used.
    SettingsError
        ``default`` is no scorer here.
    """
    results = read_truth(truth)
    matrix = matrix_of(results)
    given = _given(matrix, predictions, must_match)
    name = _default(default, given, matrix)
    n_resamples = resamples or _resamples(matrix, len(given.rows))
    comparison = compare(
        [target.truth for target in matrix.targets],
        given.rows,
        matrix.groups,
        resamples=n_resamples,
        seed=seed,
    )
    rows = [one for one in comparison.values if any(comparison.targets(one, measure) for measure in MEASURES)]
    undefined = [
        LeftOut(target.name, reason)
        for at, target in enumerate(matrix.targets)
        if (reason := _undefined(comparison, at))
    ]
    return {
        "truth": str(truth),
        "predictions": str(predictions) if given.predictions.rows else None,
        "pairs": matrix.pairs,
        "targets": len(matrix.targets),
        "seeds": len({seed for target in matrix.targets for seed in target.seeds}),
        "candidates": len(matrix.sources),
        "target_names": [target.name for target in matrix.targets],
        "default": name,
        "resamples": n_resamples,
        "floor": {
            key: value for k in KS for key, value in _spread(f"regret@{k}", comparison.floor(k)).items()
        },
        "goals": goals_of(comparison, name),
        "scorers": {one: _scorer(comparison, one, name, given.predictions) for one in rows},
        "per_target": {
            target.name: _target(comparison, rows, matrix, at, given.rows)
            for at, target in enumerate(matrix.targets)
        },
        "studies": studies_of(matrix, given.rows, name, seed),
        "left_out": [_left_out(one) for one in (*matrix.left_out, *undefined)],
        "notes": [*results.notes, *given.notes, *_no_intervals(comparison, name)],
    }


def _undefined(comparison: Comparison, at: int) -> str:
    """Say which measures a target has none of, whoever ranks it; empty where it has all."""
    if comparison.on_target(RANDOM, "ndcg", at) is None:
        return "none of its results is above 0, so that it has neither a relative regret nor an NDCG"
    if comparison.on_target(RANDOM, "regret@1", at) is None:
        return "its best result is not above 0 at every seed, so that it has no relative regret"
    return ""


def _no_intervals(comparison: Comparison, default: str) -> list[str]:
    """Say why regret@5 has no interval, where it has none."""
    least = groups_needed(_DIFFERENCE)
    if comparison.targets(default, f"regret@{KS[-1]}") < 2:
        return ["no intervals: they take two targets at least"]
    if comparison.groups < least:
        had = counted(comparison.groups, "group")
        return [
            f"no interval where {KS[-1]} sources are tried: it takes {least} groups of sources, and here are {had}"
        ]
    return []


def _given(matrix: Matrix, path: Path | None, must_match: bool) -> _Given:
    notes: list[str] = []
    found = Predictions({}, {}, frozenset(), {}, {}, 0)
    if path is None:
        notes.append("no predictions: only rows that the results themselves give")
    else:
        try:
            found = read_predictions(path, matrix)
        except UnreadableError as problem:
            if must_match or "none of the pairs" not in problem.what:
                raise
            notes.append(f"'{path}' is about other pairs and was not used; name another with --predictions")
    if found.unmatched:
        notes.append(f"{counted(found.unmatched, 'prediction')} of other pairs, or without a score, not used")
    notes += [
        f"{name} has no score for {counted(count, 'pair')}: those sources rank last"
        for name, count in found.missing.items()
        if count
    ]
    rows = dict(found.rows)
    for ours in (RANDOM, ORACLE):
        if rows.pop(ours, None) is not None:
            notes.append(
                f"{ours} is computed exactly from the results; the predictions of that name are not used"
            )
    notes += _add_popularity(rows, matrix)
    return _Given(rows, found, notes)


def _add_popularity(rows: Rows, matrix: Matrix) -> list[str]:
    if POPULARITY in rows:
        return [f"{POPULARITY} is as predicted, not computed from the results"]
    found, over_baseline = popularity([target.truth for target in matrix.targets], len(matrix.sources))
    if all(one is None for one in found):
        return [f"{POPULARITY} needs results of the same sources on other targets"]
    rows[POPULARITY] = found
    return (
        []
        if over_baseline
        else [f"{POPULARITY} goes by each target's mean source: not every target has a baseline"]
    )


def _default(asked: str | None, given: _Given, matrix: Matrix) -> str:
    from features.workspace.settings import RankingParams

    known = [*given.rows, RANDOM]
    if asked is not None:
        if asked not in known:
            raise SettingsError(
                f"no scorer of the predictions is called '{asked[:60]}'",
                consequence="nothing was evaluated",
                next_step=did_you_mean(asked, known),
            )
        return asked
    wanted = (RankingParams().scorer, f"esm_{RankingParams().scorer}")
    return next((name for name in (*wanted, *known) if name in known), RANDOM)


def _resamples(matrix: Matrix, n_rows: int) -> int:
    work = len(matrix.targets) * len(matrix.sources) * (n_rows + 3)
    return max(200, min(1000, 60_000_000 // max(work, 1)))


def _scorer(comparison: Comparison, name: str, default: str, predictions: Predictions) -> dict[str, Any]:
    spreads = [_spread(measure, comparison.mean(name, measure)) for measure in MEASURES]
    found: dict[str, Any] = {key: value for one in spreads for key, value in one.items()}
    found |= {
        "targets": comparison.targets(name, "kendall") or comparison.targets(name, "regret@5"),
        "missing": predictions.missing.get(name, 0),
        "direction": "lower" if name in predictions.lowest_first else "higher",
        "seconds_per_source": predictions.seconds.get(name),
        "bytes_per_source": predictions.bytes.get(name),
        "versus_default": None,
    }
    if name != default:
        measure = _DIFFERENCE if comparison.floor(KS[-1]).value is not None else "regret@5"
        gap, targets = comparison.difference(default, name, measure)
        found["versus_default"] = {
            "measure": measure,
            "difference": gap.value,
            "low": gap.low,
            "high": gap.high,
            "targets": targets,
        }
    return found


def _spread(name: str, interval: Interval) -> dict[str, float | None]:
    return {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _target(
    comparison: Comparison, rows: Sequence[str], matrix: Matrix, at: int, predictions: Mapping[str, Any]
) -> dict[str, Any]:
    target = matrix.targets[at]
    means = target.truth.scores.mean(axis=1)
    best = int(means.argmax())
    return {
        "candidates": len(target.candidates),
        "seeds": list(target.seeds),
        "cross_fitted": len(target.seeds) > 2,
        "baseline": target.truth.baseline,
        "best": {"source": target.candidates[best], "score": float(means[best])},
        "floor": {f"regret@{k}": _at(comparison.floors[k][0, at]) for k in KS},
        "scorers": {
            name: {measure: comparison.on_target(name, measure, at) for measure in MEASURES}
            | {"top": _top(target.candidates, predictions[name][at] if name in predictions else None)}
            for name in rows
        },
    }


def _top(candidates: Sequence[str], predicted: NDArray[np.float64] | None) -> list[str] | None:
    if predicted is None:
        return None
    return [
        candidates[place]
        for place in np.argsort(-predicted, kind="stable")[:_TOP]
        if predicted[place] > -np.inf
    ]


def _at(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _left_out(one: LeftOut) -> dict[str, Any]:
    parts = {"target": one.target, "source": one.source, "seed": one.seed, "reason": one.reason}
    return {name: value for name, value in parts.items() if value is not None}
