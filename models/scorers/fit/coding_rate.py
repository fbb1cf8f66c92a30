"""The coding rate: bits (here nats) a row that it takes to write down vectors up to a given error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import SettingsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["class_rates", "coding_rate"]


def coding_rate(z: NDArray[np.float64], eps: float) -> float:
    """Give ``1/2 log det(I + Z'Z / (n eps))`` of Z [n, d], the form of Huang et al., ICML 2022, in nats.

    Parameters
    ----------
    z
        float64 [n, d], centred by the caller.
    eps
        The error allowed, above 0, in units of the features' variance.
    """
    n, d = z.shape
    # I + ZZ' has the same determinant as I + Z'Z: the smaller one is taken.
    gram = z @ z.T if n < d else z.T @ z
    factor = np.linalg.cholesky(np.eye(gram.shape[0]) + gram / (n * eps))
    return float(np.log(np.diag(factor)).sum())


def class_rates(inputs: Inputs, eps: float) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Coding rates of the centred features: of all rows, and of each class.

    Returns
    -------
    whole
        Rate of all rows.
    rates, shares
        float64 [c] each: rate of the rows of each class, and the share of rows it has.

    Raises
    ------
    SettingsError
        If ``eps`` is not above 0.
    """
    if not eps > 0:
        raise SettingsError(
            f"eps of TransRate must be above 0, not {eps}",
            consequence="nothing was scored",
            next_step="leave it at 1e-4, the paper's choice",
        )
    z = inputs.features - inputs.features.mean(axis=0)
    groups = [z[inputs.target == one] for one in range(len(inputs.classes))]
    rates = np.array([coding_rate(group, eps) for group in groups])
    return coding_rate(z, eps), rates, np.array([len(group) for group in groups]) / len(z)
