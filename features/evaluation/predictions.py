"""Rankings to be held against the truth: a table ``scorer,source,target,score``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from features.evaluation.tables import Table, read_table
from models.errors import SpringboardError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.evaluation.matrix import Matrix

__all__ = ["Predictions", "read_predictions"]

_COLUMNS = ("scorer", "source", "target", "score")


@dataclass(frozen=True)
class Predictions:
    """What scorers say of a matrix.

    Attributes
    ----------
    rows
        Scorer -> for each target [candidates], the highest first and minus infinity for one without a score, or None
        where it has none for that target.
    missing
        Scorer -> how many candidates of the targets it scores have no score; they rank last.
    lowest_first
        Scorers of which the lowest score is the best; in ``rows`` the sign is turned.
    seconds, bytes
        Scorer -> mean per source, where the table says it.
    unmatched
        How many rows are about no pair of the matrix.
    """

    rows: Mapping[str, list[NDArray[np.float64] | None]]
    missing: Mapping[str, int]
    lowest_first: frozenset[str]
    seconds: Mapping[str, float]
    bytes: Mapping[str, float]
    unmatched: int


def read_predictions(path: Path, matrix: Matrix) -> Predictions:
    """Read and check a table of predictions, and join it to a matrix.

    Parameters
    ----------
    path
        CSV or Parquet with ``scorer``, ``source``, ``target`` and ``score`` (an empty cell is no score). Where there
        are: ``direction`` (higher or lower: which end is the good one; else the registry says it for our own scorers,
        and higher for others), ``seconds`` and ``bytes``, which that score cost.
    matrix
        What is known of the truth.

    Raises
    ------
    ReadError
        The file, a column or a row cannot be used, or no row is about a pair of the matrix.
    """
    table = read_table(path, option="--predictions")
    table.require(_COLUMNS)
    scorers, sources, targets = (table.names(name) for name in _COLUMNS[:3])
    scores = _by_key(table, scorers, sources, targets, table.numbers("score", may_lack=True))
    lowest = _lowest_first(table, scorers)
    rows, missing, used = _joined(dict.fromkeys(scorers), scores, lowest, matrix)
    if not used:
        raise table.refuse(
            "is about none of the pairs in the results",
            "use the same names of sources and targets in both tables, and give at least one score",
        )
    seconds, size = (_mean_of(table, name, scorers, sources) for name in ("seconds", "bytes"))
    return Predictions(rows, missing, lowest, seconds, size, unmatched=len(scorers) - used)


def _by_key(
    table: Table, scorers: list[str], sources: list[str], targets: list[str], scores: list[float | None]
) -> dict[tuple[str, str, str], float | None]:
    found: dict[tuple[str, str, str], float | None] = {}
    for row, (key, score) in enumerate(
        zip(zip(scorers, sources, targets, strict=True), scores, strict=True), 1
    ):
        if key in found:
            raise table.refuse(
                f"has a second score by '{key[0]}' for source '{key[1]}' and target '{key[2]}' in row {row:,}",
                "keep one row for each scorer, source and target",
            )
        found[key] = score
    return found


def _joined(
    scorers: Mapping[str, None],
    scores: Mapping[tuple[str, str, str], float | None],
    lowest: frozenset[str],
    matrix: Matrix,
) -> tuple[dict[str, list[NDArray[np.float64] | None]], dict[str, int], int]:
    rows: dict[str, list[NDArray[np.float64] | None]] = {}
    missing, used = {}, 0
    for scorer in scorers:
        sign = -1.0 if scorer in lowest else 1.0
        rows[scorer], missing[scorer] = [], 0
        for target in matrix.targets:
            given = [scores.get((scorer, source, target.name)) for source in target.candidates]
            there = sum(one is not None for one in given)
            used += there
            missing[scorer] += len(given) - there if there else 0
            values = np.array([-np.inf if one is None else sign * one for one in given], dtype=np.float64)
            rows[scorer].append(values if there else None)
    return (
        {name: found for name, found in rows.items() if any(one is not None for one in found)},
        missing,
        used,
    )


def _lowest_first(table: Table, scorers: list[str]) -> frozenset[str]:
    if not table.has("direction"):
        return frozenset(name for name in dict.fromkeys(scorers) if _registry_says_lower(name))
    said: dict[str, str] = {}
    for row, (scorer, value) in enumerate(zip(scorers, table.texts("direction"), strict=True), 1):
        direction = value.lower()
        if not direction:
            continue
        if direction not in ("higher", "lower"):
            raise table.refuse(
                f"has {value[:40]!r} for direction in row {row:,}",
                "write higher or lower, whichever end is good",
            )
        if said.setdefault(scorer, direction) != direction:
            raise table.refuse(
                f"calls both ends of '{scorer}' the good one (row {row:,})", "give each scorer one direction"
            )
    return frozenset(
        name
        for name in dict.fromkeys(scorers)
        if said.get(name, "") == "lower" or (name not in said and _registry_says_lower(name))
    )


def _registry_says_lower(name: str) -> bool:
    from models.scorers import get_scorer

    try:
        return not get_scorer(name).higher_is_better
    except SpringboardError:
        return False


def _mean_of(table: Table, column: str, scorers: list[str], sources: list[str]) -> dict[str, float]:
    """Mean over sources of a source's mean over targets."""
    if not table.has(column):
        return {}
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for scorer, source, value in zip(scorers, sources, table.numbers(column, may_lack=True), strict=True):
        if value is not None:
            found[scorer][source].append(value)
    return {
        scorer: float(np.mean([np.mean(values) for values in of_source.values()]))
        for scorer, of_source in found.items()
    }
