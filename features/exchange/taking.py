"""Taking ESMs in: read, checked, stored and noted, each whole or not at all; a broken one keeps back no other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from features.artefacts.cards import Card
from features.artefacts.esms import read_esm
from features.artefacts.files import write_arrays
from features.artefacts.keys import key_of
from features.artefacts.plan import Plan
from features.exchange.hub import fetch, find_tagged
from features.exchange.imports import Import, Imports
from features.exchange.standing import encoder_facts, why_not
from features.reading.wording import shown
from features.record.recorder import mark_unrecorded
from features.registry.entries import Kind
from features.registry.names import check_name, slug_of
from features.registry.places import kept_reference
from models.errors import ArtefactError, NamingError, SpringboardError, UnknownReferenceError
from models.esm.exchange import Exchanged, read_exchange
from models.tasks import OnProgress, silent

if TYPE_CHECKING:
    from models.encoder.settings import Pooling

__all__ = ["ImportOptions", "Taken", "take_esms", "take_tagged"]

Status = Literal["new", "unchanged", "updated", "same map"]
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9_][\w.-]{0,95}")


@dataclass(frozen=True)
class ImportOptions:
    """What may be said about ESMs when they are imported.

    ``name`` (one ESM only) overrides the slug of the reference; ``revision`` is the hub's commit, tag or branch;
    ``pooling`` is what it was made with, where neither its config nor its base model's type tells; ``same_model``
    says that the workspace's encoder is the ESM's base model under another reference; ``replace`` lets a name stand
    for another reference from now on.
    """

    name: str | None = None
    revision: str | None = None
    pooling: Pooling | None = None
    same_model: bool = False
    replace: bool = False


@dataclass(frozen=True)
class Taken:
    """What became of one import; ``not_ranked`` says why it cannot be ranked with the encoder in force."""

    entry: Import
    status: Status
    not_ranked: str | None


@dataclass(frozen=True)
class _Found:
    folder: Path
    kept: str
    revision: str | None


def take_esms(
    plan: Plan,
    references: Sequence[str],
    options: ImportOptions | None = None,
    *,
    on_progress: OnProgress = silent,
) -> tuple[list[Taken], dict[str, SpringboardError]]:
    """Import ESMs from folders or hub repositories.

    Returns
    -------
    taken
        One per ESM that is in, those among them that cannot be ranked with this encoder too.
    failed
        Reference -> why it was left out. What is broken is noted in the workspace until it comes in.

    Raises
    ------
    NamingError
        ``name`` cannot be taken, or was given for several.
    EncoderError, ReadError
        The workspace's own encoder cannot be found.
    """
    options = options or ImportOptions()
    if options.name is not None:
        check_name(options.name)
        if len(references) > 1:
            raise NamingError(
                f"--name was given for {len(references)} ESMs",
                consequence="nothing was imported",
                next_step="import one at a time, or leave the names to be made from the references",
            )
    taken: list[Taken] = []
    failed: dict[str, SpringboardError] = {}
    for number, reference in enumerate(references, start=1):
        try:
            taken.append(_take(plan, reference, options))
        except SpringboardError as problem:
            failed[reference] = problem
        on_progress(number, len(references))
    return taken, failed


def take_tagged(
    plan: Plan,
    base_model: str,
    limit: int,
    options: ImportOptions | None = None,
    *,
    on_progress: OnProgress = silent,
) -> tuple[list[Taken], dict[str, SpringboardError], int]:
    """Import the hub's ESMs for a base model, found by their tags, the first ``limit`` of them by id.

    Returns
    -------
    taken, failed
        As :func:`take_esms`.
    found
        How many the hub has.

    Raises
    ------
    OfflineError, UnknownReferenceError
        See :func:`features.exchange.hub.find_tagged`.
    """
    found = find_tagged(base_model)
    taken, failed = take_esms(plan, found[:limit], options, on_progress=on_progress)
    return taken, failed, len(found)


def _take(plan: Plan, reference: str, options: ImportOptions) -> Taken:
    name = options.name or slug_of(reference)
    found = _find(plan, reference, options.revision)
    imports = Imports(plan.workspace)
    try:
        exchanged = read_exchange(found.folder)
    except ArtefactError as problem:
        mark_unrecorded(plan.workspace)
        imports.note_refusal(name, found.kept, problem.what)
        raise
    encoder = encoder_facts(plan.workspace)
    one = _import_of(name, found, exchanged, options, encoder.content)
    with plan.workspace.lock("registry"):
        one = _still_told(imports, one)
        _refuse_taken_name(plan, imports, one, options.replace)
        _store(plan, one, exchanged)
        status = _status(imports, one)
        if status != "unchanged":
            mark_unrecorded(plan.workspace)
            imports.note(one)
    return Taken(one, status, why_not(one, encoder))


def _find(plan: Plan, reference: str, revision: str | None) -> _Found:
    place = Path(reference).expanduser()
    if reference.strip() and place.is_dir():
        return _Found(place, kept_reference(plan.workspace, reference, is_local=True), None)
    if place.exists() or not _HUB_ID.fullmatch(reference):
        raise UnknownReferenceError(
            f"there is no folder {shown(reference, 300)}",
            consequence="nothing was imported",
            next_step="give a folder with config.json and model.safetensors, or a hub id (owner/name)",
        )
    fetched = fetch(reference, revision)
    return _Found(fetched.folder, reference, fetched.commit)


def _import_of(
    name: str, found: _Found, exchanged: Exchanged, options: ImportOptions, encoder_content: str
) -> Import:
    config = exchanged.config
    return Import(
        name=name,
        reference=found.kept,
        revision=found.revision,
        esm=key_of("import", {"weights": exchanged.digest, "base_model": config.base_model}, {}),
        base_model=config.base_model,
        pooling=options.pooling or config.pooling,
        same_weights_as=encoder_content if options.same_model else None,
        width=exchanged.esm.dim,
        rank=exchanged.esm.rank,
        task_id=config.task_id,
        task_subset=config.task_subset,
        text_columns=config.text_columns,
        label_column=config.label_column,
    )


def _still_told(imports: Imports, one: Import) -> Import:
    """Keep what somebody said of the same map: importing it again, to mend its file say, must not unsay it."""
    before = imports.current().get(one.name)
    if before is None or before.esm != one.esm:
        return one
    return replace(
        one,
        pooling=one.pooling or before.pooling,
        same_weights_as=one.same_weights_as or before.same_weights_as,
    )


def _refuse_taken_name(plan: Plan, imports: Imports, one: Import, may_replace: bool) -> None:
    before = imports.current().get(one.name)
    registry = Plan(plan.workspace).registry
    if one.name in registry.current(Kind.SOURCE) or one.name in {p.name for p in registry.pooled().values()}:
        raise NamingError(
            f"the name '{one.name}' already stands for a source of this workspace",
            consequence="nothing was imported under it",
            next_step="give --name another one",
        )
    if before is not None and before.reference != one.reference and not may_replace:
        raise NamingError(
            f"the name '{one.name}' already stands for the ESM imported from {shown(before.reference, 200)}",
            consequence="nothing was imported; that one stays as it is",
            next_step="give --name another one, or --replace to let the name stand for the new one",
        )


def _status(imports: Imports, one: Import) -> Status:
    current = imports.current()
    before = current.get(one.name)
    if before is not None and replace(before, at="") == one:
        return "unchanged"
    if before is not None:
        return "updated"
    return "same map" if any(other.esm == one.esm for other in current.values()) else "new"


def _store(plan: Plan, one: Import, exchanged: Exchanged) -> None:
    """Write the map in float32 (what it came in, as a rule) unless it is there and whole."""
    try:
        read_esm(plan, one.esm, one.width)
    except ArtefactError:
        config = exchanged.config
        card = Card(
            "imported_esm",
            one.esm,
            inputs={"weights": exchanged.digest, "base_model": one.base_model, "reference": one.reference},
            settings={},
            facts={
                "rank": one.rank,
                "dim": one.width,
                "layout": exchanged.layout,
                "version": config.version,
                "task_id": config.task_id,
                "task_subset": config.task_subset,
            },
        )
        mark_unrecorded(plan.workspace)
        write_arrays(plan.path("esms", one.esm), exchanged.esm.to_arrays(np.float32), card)
