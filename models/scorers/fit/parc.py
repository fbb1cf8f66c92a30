"""PARC: whether rows that lie apart in the features also lie apart in their labels.

Bolya, Mittapalli, Hoffman, "Scalable Diverse Model Selection for Accessible Transfer Learning", NeurIPS 2021:
Spearman's rank correlation between the pairwise distances of features and those of labels, a distance being
one less Pearson's correlation of two rows, with features reduced by PCA first.

Decisions (the paper's number of components could not be looked up; 32 is from memory). Class labels are
compared as indicator rows, whose distance takes one value within and one between classes, so only "another
class or not" enters. A single number has no correlation with another, so for regression, which the paper
leaves open, the label distance is the absolute difference. Pearson's correlation of two rows changes when a
coordinate's sign does, which PCA leaves free: each axis points to where its largest loading is positive. A
row without spread over the kept axes correlates with nothing (distance 1). The paper gives the correlation
times 100; here it stays within [-1, 1].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import ScoringError, SettingsError
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER"]

DECIMALS = 12
"""Distances are rounded to so many, so that what is equal but for rounding shares one rank."""


def _parc(inputs: Inputs, *, components: int) -> float:
    from scipy.stats import rankdata

    if components < 0:
        raise SettingsError(
            f"scorer parc: components is {components}",
            consequence="nothing was scored",
            next_step="give a number of principal components, or 0 for none of the reduction",
        )
    x = _principal(inputs.features, components) if components else inputs.features
    pairs = np.triu_indices(len(x), k=1)
    apart = _row_distances(x)[pairs]
    labels = _label_distances(inputs)[pairs]
    for name, distances in (("features", apart), ("labels", labels)):
        if (distances == distances[0]).all():
            raise ScoringError(
                f"scorer parc: all {distances.size} pairs of rows are equally far apart in the {name}",
                consequence="no score was stored",
                next_step="give more rows, at least two of them in one class, and more than one dimension",
            )
    return float(np.corrcoef(rankdata(apart), rankdata(labels))[0, 1])


def _principal(x: NDArray[np.float64], components: int) -> NDArray[np.float64]:
    """Coordinates [n, k] on the leading principal axes; axes without spread are left out."""
    centred = x - x.mean(axis=0)
    n, d = x.shape
    if n < d:
        values, left = np.linalg.eigh(centred @ centred.T)
        axes = centred.T @ left
    else:
        values, axes = np.linalg.eigh(centred.T @ centred)
    kept = np.argsort(values)[::-1][:components]
    kept = kept[values[kept] > 1e-12 * values.max()]
    axes = axes[:, kept] / np.linalg.norm(axes[:, kept], axis=0)
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(kept.size)]
    return np.asarray(centred @ (axes * np.sign(largest)), dtype=np.float64)


def _row_distances(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """One less Pearson's correlation between rows, [n, n]."""
    rows = x - x.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    flat = lengths <= 1e-12 * np.linalg.norm(x, axis=1).max()
    rows = np.where(flat, 0.0, rows / np.where(flat, 1.0, lengths))
    return np.asarray(np.round(1.0 - rows @ rows.T, DECIMALS))


def _label_distances(inputs: Inputs) -> NDArray[Any]:
    y = inputs.target
    if inputs.classes:
        return np.asarray(y[:, None] != y[None, :])
    y = (y - y.mean()) / y.std()
    return np.asarray(np.round(np.abs(y[:, None] - y[None, :]), DECIMALS))


SCORER = Scorer(
    name="parc",
    title="Rank correlation of feature and label distances",
    paper="Bolya, Mittapalli, Hoffman, 'Scalable Diverse Model Selection' (PARC), NeurIPS 2021",
    tasks=frozenset(Task),
    compute=_parc,
    defaults={"components": 32},
    cost="moderate",
)
