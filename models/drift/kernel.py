"""The kernel two-sample test for embeddings.

Gretton, Borgwardt, Rasch, Schoelkopf, Smola, "A Kernel Two-Sample Test", JMLR 13 (2012): the unbiased estimate of the
squared maximum mean discrepancy (their eq. 3) with a Gaussian kernel as wide as rows of both samples together are apart
(exp(-d^2 / w), w the median of d^2; their section 8), its distribution without a difference by relabelling the rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.drift.result import Tested
from models.errors import InputsError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["kernel_test"]


def kernel_test(
    old: ArrayLike, new: ArrayLike, *, permutations: int = 500, most_rows: int = 500, seed: int = 0
) -> Tested:
    """Test whether two samples of embeddings are of one distribution.

    Parameters
    ----------
    old, new
        [n, d] and [m, d], independent of each other, 2 rows each at least.
    permutations
        How many relabellings; the smallest p-value is ``1 / (permutations + 1)``.
    most_rows
        Of a larger sample a seeded choice of so many rows is taken.
    seed
        Same samples and seed, same result.

    Returns
    -------
    Tested
        The squared discrepancy, which may be slightly negative, and its p-value.

    Raises
    ------
    InputsError
        The samples are not two matrices of one width with finite numbers and 2 rows each.
    """
    first, second = np.asarray(old, dtype=np.float64), np.asarray(new, dtype=np.float64)
    _check(first, second)
    rng = np.random.default_rng(seed)
    first, second = _few(first, most_rows, rng), _few(second, most_rows, rng)
    kernel = _kernel(np.concatenate([first, second]))
    n, m = len(first), len(second)
    member = np.zeros((n + m, permutations + 1))
    member[:n, 0] = 1.0
    for column in range(1, permutations + 1):
        member[rng.permutation(n + m)[:n], column] = 1.0
    values = _discrepancies(kernel, member, n, m)
    # Equal up to rounding counts as equal: of rows that are all alike every relabelling is.
    as_large = int((values[1:] >= values[0] - 1e-12).sum())
    return Tested(float(values[0]), (1 + as_large) / (permutations + 1))


def _check(first: NDArray[np.float64], second: NDArray[np.float64]) -> None:
    right = first.ndim == second.ndim == 2 and first.shape[1:] == second.shape[1:]
    if right and min(len(first), len(second)) >= 2 and np.isfinite(first).all() and np.isfinite(second).all():
        return
    raise InputsError(
        f"samples of shapes {first.shape} and {second.shape} cannot be compared",
        consequence="nothing was tested",
        next_step="give two matrices of one width with finite numbers and 2 rows each at least",
    )


def _few(rows: NDArray[np.float64], most: int, rng: np.random.Generator) -> NDArray[np.float64]:
    if len(rows) <= most:
        return rows
    return rows[np.sort(rng.choice(len(rows), size=most, replace=False))]


def _kernel(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The Gaussian kernel of all pairs with zeros on its diagonal, which the unbiased estimate leaves out."""
    rows = rows - rows.mean(axis=0)
    squares = (rows**2).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares[None, :] - 2 * rows @ rows.T, 0.0)
    pairs = distances[np.triu_indices(len(rows), k=1)]
    width = float(np.median(pairs)) or float(pairs.max()) or 1.0
    kernel: NDArray[np.float64] = np.exp(-distances / width)
    np.fill_diagonal(kernel, 0.0)
    return kernel


def _discrepancies(
    kernel: NDArray[np.float64], member: NDArray[np.float64], n: int, m: int
) -> NDArray[np.float64]:
    with_first = kernel @ member
    within_first = (member * with_first).sum(axis=0)
    across = ((1.0 - member) * with_first).sum(axis=0)
    within_second = kernel.sum() - within_first - 2 * across
    found: NDArray[np.float64] = (
        within_first / (n * (n - 1)) + within_second / (m * (m - 1)) - 2 * across / (n * m)
    )
    return found
