"""Proxy A-distance: how well a linear classifier tells source texts from target texts.

Ben-David, Blitzer, Crammer, Pereira, "Analysis of Representations for Domain Adaptation", NIPS 2006 (printed 2007):
2 (1 - 2 e), e being the held-out error of the classifier; 0 when the two cannot be told apart, 2 when they always can.

Decisions: logistic regression on standardised base embeddings (the paper trains a linear classifier with a Huber
loss by stochastic gradients; a convex one with a single solution gives the same number twice); the error is
averaged over the two sides, since a source's sample and a target seldom have the same number of rows; and it is
counted as one half where it comes out above, since no better than chance is no distance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError
from models.scorers.needs import Need
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER", "proxy_a_distance"]


def proxy_a_distance(
    source: ArrayLike, target: ArrayLike, *, folds: int = 5, c: float = 0.01, seed: int = 0
) -> float:
    """Distance in [0, 2] of two samples of embeddings, [m, d] and [n, d]; lower is more alike.

    Parameters
    ----------
    source, target
        Embeddings by one encoder.
    folds
        Parts that are held out in turn, each with the same mix of both sides.
    c
        Inverse strength of the classifier's regularisation.
    seed
        Deals the rows out to the folds.

    Raises
    ------
    ScoringError
        Widths that differ, a sample that is not finite, fewer rows than folds on a side, or fewer than two folds.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, side = _stacked(np.asarray(source, dtype=np.float64), np.asarray(target, dtype=np.float64), folds)
    classifier = make_pipeline(
        StandardScaler(), LogisticRegression(C=c, class_weight="balanced", max_iter=1000)
    )
    parts = StratifiedKFold(folds, shuffle=True, random_state=seed)
    wrong = cross_val_predict(classifier, x, side, cv=parts) != side
    error = min(0.5, float(wrong[side].mean() + wrong[~side].mean()) / 2)
    return 2 * (1 - 2 * error)


def _stacked(
    source: NDArray[np.float64], target: NDArray[np.float64], folds: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Put both samples into one array [m + n, d], and say which rows are the target's."""
    shapes = f"source sample {source.shape}, target {target.shape}"
    if source.ndim != 2 or target.ndim != 2 or source.shape[1] != target.shape[1]:
        raise _refuse(f"the two do not go together: {shapes}", "embed both with the same encoder")
    if folds < 2 or min(len(source), len(target)) < folds:
        raise _refuse(
            f"{folds} folds cannot be made: {shapes}", "choose at least 2, and no more than the rows of each"
        )
    x = np.concatenate([source, target])
    if not np.isfinite(x).all():
        raise _refuse(f"a sample is not finite (NaN or Inf): {shapes}", "embed the source anew")
    return x, np.arange(len(x)) >= len(source)


def _refuse(what: str, cure: str) -> ScoringError:
    return ScoringError(what, consequence="no score was stored", next_step=cure)


def _proxy_a_distance(inputs: Inputs, *, folds: int, c: float, seed: int) -> float:
    source, target = inputs.given[Need.SOURCE_SAMPLE], inputs.given[Need.BASE_FEATURES]
    return proxy_a_distance(source, target, folds=folds, c=c, seed=seed)


SCORER = Scorer(
    name="proxy_a_distance",
    title="Proxy A-distance",
    paper="Ben-David, Blitzer, Crammer, Pereira, 'Analysis of Representations for Domain Adaptation', NIPS 2006",
    tasks=frozenset(Task),
    compute=_proxy_a_distance,
    defaults={"folds": 5, "c": 0.01, "seed": 0},
    needs=frozenset({Need.SOURCE_SAMPLE, Need.BASE_FEATURES}),
    higher_is_better=False,
    cost="moderate",
)
