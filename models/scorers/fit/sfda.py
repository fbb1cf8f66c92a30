"""SFDA: the likelihood of the labels under a Fisher discriminant that was made to face its hard rows.

Shao et al., "Not All Models Are Equal: Predicting Model Transferability in a Self-challenging Fisher Space",
ECCV 2022. A regularised Fisher discriminant with within-class scatter ``(1 - l) S_W + l I``, l = exp(-a s) with s
the largest eigenvalue of S_W, gives each row the probability p of its own class. Each row is then mixed with the
mean of the other classes' rows, ``p f + (1 - p) m`` (ConfMix: what is doubtful moves to the wrong side). A second
discriminant on the mixed rows gives the score: the mean log probability of the true classes. 0 is best.

The projection U on the Fisher space, orthonormal in the regularised scatter, is not made: the discriminants of the
paper, ``f'UU'm_c - m_c'UU'm_c / 2 + log q_c``, differ between classes by the same as those with the inverse
scatter in place of UU', since all differences of means lie in that space (a test compares them).

Decisions. S_W is a mean over rows, not their sum: with a sum l would vanish as rows are added. ``relative`` (on)
measures s, and the I beside S_W, in units of the mean eigenvalue of S_W. The paper's own form hangs on the
features' scale: embeddings of length 1 give l close to 1, the scatter hardly counts, and all scores lie at chance.

Saturation. With n small and d large the discriminant fits every row it was made from, all probabilities are 1.0
and all sources tie. Two settings go against it, both on. ``leave_out`` judges each row, in both rounds, by the
discriminant made without it (closed form: its class mean and a rank-one change of the scatter; l and the shrinkage
stay). ``shrink`` moves the scatter further towards its mean eigenvalue by the Ledoit-Wolf intensity, much when n is
small against d. All three off, and ``a`` at its constant, is the paper's own; where its scatter is singular that
is a ScoringError.

A row alone in its class is neither mixed nor judged while ``leave_out`` is on: nothing could know its class. Label
names, row order, an added constant and rotation leave the score alone, with ``relative`` one common scale too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError, SettingsError
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER", "log_probabilities"]

_LEAST_LEFT = 1e-10
"""A row that holds all but this share of the scatter along its direction cannot be taken out in float64."""


def _sfda(inputs: Inputs, *, a: float, leave_out: bool, relative: bool, shrink: bool) -> float:
    if not a > 0:
        raise SettingsError(
            f"a of sfda must be above 0, not {a}",
            consequence="nothing was scored",
            next_step="leave it at 1.0",
        )
    x, one_hot = inputs.features - inputs.features.mean(axis=0), inputs.one_hot
    counts, sums = one_hot.sum(axis=0), one_hot.T @ x
    judged = (one_hot @ counts > 1) | (not leave_out)
    if not judged.any():
        raise ScoringError(
            "sfda: every class has a single row, so none can be judged by the others",
            consequence="no score was stored",
            next_step="give the classes more rows, or take another scorer",
        )
    others = (sums.sum(axis=0) - sums) / (len(x) - counts)[:, None]
    logs = log_probabilities(x, one_hot, a, leave_out=leave_out, relative=relative, shrink=shrink)
    sure = np.where(judged, np.exp(logs), 1.0)[:, None]
    mixed = sure * x + (1 - sure) * others[inputs.target]
    logs = log_probabilities(mixed, one_hot, a, leave_out=leave_out, relative=relative, shrink=shrink)
    return float(logs[judged].mean())


def log_probabilities(
    x: NDArray[np.float64],
    one_hot: NDArray[np.float64],
    a: float,
    *,
    leave_out: bool,
    relative: bool,
    shrink: bool,
) -> NDArray[np.float64]:
    """Log probability of each row's own class under the regularised Fisher discriminant.

    Parameters
    ----------
    x
        float64 [n, d].
    one_hot
        float64 [n, c], class indicators.
    a
        The regularisation is ``exp(-a s)``, s the largest eigenvalue of the within-class scatter.
    leave_out
        Judge each row by the discriminant made without it. A row alone in its class is judged with it.
    relative
        Measure s and the identity in units of the scatter's mean eigenvalue.
    shrink
        Shrink the scatter by the Ledoit-Wolf intensity as well.

    Returns
    -------
    numpy.ndarray
        float64 [n], at most 0.

    Raises
    ------
    ScoringError
        If the regularised scatter cannot be inverted.
    """
    counts = one_hot.sum(axis=0)
    means = one_hot.T @ x / counts[:, None]
    within = x - one_hot @ means
    scatter = within.T @ within / len(x)
    kept, ridge = _regularisation(within, scatter, a, relative=relative, shrink=shrink)
    own = one_hot @ counts
    left = (own > 1) & leave_out
    if leave_out:
        scatter = scatter * len(x) / (len(x) - 1)
    white = _whitened(
        np.vstack([within, means - means.mean(axis=0)]), kept * scatter + ridge * np.eye(x.shape[1])
    )
    within, means = white[: len(x)], white[len(x) :]
    distances = _squared_distances(within, one_hot @ means, means)
    if leave_out:
        weight = np.where(left, kept * own / np.maximum(own - 1, 1) / (len(x) - 1), 0.0)
        distances = _without_own_row(within, one_hot, means, distances, own, left, weight)
    priors = np.log(np.where(left[:, None], counts - one_hot, counts))
    logits = priors - distances / 2
    return _own_class(logits - (logits * one_hot).sum(axis=1, keepdims=True), one_hot)


def _regularisation(
    within: NDArray[np.float64], scatter: NDArray[np.float64], a: float, *, relative: bool, shrink: bool
) -> tuple[float, float]:
    """Weights of the scatter and of the identity in the regularised scatter."""
    n, d = within.shape
    mean = float(np.trace(scatter)) / d
    if mean == 0:
        # Every class is one point: any ridge tells them apart alike.
        return 0.0, 1.0
    unit = mean if relative else 1.0
    largest = float(np.linalg.eigvalsh(within @ within.T / n if n < d else scatter)[-1])
    share = float(np.exp(-a * largest / unit))
    if not shrink:
        return 1 - share, share * unit
    from sklearn.covariance import ledoit_wolf_shrinkage

    # In units of their spread: the estimate takes fourth powers of what it is given.
    intensity = float(ledoit_wolf_shrinkage(within / np.sqrt(mean), assume_centered=True))
    middle = (1 - share) * mean + share * unit
    return (1 - intensity) * (1 - share), (1 - intensity) * share * unit + intensity * middle


def _whitened(rows: NDArray[np.float64], scatter: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows in coordinates in which the scatter is the identity."""
    from scipy.linalg import solve_triangular

    try:
        factor = np.linalg.cholesky(scatter)
    except np.linalg.LinAlgError:
        factor = np.zeros_like(scatter)
    diagonal = np.square(np.diag(factor))
    if not diagonal.min() > len(scatter) * np.finfo(np.float64).eps * diagonal.max():
        raise _singular(len(scatter))
    return np.asarray(solve_triangular(factor, rows.T, lower=True).T)


