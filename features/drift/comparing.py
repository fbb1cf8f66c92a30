"""Two versions of a target held against each other: rows, labels, embeddings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from features.drift.rows import RowChanges, row_changes

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from models.drift import Tested

__all__ = ["compare", "is_unlikely"]

FEWEST = 20
"""Of fewer rows that came or went nothing is tested: they can hardly be told from chance, nor move much."""

UNLIKELY = 0.01
"""A p-value below this counts as a difference. Four tests are made at most, so that one refresh in 25 at most is told
of a difference where there is none."""


def is_unlikely(test: dict[str, Any]) -> bool:
    """Whether chance hardly gives a test's result."""
    return bool(test["p_value"] < UNLIKELY)


def compare(
    old: pl.DataFrame,
    new: pl.DataFrame,
    *,
    numbers: bool,
    embeddings: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Compare two versions of one dataset.

    Rows that are in both are no news, and would make any two samples alike. What is tested is whether those that came
    are of the same kind as all old ones, and whether those that went are of the same kind as those that stayed.

    Parameters
    ----------
    old, new
        Canonical rows.
    numbers
        Whether the labels are numbers.
    embeddings
        Of all rows, [n, d] and [m, d], in the order of the rows; None where there are none.
    seed
        Of the tests' relabellings.

    Returns
    -------
    dict
        JSON: ``rows`` (counts), ``labels`` and, where there are embeddings, ``embeddings``; both have ``tests``, each
        with ``of`` ("came" or "went"), ``rows``, ``distance`` and ``p_value``.
    """
    changes = row_changes(old, new)
    counts = {
        "before": len(old),
        "now": len(new),
        "stayed": len(changes.stayed[0]),
        "came": len(changes.came),
        "went": len(changes.went),
        "relabelled": changes.relabelled,
    }
    found: dict[str, Any] = {"rows": counts, "labels": _labels(changes, numbers, seed)}
    if embeddings is not None:
        found["embeddings"] = _embeddings(changes, *embeddings, seed)
    return found


def _labels(changes: RowChanges, numbers: bool, seed: int) -> dict[str, Any]:
    from models.drift import class_test, number_test, total_variation

    if numbers:
        old, new = changes.old.astype(float), changes.new.astype(float)
        whole = {"kind": "numbers", "distance": _rounded(number_test(old, new).distance)}
        return {**whole, "tests": _tests(changes, old, new, number_test)}
    was, now = Counter(changes.old.tolist()), Counter(changes.new.tolist())
    return {
        "kind": "classes",
        "distance": _rounded(total_variation(changes.old.tolist(), changes.new.tolist())),
        "appeared": {str(one): now[one] for one in sorted(now.keys() - was.keys())},
        "vanished": {str(one): was[one] for one in sorted(was.keys() - now.keys())},
        "renamed": changes.renamed,
        "tests": _tests(
            changes, changes.old, changes.new, lambda a, b: class_test(a.tolist(), b.tolist(), seed=seed)
        ),
    }


def _embeddings(
    changes: RowChanges, old: NDArray[np.float32], new: NDArray[np.float32], seed: int
) -> dict[str, Any]:
    from models.drift import centroid_shift, kernel_test

    shift = centroid_shift(old, new)
    return {
        "shift": _rounded(shift) if np.isfinite(shift) else None,
        "tests": _tests(changes, old, new, lambda a, b: kernel_test(a, b, seed=seed)),
    }


def _tests(
    changes: RowChanges,
    old: NDArray[Any],
    new: NDArray[Any],
    test: Callable[[NDArray[Any], NDArray[Any]], Tested],
) -> list[dict[str, Any]]:
    def samples() -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
        yield "came", old, new[changes.came]
        yield "went", old[changes.stayed[0]], old[changes.went]

    found = []
    for of, reference, sample in samples():
        if min(len(reference), len(sample)) >= FEWEST:
            tested = test(reference, sample)
            distance, p_value = _rounded(tested.distance), _rounded(tested.p_value)
            found.append({"of": of, "rows": len(sample), "distance": distance, "p_value": p_value})
    return found


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
