"""Putting a pool into a workspace: all of its sources or none, in seconds, and as often as one likes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from features.artefacts.plan import registry_of
from features.audit import note
from features.calibration.keeping import check_evidence, take_evidence
from features.exchange.imports import Imports
from features.pools.checking import Checked, check_pool
from features.pools.layout import Manifest, read_manifest
from features.pools.restoring import lay_out
from features.record.recorder import mark_unrecorded
from features.registry.entries import POOL_ADDED, Kind, Pooled, Registry
from features.registry.names import MOST_CHARACTERS
from models.errors import EncoderError, NamingError

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["AddedPool", "add_pool"]

Status = Literal["new", "unchanged", "updated"]


@dataclass(frozen=True)
class AddedPool:
    """What became of a pool.

    Attributes
    ----------
    manifest
        What it says of itself.
    sources
        What stands for each of its sources here, in its order.
    statuses
        Name -> "new", "unchanged" (nothing was stored) or "updated" (the pool has another ESM of it now).
    renamed
        What the pool calls a source -> what it is called here, where that name stood for other rows already.
    same_rows
        Name -> the workspace's own source of the same rows, which stands for both once it is ingested.
    no_leak_check
        Why sources of this pool cannot be compared with targets here, and so are left out; empty where they can.
    evidence_changed
        Whether its evidence of past transfers is other than what was here of it.
    """

    manifest: Manifest
    sources: tuple[Pooled, ...]
    statuses: dict[str, Status]
    renamed: dict[str, str]
    same_rows: dict[str, str]
    no_leak_check: str
    evidence_changed: bool = False


def add_pool(plan: Plan, folder: Path) -> AddedPool:
    """Put a pool's sources into a workspace, to be ranked like its own.

    Parameters
    ----------
    plan
        Keys and paths under the settings in force.
    folder
        The pool; see :func:`features.pools.finding.find_pool`.

    Raises
    ------
    ArtefactError
        The pool is broken, cut short, or of a newer layout; nothing of it is stored then.
    EncoderError
        Its ESMs stand on another encoder than the workspace's.
    NamingError
        A source's name, and the same with the pool's behind it, stand for other rows already.
    """
    manifest = read_manifest(folder)
    _refuse_other_encoder(plan, manifest)
    checked = check_pool(folder, manifest)
    check_evidence(folder)
    with plan.workspace.lock("registry"):
        registry = registry_of(plan.workspace)
        before = registry.pooled()
        sources = _named(registry, before, manifest, checked, _imported(plan))
        for one in checked:
            lay_out(plan, one.packed, one.content, one.listed.key)
        statuses = {one.name: _status(before, one) for one in sources}
        changed = [one for one in sources if statuses[one.name] != "unchanged"]
        if changed:
            mark_unrecorded(plan.workspace)
            # One line, so that a crash leaves the whole pool in or out.
            record = registry.ledger.append(
                {"event": POOL_ADDED, "pool": manifest.name, "sources": [_record(one) for one in changed]}
            )
            on = {"pool": manifest.name, "sources": len(changed)}
            note(plan.workspace, POOL_ADDED, on, ledger=registry.ledger, record=record)
        evidence_changed = take_evidence(plan, folder, manifest.name)
    own = {one.version: one.name for one in registry.pool().values() if one.tuned_model_id is None}
    return AddedPool(
        manifest=manifest,
        sources=tuple(sources),
        statuses=statuses,
        renamed={one.listed: one.name for one in sources if one.name != one.listed},
        same_rows={one.name: own[one.version] for one in sources if one.version in own},
        no_leak_check=_no_leak_check(plan, manifest),
        evidence_changed=evidence_changed,
    )


def _refuse_other_encoder(plan: Plan, manifest: Manifest) -> None:
    if manifest.encoder == plan.encoder:
        return
    settings = plan.workspace.settings.encoder
    wanted = ", ".join(f"encoder.{name}: {value}" for name, value in manifest.settings["encoder"].items())
    raise EncoderError(
        f"pool '{manifest.name}' stands on encoder {manifest.encoder} ({manifest.encoder_label}), and this "
        f"workspace's is {plan.encoder} ({settings.ref}, {settings.pooling}, {settings.max_length} tokens)",
        consequence="nothing of it was stored: a ranking never mixes encoders",
        next_step=f"add it to a workspace whose params.yaml says {wanted}",
    )


def _imported(plan: Plan) -> set[str]:
    return set(Imports(plan.workspace).current())


def _named(
    registry: Registry,
    before: dict[tuple[str, str], Pooled],
    manifest: Manifest,
    checked: Sequence[Checked],
    imported: set[str],
) -> list[Pooled]:
    """Give every source a name that stands for its rows and no others."""
    mine = {(manifest.name, one.listed.name) for one in checked}
    taken = {entry.name: entry.version for entry in registry.current(Kind.SOURCE).values()}
    taken |= {one.name: one.version for key, one in before.items() if key not in mine}
    found = []
    for one in checked:
        known = before.get((manifest.name, one.listed.name))
        name = known.name if known else one.listed.name
        if not _is_free(name, one.listed.version, taken, imported):
            name = f"{one.listed.name[: MOST_CHARACTERS // 2]}-{manifest.name}"[:MOST_CHARACTERS]
        if not _is_free(name, one.listed.version, taken, imported):
            raise NamingError(
                f"the names '{one.listed.name}' and '{name}' of pool '{manifest.name}' stand for other data here",
                consequence="nothing of the pool was stored",
                next_step="add it to a new workspace (springboard init DIR)",
            )
        taken[name] = one.listed.version
        found.append(_pooled(manifest, one, name))
    return found


def _is_free(name: str, version: str, taken: dict[str, str], imported: set[str]) -> bool:
    # The same name for the same rows is no clash: it is the same source.
    return name not in imported and taken.get(name, version) == version


def _pooled(manifest: Manifest, one: Checked, name: str) -> Pooled:
    listed, settings = one.listed, one.packed.card.settings
    return Pooled(
        pool=manifest.name,
        listed=listed.name,
        name=name,
        version=listed.version,
        task=listed.task,
        rows=listed.rows,
        reference=listed.about.reference,
        file=listed.key,
        encoder=manifest.encoder,
        encoder_label=manifest.encoder_label,
        esm=one.esm,
        sketch=one.sketch.key,
        cap=int(settings["cap"]),
        cap_seed=int(settings["cap_seed"]),
        licence=listed.about.licence,
    )


def _status(before: dict[tuple[str, str], Pooled], one: Pooled) -> Status:
    known = before.get((one.pool, one.listed))
    if known is None:
        return "new"
    return "unchanged" if replace(known, at="") == one else "updated"


def _record(one: Pooled) -> dict[str, Any]:
    record = asdict(one)
    record.pop("at")
    return record


def _no_leak_check(plan: Plan, manifest: Manifest) -> str:
    shape = ("shingle", "min_chars", "max_chars", "max_texts", "seed")
    theirs, ours = manifest.settings["overlap"], plan.workspace.settings.overlap.model_dump()
    differ = [name for name in shape if theirs.get(name) != ours[name]]
    if not differ:
        return ""
    return (
        f"params.yaml has another overlap.{differ[0]} ({ours[differ[0]]}) than the pool was made with "
        f"({theirs.get(differ[0])}), so its texts cannot be compared with a target's"
    )