def _squared_distances(
    within: NDArray[np.float64], own_mean: NDArray[np.float64], means: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Squared distances [n, c] of rows (own mean + within) from the class means."""
    apart = np.stack([np.square(own_mean - mean).sum(axis=1) for mean in means], axis=1)
    towards = within @ means.T
    cross = (within * own_mean).sum(axis=1, keepdims=True) - towards
    return np.asarray(np.square(within).sum(axis=1, keepdims=True) + 2 * cross + apart)


def _without_own_row(
    within: NDArray[np.float64],
    one_hot: NDArray[np.float64],
    means: NDArray[np.float64],
    distances: NDArray[np.float64],
    own: NDArray[np.float64],
    left: NDArray[np.bool_],
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The same distances where each row is taken out of its class mean and of the scatter.

    Without row r (less its class mean) of a class of m rows the mean moves by -r / (m - 1), and the scatter loses
    ``weight r r'``: by Sherman and Morrison v'S^-1 v grows by weight (v'r)^2 / (1 - weight r'r).
    """
    size = np.square(within).sum(axis=1)
    # (row - class mean)'r for every class; for the own class both row and mean have moved apart.
    along = size[:, None] + (within * (one_hot @ means)).sum(axis=1, keepdims=True) - within @ means.T
    stretch = np.where(left, own / np.maximum(own - 1, 1), 1.0)
    mine = one_hot > 0
    along = np.where(mine, (stretch * size)[:, None], along)
    plain = np.where(mine, (stretch**2 * size)[:, None], distances)
    rest = 1 - weight * size
    if rest.min() < _LEAST_LEFT:
        raise _singular(within.shape[1])
    return np.asarray(plain + (weight / rest)[:, None] * np.square(along))


def _own_class(ahead: NDArray[np.float64], one_hot: NDArray[np.float64]) -> NDArray[np.float64]:
    """``-log(1 + sum of exp(ahead) over the other classes)``, exact where that sum is tiny or huge."""
    from scipy.special import logsumexp

    return np.asarray(-np.logaddexp(0.0, logsumexp(np.where(one_hot > 0, -np.inf, ahead), axis=1)))


def _singular(d: int) -> ScoringError:
    return ScoringError(
        f"sfda: the regularised within-class scatter [{d}, {d}] is singular",
        consequence="no score was stored",
        next_step="leave shrink on, or choose a smaller a",
    )


SCORER = Scorer(
    name="sfda",
    title="Self-challenging Fisher discriminant",
    paper="Shao et al., 'Not All Models Are Equal', ECCV 2022",
    tasks=frozenset({Task.CLASSIFICATION, Task.PAIR_CLASSIFICATION}),
    compute=_sfda,
    defaults={"a": 1.0, "leave_out": True, "relative": True, "shrink": True},
    cost="moderate",
)
