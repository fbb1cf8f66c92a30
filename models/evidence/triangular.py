"""Triangular systems by the thousand, in whole-array steps: array libraries offer none that are batched.

Written in blocks of a few rows, so that nearly all of the work is small matrix products, which numpy and torch
run without leaving compiled code.
"""

from __future__ import annotations

from typing import Any

__all__ = ["log_diagonal", "solve_lower", "squared_norms"]

_BLOCK = 8
_FEW = 4


def solve_lower(lower: Any, right: Any, xp: Any) -> Any:
    """Solve ``L X = R`` for stacks of well-conditioned lower triangular L [..., m, m] and R [..., m, p]."""
    m = lower.shape[-1]
    parts: list[Any] = []
    for start in range(0, m, _BLOCK):
        end = min(start + _BLOCK, m)
        rest = right[..., start:end, :]
        if parts:
            rest = rest - lower[..., start:end, :start] @ xp.concat(parts, axis=-2)
        parts.append(_inverse(lower[..., start:end, start:end], xp) @ rest)
    return xp.concat(parts, axis=-2)


def _inverse(lower: Any, xp: Any) -> Any:
    """Invert small lower triangular blocks: L = (I + N) D with N nilpotent, and a product instead of a series."""
    m = lower.shape[-1]
    diagonal = xp.linalg.diagonal(lower)
    eye = xp.eye(m, dtype=lower.dtype, device=lower.device)
    # (I + N)^-1 = (I - N)(I + N^2)(I + N^4)..., which ends because N^m = 0.
    power = eye - lower / diagonal[..., None, :]
    inverse = eye + power
    reach = 2
    while reach < m:
        power = power @ power
        inverse = inverse + inverse @ power
        reach *= 2
    return inverse / diagonal[..., :, None]


def squared_norms(matrix: Any, right: Any, xp: Any) -> tuple[Any, Any]:
    """Give half the log determinant [...] of M [..., m, m], and ``r' M^-1 r`` [..., c] of each column of R.

    M may be nearly singular, where an inverse would lose digits: few columns of R [..., m, c] border M, and their
    squared norms are read off the bordered Cholesky factor; many are solved for row by row.
    """
    if right.shape[-1] <= _FEW:
        return _bordered(matrix, right, xp)
    factor = xp.linalg.cholesky(matrix)
    diagonal = xp.linalg.diagonal(factor)[..., None]
    solved = right[..., :1, :] / diagonal[..., :1, :]
    for row in range(1, matrix.shape[-1]):
        rest = right[..., row : row + 1, :] - factor[..., row : row + 1, :row] @ solved
        solved = xp.concat([solved, rest / diagonal[..., row : row + 1, :]], axis=-2)
    return log_diagonal(factor, xp), xp.sum(solved * solved, axis=-2)


def _bordered(matrix: Any, right: Any, xp: Any) -> tuple[Any, Any]:
    m, c = right.shape[-2:]
    # So large that the border's own corner cannot fail, whatever stands beside it.
    corner = xp.eye(c, dtype=matrix.dtype, device=matrix.device) * 1e200
    corner = xp.broadcast_to(corner, (*matrix.shape[:-2], c, c))
    upper = xp.concat([matrix, right], axis=-1)
    lower = xp.concat([xp.matrix_transpose(right), corner], axis=-1)
    factor = xp.linalg.cholesky(xp.concat([upper, lower], axis=-2))
    border = factor[..., m:, :m]
    return log_diagonal(factor[..., :m, :m], xp), xp.sum(border * border, axis=-1)


def log_diagonal(lower: Any, xp: Any) -> Any:
    """Sum of the logarithms of the diagonals of L [..., m, m]: [...]."""
    return xp.sum(xp.log(xp.linalg.diagonal(lower)), axis=-1)
