"""Looking into a workspace's inbox and taking what is due, as the beginning of an ingest does."""

from __future__ import annotations

import os
from pathlib import Path

from support.workspaces import change_params

from features.inbox.listing import inbox_records
from features.inbox.looking import look
from features.inbox.taking import Taken, take
from features.workspace import Workspace

__all__ = ["age", "at_once", "come_in", "states"]


def at_once(workspace: Workspace) -> Workspace:
    """Settings that take what is there at once; the gate only counts rows, for the whole one costs most of an add."""
    gate = workspace.settings.gate.model_dump(mode="json", exclude_none=True)
    for role in ("source", "target"):
        for name, rule in gate[role].items():
            if name != "row_count":
                rule["severity"] = "off"
    return change_params(workspace, inbox={"settle_seconds": 0.0, "ask_hub_seconds": 0.0}, gate=gate)


def age(path: Path, seconds: float = 3600.0) -> Path:
    """Date a file or folder back; its change time stays the present, as the system keeps it."""
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))
    return path


def come_in(workspace: Workspace) -> dict[str, Taken]:
    """Take in what is due: name of the entry or reference -> what became of it."""
    due = [one for one in look(workspace) if one.state == "due"]
    return {one.item.place.rpartition("/")[2]: take(workspace, one) for one in due}


def states(workspace: Workspace) -> dict[str, tuple[str, str]]:
    """Name of the entry or reference -> its state and its dataset's name, as ``watch list`` shows them."""
    return {
        record["place"].rpartition("/")[2]: (record["state"], record["name"])
        for record in inbox_records(workspace)
    }
