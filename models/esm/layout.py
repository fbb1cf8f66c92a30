"""How moments lie on disk: centred at each fold's mean, upper triangles of what is symmetric, float32.

Centring before rounding matters: embeddings have means much larger than their spread, and a float32 of the
uncentred sums would lose the very digits that the fit needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import ArtefactError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.esm.moments import Moments

__all__ = ["LAYOUT", "pack_moments", "unpack_moments"]

LAYOUT = 1
"""Version of the layout; a reader of a later layout keeps reading this one."""

_NAMES = ("n", "sum_x", "sum_y", "xx", "xy", "yy")


def pack_moments(moments: Moments) -> dict[str, NDArray[Any]]:
    """Pack moments into arrays for safetensors.

    Returns
    -------
    dict
        ``layout`` int64 [1]; ``n`` [k], ``sum_x``, ``sum_y`` [k, d] float64; centred ``xx``, ``yy`` as upper
        triangles [k, d(d+1)/2] and ``xy`` [k, d, d], float32. With d = 384 and k = 4 that is 4.7 MB.
    """
    upper = np.triu_indices(moments.dim)
    centred = {name: getattr(moments, name) - _means(moments, name) for name in ("xx", "xy", "yy")}
    arrays: dict[str, NDArray[Any]] = {
        "layout": np.array([LAYOUT], dtype=np.int64),
        "n": moments.n.copy(),
        "sum_x": moments.sum_x.copy(),
        "sum_y": moments.sum_y.copy(),
        "xx": np.ascontiguousarray(centred["xx"][:, upper[0], upper[1]], dtype=np.float32),
        "xy": np.ascontiguousarray(centred["xy"], dtype=np.float32),
        "yy": np.ascontiguousarray(centred["yy"][:, upper[0], upper[1]], dtype=np.float32),
    }
    _check_finite(arrays)
    return arrays


def unpack_moments(arrays: dict[str, NDArray[Any]]) -> Moments:
    """Unpack what :func:`pack_moments` packed, to about 1e-7 of each fold's spread.

    Raises
    ------
    ArtefactError
        If an array is missing, of another layout or shape, or holds a number that is not finite.
    """
    from models.esm.moments import Moments

    absent = [name for name in ("layout", *_NAMES) if name not in arrays]
    if absent:
        raise _broken(f"{', '.join(absent)} missing")
    version = np.asarray(arrays["layout"]).reshape(-1)
    if version.size != 1 or int(version[0]) != LAYOUT:
        raise _broken(f"layout {version.tolist()}, and this version of springboard reads {LAYOUT}")
    sum_x = np.asarray(arrays["sum_x"], dtype=np.float64)
    if sum_x.ndim != 2:
        raise _broken(f"sum_x has shape {sum_x.shape}")
    k, d = sum_x.shape
    triangle = (k, d * (d + 1) // 2)
    shapes = {"n": (k,), "sum_x": (k, d), "sum_y": (k, d), "xx": triangle, "xy": (k, d, d), "yy": triangle}
    for name, shape in shapes.items():
        if np.shape(arrays[name]) != shape:
            raise _broken(f"{name} has shape {np.shape(arrays[name])} instead of {shape}")
    _check_finite(arrays)
    plain = {name: np.array(arrays[name], dtype=np.float64) for name in ("n", "sum_x", "sum_y")}
    second = {name: np.zeros((k, d, d)) for name in ("xx", "xy", "yy")}
    centred = Moments(**plain, **second)
    squares = {
        "xx": _square(arrays["xx"], d),
        "xy": arrays["xy"].astype(np.float64),
        "yy": _square(arrays["yy"], d),
    }
    return Moments(**plain, **{name: squares[name] + _means(centred, name) for name in second})


def _means(moments: Moments, name: str) -> NDArray[np.float64]:
    """Give what centring takes off: n times the outer product of the fold's means; zero for an empty fold."""
    left, right = (moments.sum_x if side == "x" else moments.sum_y for side in name)
    per_row: NDArray[np.float64] = left / np.maximum(moments.n, 1.0)[:, None]
    return per_row[:, :, None] * right[:, None, :]


def _square(triangles: NDArray[Any], d: int) -> NDArray[np.float64]:
    upper = np.triu_indices(d)
    square = np.zeros((triangles.shape[0], d, d))
    square[:, upper[0], upper[1]] = triangles
    square[:, upper[1], upper[0]] = triangles
    return square


def _check_finite(arrays: dict[str, NDArray[Any]]) -> None:
    for name in _NAMES:
        if not np.isfinite(arrays[name]).all():
            raise _broken(f"{name} holds numbers that are not finite")
    if (arrays["n"] < 0).any():
        raise _broken("a fold has fewer than 0 rows")


def _broken(what: str) -> ArtefactError:
    return ArtefactError(
        f"moments cannot be used: {what}",
        consequence="no ESM was fitted from them",
        next_step="make them again with `springboard ingest NAME`",
    )
