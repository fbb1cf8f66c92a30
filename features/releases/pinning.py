"""Pinning a target: its shown ranking stays as it was in a release, while refreshes go on computing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.artefacts.plan import Plan
from features.audit import note, who
from features.rankings.pins import PINNED, UNPINNED, Pin, pin_ledger, pins_in_force
from features.rankings.ranking import read_ranking
from features.record.recorder import mark_unrecorded
from features.registry.entries import Kind
from features.releases.artefacts import find_artefacts, put_in_place, refuse_missing
from features.releases.commits import find_release
from features.releases.publishing import show_and_record
from features.releases.snapshot import Snapshot
from models.errors import ArtefactError, SettingsError

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["pin", "unpin"]

_MOST = 500
"""Characters of a reason."""


def pin(workspace: Workspace, target: str, name: str, reason: str | None = None) -> tuple[Pin, str | None]:
    """Let a target show its rankings as they were in a release, until it is unpinned.

    Parameters
    ----------
    workspace
        The workspace.
    target
        A registered target.
    name
        The release, as :func:`features.releases.commits.find_release` takes it.
    reason
        Kept with the pin, and shown.

    Returns
    -------
    Pin, str or None
        The pin in force, and the release that records it; None where it was in force already.

    Raises
    ------
    NamingError
        No such target.
    SettingsError
        No release is meant by the name, or the target had no ranking in it.
    ArtefactError
        A ranking's file can be had nowhere; nothing was pinned.
    RecordError
        DVC or git said no; the pin stands, and the next run records it.
    """
    _check(reason)
    with workspace.lock("restore"):
        entry = Plan(workspace).registry.get(Kind.TARGET, target)
        then = Snapshot(workspace, find_release(workspace, name))
        lines = [line for (of, _), line in sorted(then.in_force.items()) if of == entry.name]
        if not lines:
            raise SettingsError(
                f"target '{entry.name}' had no ranking in release {then.release.short}",
                consequence="nothing was pinned",
                next_step="springboard releases lists them; springboard rank "
                f"{entry.name} --as-of RELEASE shows what each said",
            )
        _bring_back(workspace, then, lines)
        before = pins_in_force(workspace).get(entry.name)
        if before is not None and (before.release, before.reason) == (then.release.id, reason):
            return before, None
        _append(workspace, PINNED, entry.name, {"release": then.release.id, "rankings": lines}, reason)
        release = show_and_record(workspace, f"Pin {entry.name} to {then.release.short}")
        return pins_in_force(workspace)[entry.name], release


def unpin(workspace: Workspace, target: str, reason: str | None = None) -> tuple[Pin, str | None]:
    """Let a target show its newest rankings again.

    Returns
    -------
    Pin, str or None
        The pin that was in force, and the release that records its end.

    Raises
    ------
    NamingError
        No such target.
    SettingsError
        It is not pinned.
    RecordError
        DVC or git said no; the target is unpinned, and the next run records it.
    """
    _check(reason)
    with workspace.lock("restore"):
        name = Plan(workspace).registry.get(Kind.TARGET, target).name
        before = pins_in_force(workspace).get(name)
        if before is None:
            raise SettingsError(
                f"target '{name}' is not pinned",
                consequence="nothing was changed",
                next_step="springboard status says which targets are",
            )
        _append(workspace, UNPINNED, name, {}, reason)
        return before, show_and_record(workspace, f"Unpin {name}")


def _append(workspace: Workspace, event: str, target: str, facts: dict[str, Any], reason: str | None) -> None:
    mark_unrecorded(workspace)
    ledger = pin_ledger(workspace)
    record = ledger.append(
        {"event": event, "target": target, **facts, "reason": reason, "by": who(workspace)}
    )
    on = {"target": target, **({"release": facts["release"]} if "release" in facts else {})}
    note(workspace, f"target {event}", on, ledger=ledger, record=record)


def _bring_back(workspace: Workspace, then: Snapshot, lines: list[dict[str, Any]]) -> None:
    """See to it that the rankings' files are here; DVC is asked only where one is not."""
    folder = workspace.folder("rankings")
    try:
        for line in lines:
            read_ranking(folder, line["ranking_id"])
        return
    except ArtefactError:
        pass
    of_rankings = {path: oid for path, oid in then.folders.items() if path == "data/rankings"}
    found = find_artefacts(workspace, of_rankings)
    refuse_missing(found, f"release {then.release.short}", "nothing was pinned")
    put_in_place(workspace, found)
    for line in lines:
        read_ranking(folder, line["ranking_id"])


def _check(reason: str | None) -> None:
    if reason is not None and len(reason) > _MOST:
        raise SettingsError(
            f"--reason has {len(reason):,} characters, and {_MOST} is the most",
            consequence="nothing was changed",
            next_step="say it in fewer",
        )
