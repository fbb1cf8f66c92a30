"""Which tables are meant: those that were named, else our own of the repository."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.errors import UnknownReferenceError

__all__ = ["OURS", "Tables", "chosen_tables"]

OURS = Path(__file__).resolve().parents[2] / "benchmarks" / "transfer"
"""Where our own results and predictions are in a checkout; an installation elsewhere has none."""

_TRUTH, _PREDICTIONS = "minilm.csv", "minilm_predictions.csv"


@dataclass(frozen=True)
class Tables:
    """What is held against what.

    Attributes
    ----------
    truth, predictions
        Files; None where there are no predictions at all.
    folder
        Where reports of our own results go; None for others'.
    borrowed
        Whether our own predictions are held against somebody else's results, where they fit.
    """

    truth: Path
    predictions: Path | None
    folder: Path | None
    borrowed: bool = False


def chosen_tables(truth: Path | None, predictions: Path | None, *, ours: Path | None = None) -> Tables:
    """Return the tables that are meant by what was typed.

    Parameters
    ----------
    truth, predictions
        As typed; None for ours, which for predictions may be missing.
    ours
        Our folder; None is :data:`OURS`.

    Raises
    ------
    UnknownReferenceError
        No results were named, and ours are not here.
    """
    ours = OURS if ours is None else ours
    if truth is None and not (ours / _TRUTH).is_file():
        raise UnknownReferenceError(
            f"our own results are not here: '{ours / _TRUTH}' does not exist",
            consequence="nothing was evaluated",
            next_step="name a table of results: springboard evaluate TRUTH --predictions FILE",
        )
    borrowed = predictions is None and truth is not None and truth.resolve() != (ours / _TRUTH).resolve()
    if predictions is None and (ours / _PREDICTIONS).is_file():
        predictions = ours / _PREDICTIONS
    wholly_ours = truth is None and (predictions is None or predictions == ours / _PREDICTIONS)
    return Tables(truth or ours / _TRUTH, predictions, ours if wholly_ours else None, borrowed)
