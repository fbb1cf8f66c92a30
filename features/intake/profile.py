"""What a dataset looks like in a few numbers, for its card and the store."""

from __future__ import annotations

import math
from typing import Any

import polars as pl

from models.errors import MappingError
from models.tasks import Task

__all__ = ["profile_of"]


def profile_of(rows: pl.DataFrame, task: Task) -> dict[str, Any]:
    """Profile of canonical rows.

    Returns
    -------
    dict
        ``rows``, ``mean_chars`` (both texts of a pair together), ``classes`` and ``majority_share`` for
        classification, ``label_mean``, ``label_std``, ``label_min``, ``label_max`` for regression; what does
        not apply is None.

    Raises
    ------
    MappingError
        The labels of a regression have no finite mean or deviation: a squared distance between them is beyond floats.
    """
    chars = rows.select(
        (pl.col("text_a").str.len_chars().fill_null(0) + pl.col("text_b").str.len_chars().fill_null(0)).mean()
    ).item()
    profile: dict[str, Any] = {
        "rows": len(rows),
        "mean_chars": round(float(chars or 0.0), 2),
        "classes": None,
        "majority_share": None,
        "label_mean": None,
        "label_std": None,
        "label_min": None,
        "label_max": None,
    }
    label = rows["label"]
    if task.is_regression:
        numbers = {
            "label_mean": label.mean(),
            "label_std": label.std(),
            "label_min": label.min(),
            "label_max": label.max(),
        }
        profile |= {name: None if value is None else float(value) for name, value in numbers.items()}  # type: ignore[arg-type]
        _refuse_endless(profile)
    elif len(rows):
        counts = label.value_counts(sort=True)
        profile |= {"classes": len(counts), "majority_share": round(counts["count"][0] / len(rows), 4)}
    return profile


def _refuse_endless(profile: dict[str, Any]) -> None:
    said = {name: profile[name] for name in ("label_mean", "label_std", "label_min", "label_max")}
    if all(value is None or math.isfinite(value) for value in said.values()):
        return
    raise MappingError(
        f"The labels reach from {said['label_min']:g} to {said['label_max']:g}: numbers so large that they have no "
        "finite mean and deviation",
        consequence="nothing was stored",
        next_step="give them on another scale, name another `--label`, or set gate.rules.label_range in params.yaml",
    )
