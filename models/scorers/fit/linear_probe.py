"""A linear probe: how well a ridge or logistic regression on the features predicts rows it has not seen.

Renggli et al., "Which Model to Transfer? Finding the Needle in the Growing Haystack", CVPR 2022, and Alain and
Bengio, "Understanding intermediate layers using linear classifier probes", ICLR Workshop 2017. For classes the
score is the mean held-out log-likelihood of a logistic regression (0 is best): a proper score, which goes on
telling sources apart where their accuracies are equal. For numbers it is the held-out R2 of a ridge regression
(1 is best, below 0 is worse than the mean of all rows), whose strength each training part chooses for itself by
leave-one-out over ``1e-3 .. 1e3`` times ``strength`` times the mean eigenvalue of its scatter.

Decisions. ``folds`` parts with the same mix of labels, dealt by ``seed``, each predicted from the others. The
features are centred and divided by one common scale (from the training part), so a constant, a scale and a
rotation change nothing; for classes ``strength`` is the weight of |W|^2 / 2 against the sum of the losses. A
row that is alone in its class always trains and is never predicted: nothing could know its class. If that holds
for all, it is a ScoringError.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import ScoringError, SettingsError
from models.labels import stratified_groups
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER"]

_ALONE = -1
"""The part of rows that always train."""


def _linear_probe(inputs: Inputs, *, folds: int, seed: int, strength: float) -> float:
    if folds < 2 or not strength > 0:
        raise SettingsError(
            f"linear_probe takes folds >= 2 and strength > 0, not {folds} and {strength}",
            consequence="nothing was scored",
            next_step="leave a setting out for its default",
        )
    parts = _parts(inputs, folds, seed)
    predict = _log_likelihoods if inputs.classes else _squared_errors
    losses = np.full(len(parts), np.nan)
    for part in range(int(parts.max()) + 1):
        train, test = parts != part, parts == part
        x = _scaled(inputs.features, train)
        losses[test] = predict(x[train], inputs.target[train], x[test], inputs.target[test], strength)
    mean = float(losses[parts != _ALONE].mean())
    return mean if inputs.classes else 1 - mean / float(np.var(inputs.target))


def _parts(inputs: Inputs, folds: int, seed: int) -> NDArray[np.int64]:
    """The part [n] each row is predicted in."""
    y = inputs.target
    if not inputs.classes:
        if len(y) < 3:
            raise ScoringError(
                "linear_probe: 2 rows leave one to learn a slope from",
                consequence="no score was stored",
                next_step="give the target more rows",
            )
        return stratified_groups(y, inputs.task, min(folds, len(y)), seed)
    _, first, ids, counts = np.unique(y, return_index=True, return_inverse=True, return_counts=True)
    tested = counts[ids] > 1
    if not tested.any():
        raise ScoringError(
            "linear_probe: every class has a single row, so none can be predicted",
            consequence="no score was stored",
            next_step="give the classes more rows, or take another scorer",
        )
    # Classes by their first row, not by name: other names must not deal the rows out otherwise.
    by_appearance = np.argsort(np.argsort(first))[ids]
    parts = np.full(len(y), _ALONE)
    parts[tested] = stratified_groups(by_appearance[tested], inputs.task, min(folds, int(tested.sum())), seed)
    return parts


def _scaled(x: NDArray[np.float64], train: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Features in units of the training rows' root mean variance, around their mean."""
    centred = x - x[train].mean(axis=0)
    spread = np.sqrt(np.square(centred[train]).mean())
    return np.asarray(centred / spread if spread > 0 else centred)


def _log_likelihoods(
    x: NDArray[np.float64],
    y: NDArray[Any],
    x_test: NDArray[np.float64],
    y_test: NDArray[Any],
    strength: float,
) -> NDArray[np.float64]:
    from scipy.special import logsumexp
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1 / strength, max_iter=1000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, y)
    scores = model.decision_function(x_test)
    # Two classes come as one column; by way of the scores no probability is rounded to 0.
    columns = np.column_stack([-scores / 2, scores / 2]) if scores.ndim == 1 else scores
    logs = columns - logsumexp(columns, axis=1, keepdims=True)
    return np.asarray(logs[np.arange(len(y_test)), np.searchsorted(model.classes_, y_test)])


def _squared_errors(
    x: NDArray[np.float64],
    y: NDArray[Any],
    x_test: NDArray[np.float64],
    y_test: NDArray[Any],
    strength: float,
) -> NDArray[np.float64]:
    """Ridge regression on centred x; one eigendecomposition serves every strength and every row left out."""
    n = len(x)
    s, axes = np.linalg.eigh(x.T @ x)
    along = x @ axes
    cross = along.T @ (y - y.mean())
    # Features have mean variance 1, so the mean eigenvalue of their scatter is the number of rows.
    penalties = strength * n * np.geomspace(1e-3, 1e3, 13)
    best = min(penalties, key=lambda penalty: _left_out(along, y, s, cross, penalty))
    predicted = y.mean() + x_test @ (axes @ (cross / (np.maximum(s, 0.0) + best)))
    return np.asarray(np.square(y_test - predicted))


def _left_out(
    along: NDArray[np.float64],
    y: NDArray[Any],
    s: NDArray[np.float64],
    cross: NDArray[np.float64],
    penalty: float,
) -> float:
    """Mean squared error of each row predicted without it: its residual over one less its leverage."""
    inverse = 1 / (np.maximum(s, 0.0) + penalty)
    residual = y - y.mean() - along @ (inverse * cross)
    leverage = 1 / len(y) + np.square(along) @ inverse
    return float(np.square(residual / (1 - leverage)).mean())


SCORER = Scorer(
    name="linear_probe",
    title="Linear probe, held out",
    paper="Renggli et al., 'Which Model to Transfer?', CVPR 2022; Alain and Bengio, ICLR Workshop 2017",
    tasks=frozenset(Task),
    compute=_linear_probe,
    defaults={"folds": 5, "seed": 0, "strength": 1.0},
    cost="moderate",
)
