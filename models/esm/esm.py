"""The Embedding Space Map: a small linear map from base embeddings to what a tuned encoder would give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import ArtefactError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["ESM"]

LAYOUT = 1
"""Version of what :meth:`ESM.to_arrays` gives."""

_FIGURES = ("strength", "heldout_error", "identity_error", "heldout_r2")


@dataclass(frozen=True, eq=False)
class ESM:
    """``tuned ~ base + U V' base + b``.

    Schulte, Hamborg, Akbik, "Less is More", EMNLP 2024, with a closed-form fit and a chosen rank.

    Attributes
    ----------
    u, v
        [d, r], balanced: their columns have equal norms, so that half precision suits both.
    b
        [d].
    rank
        r; d is the paper's full map.
    strength
        Of the ridge, relative to the mean variance of the base embeddings' directions.
    heldout_error, identity_error
        Mean squared error a row (squared distance, summed over d) on held-out folds: of the map, and of
        leaving the base embedding as it is.
    heldout_r2
        1 - held-out error over the tuned embeddings' held-out squared distance from the training folds' mean.
    """

    u: NDArray[np.float64]
    v: NDArray[np.float64]
    b: NDArray[np.float64]
    rank: int
    strength: float
    heldout_error: float
    identity_error: float
    heldout_r2: float

    @property
    def dim(self) -> int:
        """Width d of an embedding."""
        return int(self.b.size)

    @property
    def better_than_identity(self) -> bool:
        """Whether the map beat leaving embeddings as they are, on rows it was not fitted to."""
        return self.heldout_error < self.identity_error

    def apply(self, x: ArrayLike) -> NDArray[Any]:
        """Map base embeddings [n, d] to imitated tuned ones [n, d], in the precision of x (float32 at least).

        Raises
        ------
        ArtefactError
            If x is not of this map's width.
        """
        rows = np.asarray(x)
        if rows.ndim != 2 or rows.shape[1] != self.dim:
            raise ArtefactError(
                f"an ESM of width {self.dim} cannot map embeddings of shape {rows.shape}",
                consequence="nothing was mapped",
                next_step="embed with the encoder that the ESM was made for",
            )
        kind = np.result_type(rows.dtype, np.float32)
        u, v, b = (array.astype(kind) for array in (self.u, self.v, self.b))
        return np.asarray(rows + (rows.astype(kind) @ v) @ u.T + b, dtype=kind)

    def to_arrays(self, dtype: DTypeLike = np.float16) -> dict[str, NDArray[Any]]:
        """Pack for disk: ``u``, ``v``, ``b`` in ``dtype``; ``figures`` float64 [4]; ``layout`` int64 [1].

        Raises
        ------
        ArtefactError
            If a number does not fit into ``dtype``.
        """
        with np.errstate(over="ignore"):
            arrays: dict[str, NDArray[Any]] = {
                name: np.ascontiguousarray(getattr(self, name), dtype=dtype) for name in ("u", "v", "b")
            }
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise _broken(f"it does not fit into {np.dtype(dtype).name}")
        arrays["figures"] = np.array([getattr(self, name) for name in _FIGURES], dtype=np.float64)
        arrays["layout"] = np.array([LAYOUT], dtype=np.int64)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> ESM:
        """Unpack what :meth:`to_arrays` packed.

        Raises
        ------
        ArtefactError
            If an array is missing, of another layout or shape, or not finite.
        """
        absent = [name for name in ("u", "v", "b", "figures", "layout") if name not in arrays]
        if absent:
            raise _broken(f"{', '.join(absent)} missing")
        if np.asarray(arrays["layout"]).reshape(-1).tolist() != [LAYOUT]:
            raise _broken(
                f"layout {np.asarray(arrays['layout']).tolist()}, and {LAYOUT} is what is read here"
            )
        u, v, b = (np.array(arrays[name], dtype=np.float64) for name in ("u", "v", "b"))
        figures = np.asarray(arrays["figures"], dtype=np.float64)
        if u.ndim != 2 or u.shape != v.shape or b.shape != u.shape[:1] or figures.shape != (len(_FIGURES),):
            raise _broken(
                f"shapes {u.shape}, {v.shape}, {b.shape} and {figures.shape} do not belong together"
            )
        if not all(np.isfinite(array).all() for array in (u, v, b)):
            raise _broken("it holds numbers that are not finite")
        return cls(u, v, b, int(u.shape[1]), *(float(figure) for figure in figures))

    @classmethod
    def identity(cls, dim: int) -> ESM:
        """The map of width d that changes nothing, of rank 1; what was never measured is NaN."""
        nothing = np.zeros((dim, 1))
        unknown = float("nan")
        return cls(nothing, nothing, np.zeros(dim), 1, unknown, unknown, unknown, unknown)

    @classmethod
    def from_full_map(cls, weight: ArrayLike, bias: ArrayLike) -> ESM:
        """Take a map ``y = W x + c`` made elsewhere; what was never measured is NaN.

        Parameters
        ----------
        weight, bias
            W [d, d] (as ``torch.nn.Linear`` holds it) and c [d].
        """
        w, c = np.asarray(weight, dtype=np.float64), np.asarray(bias, dtype=np.float64)
        if w.ndim != 2 or w.shape[0] != w.shape[1] or c.shape != w.shape[:1]:
            raise _broken(f"a weight of shape {w.shape} with a bias of shape {c.shape}")
        if not (np.isfinite(w).all() and np.isfinite(c).all()):
            raise _broken("it holds numbers that are not finite")
        d = c.size
        u, v = balanced_full((w - np.eye(d)).T)
        return cls(u, v, c, d, float("nan"), float("nan"), float("nan"), float("nan"))


def balanced(
    left: NDArray[np.float64], right: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Factor the row map ``left @ right.T`` into (u, v) of equal column norms with ``v @ u.T`` the same.

    Parameters
    ----------
    left
        [d, r].
    right
        [d, r] with orthonormal columns.
    """
    p, s, qt = np.linalg.svd(left, full_matrices=False)
    # A singular vector's sign is the library's whim; fixing it keeps artefacts the same across machines.
    signs = np.where(p[np.abs(p).argmax(axis=0), np.arange(s.size)] < 0, -1.0, 1.0)
    root = np.sqrt(s) * signs
    return right @ (qt.T * root), p * root


def balanced_full(w: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Factor a full row map [d, d] into (u, v) with ``v @ u.T`` the same, v diagonal and of the columns' norms.

    A full map has nothing to gain from its singular vectors, which cost more than the fit.
    """
    root = np.sqrt(np.linalg.norm(w, axis=1))
    return np.asarray((w / np.where(root > 0, root, 1.0)[:, None]).T), np.diag(root)


def _broken(what: str) -> ArtefactError:
    return ArtefactError(
        f"an ESM cannot be used: {what}",
        consequence="it is left out of every ranking",
        next_step="fit it again with `springboard ingest NAME`",
    )
