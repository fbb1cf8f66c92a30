"""LogME: the log of the maximum evidence of a Bayesian linear model, per row, averaged over classes.

You, Liu, Wang, Long, "LogME: Practical Assessment of Pre-trained Models for Transfer Learning", ICML 2021,
and You et al., JMLR 2022. What is done here and how it differs from the code published with it is in
:mod:`models.evidence.profile`.

It is the profile evidence: lam = alpha / beta is maximised over [1e-8, 1e8] x tr(F'F) / d, and the maximum is
the global one, for each class by itself. Published values come from a fixed-point iteration that stops loosely;
they agree to 1e-4 where it has found the same maximum and n >= d.

Two decisions. There is no intercept, as in the paper, so adding a constant to every feature changes the
score; with ``center=True`` features and targets are centred first and one row less is counted: the evidence
with a free intercept integrated out, to which constants do not matter. (Counting all rows would let the
evidence of centred features with n <= d grow without bound.) A regression target is divided by its standard
deviation: this adds the same constant to every score of a target (log of that deviation, for any features),
so it never changes a ranking, and it frees the score from the label's units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError
from models.evidence.profile import Spectrum, max_log_evidence
from models.scorers.inputs import Inputs, check_inputs
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from models.labels import Labels

__all__ = ["logme", "logme_from_gram", "logme_from_kernel", "logme_from_spectrum", "logme_targets"]


def logme(features: ArrayLike, labels: Labels, task: Task, *, center: bool = False) -> float:
    """Score features [n, d] by LogME; higher is better.

    The profile evidence, maximised over lam = alpha / beta on [1e-8, 1e8] x tr(F'F) / d: the global maximum for
    each class, a row, averaged over classes.

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
        Rows that count: all of them, less one when an intercept was projected out.

    Raises
    ------
    ScoringError
        If nothing is left to score.
    """
    present = yy > 0
    return logme_from_spectrum(Spectrum.of_gram(gram, cross[:, present], yy[present], n), n, gram.shape[0])


def logme_from_kernel(
    kernel: NDArray[np.float64], targets: NDArray[np.float64], d: int, n: int | None = None
) -> float:
    """LogME from FF' [m, m] and targets [m, c]; the cheaper form with fewer rows than dimensions d.

    ``n`` is the number of rows that count, m unless an intercept was projected out.
    """
    present = np.square(targets).sum(axis=0) > 0
    return logme_from_spectrum(Spectrum.of_kernel(kernel, targets[:, present], d), n or kernel.shape[0], d)


def _logme(inputs: Inputs, *, center: bool = False) -> float:
    x, y = inputs.features, logme_targets(inputs)
    n, d = x.shape
    if center:
        x, y, n = x - x.mean(axis=0), y - y.mean(axis=0), n - 1
    return logme_from_spectrum(Spectrum.of_features(x, y), n, d)


def logme_from_spectrum(spectrum: Spectrum, n: int, d: int) -> float:
    """LogME of features [n, d] that are decomposed already; raises as :func:`logme_from_gram` does."""
    if not spectrum.rest.size or n < 1:
        raise ScoringError("no target is left to score", consequence="no score was stored")
    return float(np.mean(max_log_evidence(spectrum, n, d)) / n)


SCORER = Scorer(
    name="logme",
    title="Log of maximum evidence",
    paper="You, Liu, Wang, Long, 'LogME', ICML 2021",
    tasks=frozenset(Task),
    compute=_logme,
    defaults={"center": False},
    cost="cheap",
    recipe=2,
)
