"""Making a pool of a workspace's ready sources."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from features.artefacts.files import write_arrays
from features.pools.layout import (
    MANIFEST,
    About,
    Listed,
    Manifest,
    on_a_line,
    read_manifest,
    source_path,
    write_manifest,
)
from features.pools.packing import pack
from features.reading.reference import hub_id_of
from features.registry.names import check_name
from models.encoder.locate import is_local
from models.errors import ArtefactError

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.registry.entries import Entry

__all__ = ["ExportedPool", "export_pool"]

_OLD = 600.0
"""Seconds after which nobody fills a hidden folder any more."""


@dataclass(frozen=True)
class ExportedPool:
    """A pool that was written; ``written`` are the sources whose files are new or other than they were.

    ``left_out`` has source -> why it is not in the pool.
    """

    folder: Path
    manifest: Manifest
    written: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def export_pool(
    plan: Plan,
    folder: Path,
    *,
    name: str,
    names: Sequence[str] | None = None,
    title: str = "",
    about: Mapping[str, About] | None = None,
) -> ExportedPool:
    """Write a workspace's ready sources as a pool.

    Parameters
    ----------
    plan
        Keys and paths under the settings in force.
    folder
        Where to: absent, empty, or a pool that is written anew. Files whose bytes stay the same are left alone.
    name, title
        What the pool is called.
    names
        Which sources; all that are ready when not given.
    about
        Source -> where its rows are from, where the registry does not know it better.

    Raises
    ------
    NamingError
        The pool's name cannot be taken, or a source is not registered.
    ArtefactError
        Nothing is ready, an artefact is broken, or the folder holds something else.
    """
    check_name(name)
    before = _pool_there(folder)
    chosen, left_out = _chosen(plan, names)
    if not chosen:
        raise ArtefactError(
            "no source is ready to be put into a pool",
            consequence="nothing was written",
            next_step="springboard ingest, then the same command again",
        )
    told = about or {}
    with _staging(folder) as staging:
        listed = [
            _write_source(plan, staging, source, told.get(source.name) or _about(source))
            for source in sorted(chosen, key=lambda one: one.name)
        ]
        manifest = _manifest(
            plan, name, on_a_line(title) or (before.title if before else name), listed, staging
        )
        written = _put_in_place(folder, staging, manifest, before)
    return ExportedPool(folder, manifest, written, left_out)


def _pool_there(folder: Path) -> Manifest | None:
    """The pool that is to be written anew; None where there is none yet."""
    if (folder / MANIFEST).is_file():
        return read_manifest(folder)
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not any(_left(folder)))):
        raise ArtefactError(
            f"'{folder}' holds something that is no pool",
            consequence="nothing was written",
            next_step="give a folder that is new, empty or a pool to be written anew",
        )
    return None


def _left(folder: Path) -> Iterator[Path]:
    """What exports that were killed had not put in place yet."""
    return folder.glob(".export.*.part")


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A hidden folder within, gone at the end: until all files are whole, the pool that is there stays as it is."""
    for old in _left(folder):
        # A younger one may be of another export that is under way.
        if time.time() - old.stat().st_mtime >= _OLD:
            shutil.rmtree(old)
    folder.mkdir(parents=True, exist_ok=True)
    staging = Path(mkdtemp(dir=folder, prefix=".export.", suffix=".part"))
    try:
        yield staging
    finally:
        shutil.rmtree(staging)


def _put_in_place(folder: Path, staging: Path, manifest: Manifest, before: Manifest | None) -> list[str]:
    """Rename what is new into place, take out what the pool had and has no more; gives the sources that are new."""
    written = []
    for one in manifest.sources:
        path, new = source_path(folder, one.name), source_path(staging, one.name)
        if not path.is_file() or path.read_bytes() != new.read_bytes():
            new.replace(path)
            written.append(one.name)
    # A file that no list of this pool ever named is somebody else's.
    for gone in {one.name for one in (before.sources if before else ())} - {
        one.name for one in manifest.sources
    }:
        source_path(folder, gone).unlink(missing_ok=True)
    # Last: a run that was killed before finds the old list here, or its own folder, and begins again.
    write_manifest(folder, manifest)
    return written


def _chosen(plan: Plan, names: Sequence[str] | None) -> tuple[list[Entry], dict[str, str]]:
    chosen, left_out = [], {}
    for source in plan.chosen(names):
        if source.tuned_model_id is not None:
            # Its version would stand for rows that another tuning could be of.
            left_out[source.name] = "its model was tuned elsewhere"
        elif not plan.is_ready(source):
            left_out[source.name] = "it is pending"
        else:
            chosen.append(source)
    return chosen, left_out


def _about(source: Entry) -> About:
    """What the registry knows; a path of this machine is nobody else's business."""
    on_hub = None if source.reference.startswith((".", "/")) else hub_id_of(source.reference)
    return About(source.name, on_hub or on_a_line(Path(source.reference).name), source.licence)


def _write_source(plan: Plan, folder: Path, source: Entry, about: About) -> Listed:
    packed = pack(plan, source, about)
    path = source_path(folder, source.name)
    write_arrays(path, packed.arrays, packed.card)
    path.chmod(0o644)  # The library writes for its user alone; a pool is for others.
    content = path.read_bytes()
    classes = packed.card.facts["classes"]
    return Listed(
        name=source.name,
        version=source.version,
        task=source.task,
        rows=source.rows,
        classes=len(classes) or None,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        made_at=packed.card.made_at,
        heldout_r2=packed.card.facts["heldout_r2"],
        about=about,
    )


def _manifest(plan: Plan, name: str, title: str, listed: list[Listed], folder: Path) -> Manifest:
    settings = plan.workspace.settings
    encoder = settings.encoder
    # A package or hub id is called the same everywhere, a folder of this machine is not.
    ref = Path(encoder.ref).name if is_local(encoder.ref) and ":" not in encoder.ref else encoder.ref
    newest = max(listed, key=lambda one: one.made_at)
    return Manifest(
        name=name,
        title=title,
        encoder=plan.encoder,
        encoder_label=f"{ref}, {encoder.pooling}, {encoder.max_length} tokens",
        settings={
            "encoder": {"ref": ref, "pooling": encoder.pooling, "max_length": encoder.max_length},
            "caps": {"source_rows": settings.caps.source_rows, "seed": settings.caps.seed},
            "tuning": asdict(settings.tuning),
            "esm": settings.esm.model_dump(mode="json"),
            "overlap": settings.overlap.model_dump(mode="json"),
        },
        code=_code(source_path(folder, newest.name)),
        sources=tuple(listed),
    )


def _code(path: Path) -> str:
    from features.artefacts.files import read_arrays_card

    return read_arrays_card(path).code
