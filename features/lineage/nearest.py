"""The rows of a target and a source that lie nearest to each other, by their base embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from features.artefacts.files import read_arrays, read_table
from features.registry.entries import Entry, Kind
from models.errors import ArtefactError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.artefacts.plan import Plan

__all__ = ["nearest_pairs", "nearest_rows"]


def nearest_pairs(a: NDArray[np.float32], b: NDArray[np.float32], most: int) -> list[tuple[int, int, float]]:
    """The pairs of rows with the highest cosine, each row in at most one pair.

    Parameters
    ----------
    a, b
        Embeddings, [n, d] and [m, d].
    most
        How many pairs.

    Returns
    -------
    list of (int, int, float)
        Row of ``a``, row of ``b`` and their cosine, nearest first; equal ones in the order of the rows.
    """
    cosines = _unit(a) @ _unit(b).T
    found: list[tuple[int, int, float]] = []
    for _ in range(min(most, *cosines.shape)):
        i, j = np.unravel_index(int(np.argmax(cosines)), cosines.shape)
        found.append((int(i), int(j), float(cosines[i, j])))
        cosines[i, :], cosines[:, j] = -2.0, -2.0
    return found


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    wide = vectors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.asarray(wide / np.where(lengths > 0, lengths, 1.0))


def nearest_rows(plan: Plan, target: Entry, source: Entry, most: int) -> list[dict[str, Any]]:
    """The rows of a target and of a source's sample that lie nearest to each other.

    Returns
    -------
    list of dict
        ``cosine``, ``target`` and ``source``, each with ``row``, ``text_a``, ``text_b`` and ``label``.

    Raises
    ------
    ArtefactError
        The embeddings or the rows of one of them are not here.
    """
    sides = [_embedded(plan, entry) for entry in (target, source)]
    if sides[0][0].shape[1] != sides[1][0].shape[1]:
        raise ArtefactError("the embeddings of target and source have different widths")
    tables = [read_table(plan.path("datasets", entry.version)) for entry in (target, source)]
    pairs = nearest_pairs(sides[0][0], sides[1][0], most)
    return [
        {
            "cosine": round(cosine, 6),
            "target": tables[0].row(int(sides[0][1][i]), named=True) | {"row": int(sides[0][1][i])},
            "source": tables[1].row(int(sides[1][1][j]), named=True) | {"row": int(sides[1][1][j])},
        }
        for i, j, cosine in pairs
    ]


def _embedded(plan: Plan, entry: Entry) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    key = plan.embedding_key(entry.version, Kind(entry.kind))
    try:
        arrays = read_arrays(plan.path("embeddings", key), ["vectors", "rows"])
    except ArtefactError as problem:
        raise ArtefactError(
            f"the embeddings of {entry.kind.value} '{entry.name}' are not here",
            consequence=problem.consequence,
            next_step="dvc pull",
        ) from problem
    return arrays["vectors"], arrays["rows"]
