"""Where the pool's sources lie: in two dimensions, by what their maps do and by what their texts are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from features.artefacts.files import read_arrays
from features.artefacts.keys import content_hash
from features.rankings.pool import Member, Pool
from models.errors import ArtefactError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from features.artefacts.plan import Plan
    from features.reports.remembered import Remembered

__all__ = ["Place", "PoolMap", "pool_maps", "projected"]

_RECIPE = 1
"""Raised when the same files would give other positions."""

_PROBES = 8
"""Points at which a map's displacement is looked at; in 384 dimensions that is 3,072 numbers a map."""

_NEAREST = 3


@dataclass(frozen=True)
class Place:
    """A source's place: in [-1, 1], and the sources nearest to it in all dimensions, the nearest first."""

    source: str
    x: float
    y: float
    nearest: tuple[str, ...]


@dataclass(frozen=True)
class PoolMap:
    """The pool in two dimensions; ``share`` is how much of the spread two dimensions hold, None of a single point."""

    kind: str
    places: tuple[Place, ...]
    share: float | None


def pool_maps(plan: Plan, remembered: Remembered) -> list[PoolMap]:
    """The pool by ESM and by centroid; a source whose file is not here, or that has none, is on neither.

    They are computed when the pool is another, and the same pool gives the same numbers.
    """
    members = Pool(plan).members
    esms = {member.entry.name: member.esm for member in members}
    centroids = {member.entry.name: key for member in members if (key := _centroid_key(plan, member))}
    return [
        _map("esm", esms, lambda: _displacements(plan, members), remembered),
        _map("centroid", centroids, lambda: _centroids(plan, members), remembered),
    ]


def _centroid_key(plan: Plan, member: Member) -> str | None:
    if member.imported is not None:
        return None
    return member.pooled.file if member.pooled else plan.source_keys(member.entry).embedding


class _IncompleteError(Exception):
    def __init__(self, made: dict[str, Any]) -> None:
        super().__init__("a file could not be read")
        self.made = made


def _map(
    kind: str,
    keys: dict[str, str],
    vectors: Callable[[], dict[str, NDArray[np.float32]]],
    remembered: Remembered,
) -> PoolMap:
    def make() -> dict[str, Any]:
        made = projected(vectors())
        if len(made["places"]) < len(keys):
            raise _IncompleteError(made)
        return made

    try:
        found = remembered.get(f"{kind} {_RECIPE} {content_hash(sorted(keys.items()))}", make)
    except _IncompleteError as problem:
        # Of a file that cannot be read today: shown without it, and tried again the next time.
        found = problem.made
    places = (Place(name, x, y, tuple(nearest)) for name, x, y, nearest in found["places"])
    return PoolMap(kind, tuple(places), found["share"])


def _centroids(plan: Plan, members: list[Member]) -> dict[str, NDArray[np.float32]]:
    found = {}
    for member in members:
        key = _centroid_key(plan, member)
        kind = "pools" if member.pooled else "embeddings"
        if key is not None and (arrays := _arrays(plan, kind, key, ["centroid"])):
            found[member.entry.name] = arrays["centroid"]
    return found


def _displacements(plan: Plan, members: list[Member]) -> dict[str, NDArray[np.float32]]:
    """Name -> where a map moves a few fixed points, laid end to end [d * points].

    The points have seeded random directions and length 1, so that the distance of two displacements estimates that
    of two maps (Frobenius), their offsets included, without forming d x d matrices.
    """
    import numpy as np

    found: dict[str, NDArray[np.float32]] = {}
    points: dict[int, NDArray[np.float32]] = {}
    for member in members:
        arrays = _arrays(plan, "esms", member.esm, ["u", "v", "b"])
        if not arrays:
            continue
        u, v, b = (np.asarray(arrays[name], dtype=np.float32) for name in ("u", "v", "b"))
        at = points.setdefault(b.size, _points(b.size))
        found[member.entry.name] = (u @ (v.T @ at) + b[:, None]).ravel()
    return found


def _points(dim: int) -> NDArray[np.float32]:
    import numpy as np

    drawn = np.random.default_rng(0).standard_normal((dim, _PROBES))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=0), dtype=np.float32)


def _arrays(plan: Plan, kind: str, key: str, names: list[str]) -> dict[str, NDArray[Any]]:
    try:
        return read_arrays(plan.path(kind, key), names)
    except ArtefactError:
        return {}


def projected(vectors: dict[str, NDArray[np.float32]]) -> dict[str, Any]:
    """Principal components of named vectors, and each one's nearest.

    Parameters
    ----------
    vectors
        Name -> [d], all of one width; those that are not finite, or of another width than the first, are left out.

    Returns
    -------
    dict
        ``places``: (name, x, y, nearest names) by name, coordinates in [-1, 1] with one unit for both, in three
        decimals; ``share``: of the variance, or None where there is none.
    """
    import numpy as np

    width = next((vector.shape for vector in vectors.values()), None)
    names = sorted(n for n, v in vectors.items() if v.shape == width and np.isfinite(v).all())
    if not names:
        return {"places": [], "share": None}
    rows = np.stack([vectors[name] for name in names]).astype(np.float32)
    flat, share = _components(rows)
    nearest = _nearest(rows, names)
    places = [[name, *point, near] for name, point, near in zip(names, flat.tolist(), nearest, strict=True)]
    return {"places": places, "share": share}


def _components(rows: NDArray[np.float32]) -> tuple[NDArray[np.float64], float | None]:
    import numpy as np

    flat = np.zeros((len(rows), 2))
    wanted = min(2, len(rows) - 1, rows.shape[1])
    if wanted == 0 or not np.ptp(rows, axis=0).any():
        return flat, None
    from sklearn.decomposition import PCA

    pca = PCA(n_components=wanted, random_state=0)
    flat[:, :wanted] = pca.fit_transform(rows.astype(np.float64))
    flat = np.round(flat / np.abs(flat).max(), 3) + 0.0
    return flat, round(float(pca.explained_variance_ratio_.sum()), 4)


def _nearest(rows: NDArray[np.float32], names: list[str]) -> list[list[str]]:
    count = min(_NEAREST, len(names) - 1)
    if count == 0:
        return [[] for _ in names]
    from sklearn.neighbors import NearestNeighbors

    found = NearestNeighbors(n_neighbors=count + 1, algorithm="brute").fit(rows).kneighbors(rows)[1]
    # Of two sources in one place either may come first, itself included.
    return [[names[i] for i in near if i != own][:count] for own, near in enumerate(found.tolist())]
