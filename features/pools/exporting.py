"""Making a pool of a workspace's ready sources."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from features.artefacts.files import write_arrays
from features.pools.layout import (
    MANIFEST,
    About,
    Listed,
    Manifest,
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
    _refuse_other_content(folder)
    chosen, left_out = _chosen(plan, names)
    if not chosen:
        raise ArtefactError(
            "no source is ready to be put into a pool",
            consequence="nothing was written",
            next_step="springboard ingest, then the same command again",
        )
    told = about or {}
    listed, written = [], []
    for source in sorted(chosen, key=lambda one: one.name):
        one, is_new = _write_source(plan, folder, source, told.get(source.name) or _about(source))
        listed.append(one)
        written += [source.name] if is_new else []
    manifest = _manifest(plan, name, title, listed, folder)
    write_manifest(folder, manifest)
    for path in folder.glob("*.safetensors"):
        if path.stem not in {one.name for one in listed}:
            path.unlink()
    return ExportedPool(folder, manifest, written, left_out)


def _refuse_other_content(folder: Path) -> None:
    if (
        folder.exists()
        and (not folder.is_dir() or any(folder.iterdir()))
        and not (folder / MANIFEST).is_file()
    ):
        raise ArtefactError(
            f"'{folder}' holds something that is no pool",
            consequence="nothing was written",
            next_step="give a folder that is new, empty or a pool to be written anew",
        )


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
    return About(source.name, on_hub or Path(source.reference).name, source.licence)


def _write_source(plan: Plan, folder: Path, source: Entry, about: About) -> tuple[Listed, bool]:
    packed = pack(plan, source, about)
    path = source_path(folder, source.name)
    before = path.read_bytes() if path.is_file() else b""
    write_arrays(path, packed.arrays, packed.card)
    path.chmod(0o644)  # The library writes for its user alone; a pool is for others.
    content = path.read_bytes()
    classes = packed.card.facts["classes"]
    listed = Listed(
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
    return listed, content != before


def _manifest(plan: Plan, name: str, title: str, listed: list[Listed], folder: Path) -> Manifest:
    settings = plan.workspace.settings
    encoder = settings.encoder
    # A package or hub id is called the same everywhere, a folder of this machine is not.
    ref = Path(encoder.ref).name if is_local(encoder.ref) and ":" not in encoder.ref else encoder.ref
    if not title and (folder / MANIFEST).is_file():
        title = read_manifest(folder).title
    newest = max(listed, key=lambda one: one.made_at)
    return Manifest(
        name=name,
        title=title or name,
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
