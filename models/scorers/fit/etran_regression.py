"""ETran's regression score: how much of the numbers the leading directions of the features explain.

Gholami, Akbari, Wang, Kamranian, Zhang, "ETran: Energy-Based Transferability Estimation", ICCV 2023: the
singular value decomposition F = U S V' is cut off after the leading directions, the target is projected onto
them (y^ = U U'y, least squares without fitting noise), and the score is minus the mean squared error.

Decisions (the paper's cut-off could not be looked up; 0.8 is ours). Features and target are centred, so a
constant added to either changes nothing, and the target is divided by its standard deviation, which takes its
unit out and leaves the order of sources as it is: the score is R^2 - 1, in [-1, 0]. Directions are kept until
they hold ``energy`` of the features' squared singular values; with all of them (1.0) any n <= d would be a
perfect fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import SettingsError
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER"]


def _etran_regression(inputs: Inputs, *, energy: float) -> float:
    if not 0 < energy <= 1:
        raise SettingsError(
            f"scorer etran_regression: energy is {energy}",
            consequence="nothing was scored",
            next_step="give a share above 0 and up to 1",
        )
    y = (inputs.target - inputs.target.mean()) / inputs.target.std()
    powers, parts = _explained(inputs.features - inputs.features.mean(axis=0), y)
    reached = np.cumsum(powers) / powers.sum()
    # Rounding must not let a share that is reached exactly take in one direction more.
    kept = int(np.searchsorted(reached, energy - 1e-12)) + 1
    return float(parts[:kept].sum() / y.size) - 1.0


def _explained(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Squared singular values, largest first, without zeros, and (u'y)^2 for each left singular vector."""
    n, d = x.shape
    if n < d:
        powers, left = np.linalg.eigh(x @ x.T)
        parts = np.square(left.T @ y)
    else:
        powers, right = np.linalg.eigh(x.T @ x)
        parts = np.square(right.T @ (x.T @ y)) / np.where(powers > 0, powers, 1.0)
    order = np.argsort(powers)[::-1]
    order = order[powers[order] > 1e-12 * powers.max()]
    return powers[order], parts[order]


SCORER = Scorer(
    name="etran_regression",
    title="ETran: fit of the numbers by the leading directions",
    paper="Gholami et al., 'ETran: Energy-Based Transferability Estimation', ICCV 2023",
    tasks=frozenset({Task.REGRESSION, Task.PAIR_REGRESSION}),
    compute=_etran_regression,
    defaults={"energy": 0.8},
    cost="cheap",
)
