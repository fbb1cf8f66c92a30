"""Scores as people type them: read, and refused with a hint where they cannot be what a metric gives."""

from __future__ import annotations

import math
import re

from features.reading.wording import shown
from models.errors import SettingsError
from models.tasks import Task

__all__ = ["NOTHING", "checked_metric", "read_score", "read_seed"]

NOTHING = "nothing was recorded"

_METRIC = re.compile(r"[a-z0-9][a-z0-9_@.-]{0,63}")
_LOWER_IS_BETTER = frozenset(
    {"loss", "error", "error_rate", "mae", "mse", "rmse", "nll", "cross_entropy", "perplexity", "brier"}
)
# These may be negative whatever the labels are; so may any score of a regression.
_CORRELATIONS = frozenset(
    {"pearson", "spearman", "kendall", "r2", "mcc", "matthews", "matthews_correlation", "kappa"}
)
_MOST_SEED = 2**63 - 1


def read_score(text: str, what: str, task: Task, metric: str | None) -> float:
    """Read a score or a baseline.

    Parameters
    ----------
    text
        As it was typed.
    what
        What it is, for messages.
    task
        Of the target: where labels are classes scores lie in [0, 1], where they are numbers in [-1, 1].
    metric
        A checked metric; correlations lie in [-1, 1] for any task.

    Raises
    ------
    SettingsError
        It is no number, is not finite, or lies outside.
    """
    value = _number(text, what)
    low = -1.0 if task.is_regression or metric in _CORRELATIONS else 0.0
    if low <= value <= 1.0:
        return value
    if 1.0 < abs(value) <= 100.0 and value >= 100.0 * low:
        raise _refused(
            f"the {what} {shown(text)} looks like a percentage", f"give it as a share: {value / 100:.6g}"
        )
    name = "pearson or the like" if low < 0 else "accuracy or the like"
    raise _refused(
        f"the {what} {shown(text)} is outside of [{low:g}, 1]",
        f"give {name}, where higher is better, on the rows that the target is tested on",
    )


def _number(text: str, what: str) -> float:
    stripped = text.strip()
    if stripped.endswith("%"):
        share = _float(stripped[:-1])
        hint = f": {share / 100:.6g}" if share is not None and math.isfinite(share) else ""
        raise _refused(f"the {what} {shown(text)} is a percentage", f"give it as a share{hint}")
    value = _float(stripped)
    if value is None:
        comma = _float(stripped.replace(",", ".")) if stripped.count(",") == 1 else None
        hint = f"with a point: {comma:.6g}" if comma is not None else "a number such as 0.872"
        raise _refused(f"the {what} {shown(text)} is not a number", f"give {hint}")
    if not math.isfinite(value):
        raise _refused(f"the {what} {shown(text)} is not finite", "give a number such as 0.872")
    return value


def _float(text: str) -> float | None:
    # Python would take 1_000 too, and digits of any script.
    if "_" in text or not text.isascii():
        return None
    try:
        return float(text)
    except ValueError:
        return None


def read_seed(text: str) -> int | None:
    """Read a seed; None where the text is empty.

    Raises
    ------
    SettingsError
        It is not a whole number from 0 on.
    """
    stripped = text.strip()
    if not stripped:
        return None
    if (
        not (stripped.isascii() and stripped.isdecimal() and len(stripped) <= 19)
        or int(stripped) > _MOST_SEED
    ):
        raise _refused(
            f"the seed {shown(text)} is not a whole number from 0 on", "give one such as 7, or none"
        )
    return int(stripped)


def checked_metric(name: str | None, task: Task) -> str:
    """Return a metric's name in small letters, or that of the task's usual one.

    Raises
    ------
    SettingsError
        It is no name, or one where lower is better.
    """
    if name is None or not name.strip():
        return "pearson" if task.is_regression else "accuracy"
    plain = re.sub(r"[\s-]+", "_", name.strip().casefold())
    if not _METRIC.fullmatch(plain):
        raise _refused(
            f"the metric {shown(name)} is no name", "give one such as accuracy, macro_f1 or spearman"
        )
    if plain in _LOWER_IS_BETTER:
        raise _refused(
            f"of the metric {shown(name)} lower is better, and a gain is score minus baseline",
            "give a metric where higher is better",
        )
    return plain


def _refused(what: str, next_step: str) -> SettingsError:
    return SettingsError(what, consequence=NOTHING, next_step=next_step)
