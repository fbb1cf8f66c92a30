"""The files of pooled sources in a workspace: put there, and put there again where they are missing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from features.artefacts.cards import Card
from features.artefacts.files import read_arrays, write_arrays, write_whole
from features.pools.finding import shipped_pools
from features.pools.layout import source_path
from features.pools.packing import Packed, esm_of, read_packed, sketch_of
from features.record.recorder import mark_unrecorded
from models.errors import ArtefactError, SpringboardError

if TYPE_CHECKING:
    from pathlib import Path

    from features.artefacts.plan import Plan
    from features.registry.entries import Pooled

__all__ = ["is_whole", "lay_out", "restore_pools"]


def is_whole(plan: Plan, one: Pooled) -> bool:
    """Whether every file of a pooled source is there."""
    kinds = {"pools": one.file, "esms": one.esm, "sketches": one.sketch}
    return all(plan.path(kind, key).exists() for kind, key in kinds.items())


def lay_out(plan: Plan, packed: Packed, content: bytes, file_key: str) -> None:
    """Write a pooled source's file, and the ESM and sketch in it where rankings look for them.

    What is there already and whole is left alone: its key says that it is the same.
    """
    mark_unrecorded(plan.workspace)
    path = plan.path("pools", file_key)
    if not _is_readable(path):
        write_whole(path, lambda part: part.write_bytes(content))
    arrays, card = esm_of(packed)
    if not _is_readable(esm := plan.path("esms", card.key)):
        write_arrays(esm, arrays, card)
    sketch = sketch_of(packed)
    if not _is_readable(place := plan.path("sketches", sketch.key)):
        said = Card("sketch", sketch.key, {"texts": len(sketch.exact)}, {}, {"compact": True})
        write_arrays(place, sketch.to_arrays(), said)


def _is_readable(path: Path) -> bool:
    try:
        read_arrays(path)
    except ArtefactError:
        return False
    return True


def restore_pools(plan: Plan) -> dict[str, str]:
    """Make the files of pooled sources that are missing, from data/pools or from the pool as it is shipped.

    Returns
    -------
    dict
        Name -> why its files could not be made; those of all the others are there.
    """
    failed = {}
    for one in plan.registry.pooled().values():
        if is_whole(plan, one):
            continue
        try:
            content = _content(plan, one)
            path = plan.path("pools", one.file)
            if not path.exists():
                write_whole(path, lambda part, content=content: part.write_bytes(content))  # type: ignore[misc]
            lay_out(plan, read_packed(path), content, one.file)
        except SpringboardError as problem:
            failed[one.name] = problem.what
    return failed


def _content(plan: Plan, one: Pooled) -> bytes:
    places = [plan.path("pools", one.file)]
    if (shipped := shipped_pools().get(one.pool)) is not None:
        places.append(source_path(shipped, one.listed))
    for path in places:
        content = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(content).hexdigest()[:32] == one.file:
            return content
    raise ArtefactError(
        f"the file of source '{one.name}' of pool '{one.pool}' is missing, and the pool that is shipped has another",
        consequence="it is left out of rankings",
        next_step="dvc pull, or springboard pool add with the folder it came from",
    )
