"""Taking in what is due: read, gate and register it, or refuse it once with its reason."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from features.artefacts.failures import why
from features.artefacts.plan import Plan
from features.exchange.imports import Imports
from features.inbox.contents import shape_of
from features.inbox.looking import Seen, rules_of
from features.inbox.options import options_of
from features.inbox.outcomes import Outcome, Outcomes
from features.intake import add_dataset
from features.registry.entries import Kind
from features.registry.names import MOST_CHARACTERS, slug_of
from models.errors import BusyError, GateError, OfflineError, ReadError, SpringboardError
from models.tasks import OnProgress, silent

if TYPE_CHECKING:
    from features.inbox.items import Item
    from features.reading import ReadDataset
    from features.workspace.layout import Workspace

__all__ = ["Taken", "take"]

_HASH_DIGITS = 8


@dataclass(frozen=True)
class Taken:
    """What became of an item: its outcome, or why it still waits."""

    place: str
    outcome: Outcome | None
    waits: str = ""


class _ChangedMeanwhileError(ReadError):
    """What was read is not what was looked at."""


def take(workspace: Workspace, seen: Seen, *, on_progress: OnProgress = silent) -> Taken:
    """Take in one due item.

    Two processes at once take it once. What is refused is noted with its reason and not tried again until its content,
    the gate's settings or the code change; what may be otherwise in a moment (the hub, a lock, a network drive) waits
    for the next look.
    """
    item = seen.item
    with workspace.lock("intake"):
        last = Outcomes(workspace).newest.get(item.id)
        if last is not None and last != seen.last and last.content == seen.content:
            return Taken(item.place, last)  # Another process has just done it.
        try:
            outcome = _outcome(workspace, seen, on_progress)
        except (OfflineError, BusyError, _ChangedMeanwhileError) as problem:
            return Taken(item.place, None, problem.what)
        except (OSError, MemoryError) as problem:
            return Taken(item.place, None, why(problem))
        Outcomes(workspace).note(item, outcome)
    return Taken(item.place, outcome)


def _outcome(workspace: Workspace, seen: Seen, on_progress: OnProgress) -> Outcome:
    item, content = seen.item, seen.content
    blank = Outcome(
        "refused", *item.id, content or "", rules=rules_of(workspace), watched=item.watch is not None
    )
    if seen.why and seen.state == "due":
        return replace(blank, reason=seen.why, name=_wanted_name(item), next_step=_NEXT)
    name = _wanted_name(item)
    try:
        options = options_of(item)
        name = options.name or _free_name(workspace, item)
        reading = replace(options.read, revision=content) if item.path is None else options.read
        added = add_dataset(
            workspace,
            item.kind,
            str(item.path or item.place),
            replace(options, name=name, read=reading),
            accept=partial(_accept, seen),
            on_progress=on_progress,
        )
    except (OfflineError, BusyError, _ChangedMeanwhileError, OSError, MemoryError):
        raise
    except SpringboardError as problem:
        by_gate = isinstance(problem, GateError)
        return replace(
            blank, name=name, reason=problem.what, next_step=problem.next_step or _NEXT, by_gate=by_gate
        )
    except Exception as problem:
        # A file that trips a reader must not stop those after it, nor be read again every quarter of an hour.
        return replace(blank, name=name, reason=why(problem), next_step=_NEXT)
    return replace(
        blank,
        event="taken",
        name=added.entry.name,
        version=added.entry.version,
        status=added.status,
        rules=None,
    )


_NEXT = "put a dataset that can be read in its place; the next ingest takes it"


def _accept(seen: Seen, dataset: ReadDataset) -> None:
    """Refuse to register rows of other bytes than those that were looked at: somebody wrote while they were read."""
    item = seen.item
    if item.path is None:
        return
    read = {str(file["path"]): file["sha256"] for file in dataset.origin["files"]}  # type: ignore[union-attr,index,call-overload]
    resolved = {str(Path(path).resolve()): digest for path, digest in read.items()}
    known = seen.files
    other = any(known.get(path) != digest for path, digest in resolved.items()) if known else False
    if other or shape_of(item.path, item.inbox).sizes != seen.sizes:
        raise _ChangedMeanwhileError("it changed while it was being read; the next ingest takes it")


def _wanted_name(item: Item) -> str:
    # An entry of the inbox is named after itself alone: the folder's name would be everybody's.
    return slug_of(item.path.name if item.inbox and item.path else item.place)


def _free_name(workspace: Workspace, item: Item) -> str:
    """The name that an item's dataset has, or a slug that stands for nothing else."""
    plan = Plan(workspace)
    current = plan.registry.current(item.kind)
    kept = {one.id: one.name for one in Outcomes(workspace).newest.values() if not one.is_refusal}
    if kept.get(item.id) in current:
        return kept[item.id]
    # Another branch or subset of the same dataset is another dataset.
    others = {name for (kind, *_), name in kept.items() if kind == item.kind.value}
    ours = [one.name for one in current.values() if one.reference == item.place and one.name not in others]
    if ours:
        return ours[-1]
    taken = set(current)
    if item.kind is Kind.SOURCE:
        taken |= set(Imports(workspace).current())
        taken |= {pooled.name for pooled in plan.registry.pooled().values()}
    name = _wanted_name(item)
    if name not in taken:
        return name
    digest = hashlib.sha256("\n".join(item.id).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{name[: MOST_CHARACTERS - _HASH_DIGITS - 1].rstrip('-_')}-{digest[:_HASH_DIGITS]}"
