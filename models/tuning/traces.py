"""What later scorers need of tuned weights, small enough to keep when the weights themselves are dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import ArtefactError, TuningError
from models.tuning.fisher import diagonal_fisher
from models.tuning.update import Update, low_rank_update

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.encoder import Encoder
    from models.labels import Labels
    from models.tasks import Task
    from models.tuning.tuned import TunedEncoder

__all__ = ["FISHER_ARRAYS", "UPDATE_ARRAYS", "Traces", "trace", "unpack_fisher", "unpack_update"]

FISHER_ARRAYS = ("fisher.root", "fisher.scale")
UPDATE_ARRAYS = ("update.left", "update.right", "update.strength", "update.shapes")


@dataclass(frozen=True, eq=False)
class Traces:
    """The traces of one tuning run.

    Attributes
    ----------
    fisher
        See :func:`~models.tuning.fisher.diagonal_fisher`; None where there can be none.
    update
        See :func:`~models.tuning.update.low_rank_update`; None where there can be none.
    notes
        ``fisher`` and ``update`` -> why there is none, for those that are None.
    """

    fisher: NDArray[np.float64] | None
    update: Update | None
    notes: Mapping[str, str]

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Pack for disk, in half precision.

        ``fisher.root`` float16 [p] is the square root of the Fisher divided by the largest root, which is
        ``fisher.scale`` float64 [1] (so that 3.6e-9 of the largest value still has all of float16's digits).
        ``update.left`` [sum of out, k] and ``update.right`` [sum of in, k] float16 are the factors of all layers,
        one under the other, with columns of length 1; ``update.strength`` float32 [layers, k] is what each product
        of two columns counts; ``update.shapes`` int32 [layers, 2] holds out and in. The layers' names are among
        :meth:`facts`. For MiniLM that is 41 kB and 333 kB.
        """
        arrays: dict[str, NDArray[Any]] = {}
        if self.fisher is not None:
            arrays |= _pack_fisher(self.fisher)
        if self.update is not None:
            arrays |= _pack_update(self.update)
        return arrays

    def facts(self) -> dict[str, Any]:
        """What the card of the file says of them: the names of the layers, shares kept, and why one is absent."""
        fisher: dict[str, Any] = {"note": self.notes.get("fisher", "")}
        update: dict[str, Any] = {"note": self.notes.get("update", "")}
        if self.fisher is not None:
            fisher["length"] = len(self.fisher)
        if self.update is not None:
            update |= {
                "layers": list(self.update.factors),
                "kept": round(self.update.kept, 6),
                "covered": round(self.update.covered, 6),
                "size": round(self.update.size, 8),
            }
        return {"fisher": fisher, "update": update}


def trace(
    base: Encoder,
    tuned: TunedEncoder,
    text_a: Sequence[str],
    text_b: Sequence[str] | None,
    labels: Labels,
    task: Task,
) -> Traces:
    """Take the traces of a tuning run; what cannot be had is None, with the reason in ``notes``.

    Parameters
    ----------
    base
        The encoder before.
    tuned
        And after.
    text_a, text_b, labels, task
        The rows it was tuned on.
    """
    notes: dict[str, str] = {}
    fisher: NDArray[np.float64] | None = None
    update: Update | None = None
    try:
        fisher = diagonal_fisher(tuned, text_a, text_b, labels, task)
        if not fisher.any():
            fisher, notes["fisher"] = None, "all its gradients are zero"
    except TuningError as problem:
        notes["fisher"] = problem.what
    try:
        update = low_rank_update(base, tuned.encoder)
    except TuningError as problem:
        notes["update"] = problem.what
    return Traces(fisher, update, notes)


def unpack_fisher(arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Unpack :data:`FISHER_ARRAYS`, float64 [p], to 0.1 % of each value.

    Raises
    ------
    ArtefactError
        They are not what :meth:`Traces.to_arrays` packed.
    """
    try:
        root = arrays["fisher.root"].astype(np.float64) * float(arrays["fisher.scale"][0])
    except (KeyError, IndexError, ValueError) as problem:
        raise _broken("fisher", problem) from problem
    if root.ndim != 1 or not np.isfinite(root).all():
        raise _broken("fisher", ValueError("not a vector of finite numbers"))
    return np.asarray(root**2, dtype=np.float64)


def unpack_update(
    arrays: Mapping[str, NDArray[Any]], layers: Sequence[str]
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Unpack :data:`UPDATE_ARRAYS`: name of a layer -> (a [out, k], b [in, k]), float32.

    Parameters
    ----------
    arrays
        The four arrays.
    layers
        The names of :meth:`Traces.facts`.

    Raises
    ------
    ArtefactError
        They are not what :meth:`Traces.to_arrays` packed, or the names are another number.
    """
    try:
        left, right, strength = (arrays[name].astype(np.float32) for name in UPDATE_ARRAYS[:3])
        shapes = arrays["update.shapes"]
        if not all(np.isfinite(one).all() for one in (left, right, strength)):
            raise ValueError("numbers that are not finite")
        ends = np.cumsum(shapes.astype(np.int64), axis=0)
        if len(layers) != len(shapes) or tuple(ends[-1]) != (len(left), len(right)):
            raise ValueError(f"{len(layers)} names for {len(shapes)} layers")
        lefts = np.split(left, ends[:-1, 0])
        rights = np.split(right, ends[:-1, 1])
    except (KeyError, IndexError, ValueError) as problem:
        raise _broken("update", problem) from problem
    return {name: (lefts[i] * strength[i], rights[i]) for i, name in enumerate(layers)}


def _pack_fisher(fisher: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    root = np.sqrt(fisher)
    scale = float(root.max())
    return {"fisher.root": (root / scale).astype(np.float16), "fisher.scale": np.array([scale])}


def _pack_update(update: Update) -> dict[str, NDArray[Any]]:
    factors = update.factors.values()
    rank = max(a.shape[1] for a, _ in factors)
    lefts, rights = (
        [_unit(pair[side], rank) for pair in factors] for side in (0, 1)
    )  # each (columns of length 1, their lengths)
    return {
        "update.left": np.concatenate([columns for columns, _ in lefts]).astype(np.float16),
        "update.right": np.concatenate([columns for columns, _ in rights]).astype(np.float16),
        "update.strength": np.stack(
            [a * b for (_, a), (_, b) in zip(lefts, rights, strict=True)],
            dtype=np.float32,
            casting="same_kind",
        ),
        "update.shapes": np.array([(len(a), len(b)) for a, b in factors], dtype=np.int32),
    }


def _unit(matrix: NDArray[np.float64], rank: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give a factor's columns length 1, zero columns added up to ``rank``, and the lengths they had."""
    wide = np.zeros((len(matrix), rank))
    wide[:, : matrix.shape[1]] = matrix
    lengths = np.sqrt(np.square(wide).sum(axis=0))
    return wide / np.where(lengths > 0, lengths, 1.0), lengths


def _broken(what: str, problem: Exception) -> ArtefactError:
    return ArtefactError(
        f"the stored {what} of a tuning run cannot be used ({str(problem)[:120]})",
        consequence="what needs it was left out",
        next_step="make the source's moments anew: delete the file and springboard ingest",
    )
