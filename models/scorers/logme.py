"""LogME: the log of the maximum evidence of a Bayesian linear model, per row, averaged over classes.

You, Liu, Wang, Long, "LogME: Practical Assessment of Pre-trained Models for Transfer Learning", ICML 2021,
and You et al., JMLR 2022. What is done here and how it differs from the code published with it is in
:mod:`models.scorers.evidence`.

Two decisions. There is no intercept, as in the paper, so adding a constant to every feature changes the
score; with ``center=True`` features and targets are centred first, which is the evidence with an intercept
fitted, and constants no longer matter. A regression target is divided by its standard deviation: this adds
the same constant to every score of a target (log of that deviation, for any features), so it never changes a
ranking, and it frees the score from the label's units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError
from models.scorers.evidence import max_log_evidence
from models.scorers.inputs import Inputs, check_inputs
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from models.labels import Labels

__all__ = ["LOGME", "logme", "logme_from_gram", "logme_from_kernel", "logme_targets"]


def logme(features: ArrayLike, labels: Labels, task: Task, *, center: bool = False) -> float:
    """Score features [n, d] by LogME; higher is better.

    Parameters
    ----------
    features
        [n, d], of any float kind; computed in float64 and not changed.
    labels
        n classes or numbers.
    task
        Says which.
    center
        Subtract the means of features and targets first.

    Raises
    ------
    ScoringError
        See :func:`models.scorers.inputs.check_inputs`.
    """
    return _logme(check_inputs(features, labels, task), center=center)


def logme_targets(inputs: Inputs) -> NDArray[np.float64]:
    """Give the columns [n, c] whose evidence is averaged: class indicators, or the scaled numbers."""
    return inputs.one_hot if inputs.classes else inputs.one_hot / float(np.std(inputs.target))


def logme_from_gram(
    gram: NDArray[np.float64], cross: NDArray[np.float64], yy: NDArray[np.float64], n: int
) -> float:
    """LogME from sums over rows: what the jackknife and low-rank maps work with.

    Parameters
    ----------
    gram
        F'F, [d, d].
    cross
        F'Y, [d, c].
    yy
        y'y of each target, [c]. Targets that are zero throughout (a class that a deleted group held all of)
        are left out.
    n
        Rows.

    Raises
    ------
    ScoringError
        If nothing is left to score.
    """
    s, q = _eigh(gram)
    present = yy > 0
    return _average(s, q.T @ cross[:, present], yy[present], n, gram.shape[0])


def logme_from_kernel(kernel: NDArray[np.float64], targets: NDArray[np.float64], d: int) -> float:
    """LogME from FF' [n, n] and targets [n, c]; the cheaper form with fewer rows than dimensions."""
    s, u = _eigh(kernel)
    yy = np.square(targets).sum(axis=0)
    present = yy > 0
    # With F = U S V', V'F'y is S U'y: the same z that the Gram form has.
    z = np.sqrt(np.maximum(s, 0.0))[:, None] * (u.T @ targets[:, present])
    return _average(s, z, yy[present], kernel.shape[0], d)


def _logme(inputs: Inputs, *, center: bool = False) -> float:
    x, y = inputs.features, logme_targets(inputs)
    if center:
        x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    n, d = x.shape
    if n < d:
        return logme_from_kernel(x @ x.T, y, d)
    return logme_from_gram(x.T @ x, x.T @ y, np.square(y).sum(axis=0), n)


def _average(
    s: NDArray[np.float64], z: NDArray[np.float64], yy: NDArray[np.float64], n: int, d: int
) -> float:
    if not yy.size or n < 1:
        raise ScoringError("no target is left to score", consequence="no score was stored")
    return float(np.mean(max_log_evidence(s, z, yy, n, d)) / n)


def _eigh(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not np.isfinite(matrix).all():
        raise ScoringError("features are not finite", consequence="no score was stored")
    s, q = np.linalg.eigh((matrix + matrix.T) / 2)
    return s, q


LOGME = Scorer(
    name="logme",
    title="Log of maximum evidence",
    paper="You, Liu, Wang, Long, 'LogME', ICML 2021",
    tasks=frozenset(Task),
    compute=_logme,
    defaults={"center": False},
    cost="cheap",
)
