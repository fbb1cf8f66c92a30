"""The beginning of an ingest: what appeared or changed in the inbox and on the watch list comes in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flows.running import audited, workspace_at, worth_a_retry

from features.artefacts.failures import why  # isort: skip
from prefect import task

from features.inbox.looking import look_when_settled
from features.inbox.taking import take
from features.wording import plain
from flows.progress import step_progress
from models.errors import SpringboardError

if TYPE_CHECKING:
    from features.inbox.looking import Seen
    from features.workspace import Workspace

__all__ = ["Intake", "take_in"]


@dataclass
class Intake:
    """What came in.

    ``taken`` has ``kind``, ``name``, ``status`` and ``place`` of each dataset that was taken, ``refused`` and
    ``waiting`` place -> reason.
    """

    taken: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)


@task(task_run_name="take in {place}", retry_condition_fn=worth_a_retry)
def take_one(workspace: str, place: str, seen: Seen) -> dict[str, Any]:
    """Read, gate and register one dataset that came in by itself."""
    with step_progress(f"reading {place}") as on_progress, audited():
        taken = take(workspace_at(workspace), seen, on_progress=on_progress)
    outcome = taken.outcome
    if outcome is None:
        return {"place": taken.place, "waits": taken.waits}
    return {
        "place": taken.place,
        "refused": outcome.reason if outcome.is_refusal else "",
        "taken": {"kind": outcome.kind, "name": outcome.name, "status": outcome.status, "place": taken.place},
    }


def take_in(place: Workspace) -> Intake:
    """Look once, and take in what is due, one after the other.

    Nothing here raises: an inbox that cannot be looked into must not keep what is registered from being ingested.
    """
    found = Intake()
    try:
        seen = look_when_settled(place)
    except SpringboardError as problem:
        found.waiting["inbox"] = problem.what
        return found
    for one in seen:
        if one.state in ("settling", "offline"):
            found.waiting[one.item.place] = one.why
        elif one.state == "due":
            _take(place, one, found)
    return found


def _take(place: Workspace, one: Seen, found: Intake) -> None:
    at = one.item.place
    try:
        done = take_one(str(place.root), plain(at)[:200], one)
    except Exception as problem:
        found.waiting[at] = why(problem)
        return
    if "waits" in done:
        found.waiting[at] = done["waits"]
    elif done["refused"]:
        found.refused[at] = done["refused"]
    else:
        found.taken.append({**done["taken"], "place": at})
