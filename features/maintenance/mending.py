"""Files of ``data/`` that are not as they were recorded, and putting back those that DVC's cache holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from features.maintenance.needed import needed
from features.quarantine.decisions import Decisions
from features.record.damage import note_put_back, was_made_anew
from features.record.recorded import Recorded, md5_of, recorded_files

if TYPE_CHECKING:
    from pathlib import Path

    from features.workspace.layout import Workspace

__all__ = ["Difference", "differences", "mend"]


@dataclass(frozen=True)
class Difference:
    """A recorded file that is missing, or holds other bytes.

    Attributes
    ----------
    path
        Where it belongs.
    recorded
        What is recorded of it.
    is_missing
        Whether it is not there at all.
    in_cache
        Whether DVC's cache holds the recorded bytes.
    """

    path: Path
    recorded: Recorded
    is_missing: bool
    in_cache: bool


def differences(workspace: Workspace, recorded: Mapping[str, Recorded] | None = None) -> list[Difference]:
    """Read every recorded file, and name those that are not as they were recorded.

    What was dropped from quarantine may be missing, and so may what nobody needs: a run that takes such files out may
    have been killed before it recorded that.

    Parameters
    ----------
    workspace
        Where they lie.
    recorded
        What :func:`features.record.recorded.recorded_files` says, where somebody has just asked.

    Raises
    ------
    RecordError
        DVC or git cannot be asked.
    ArtefactError
        A ledger is broken.
    """
    dropped = Decisions(workspace).dropped_files
    wanted = None
    found = []
    known = recorded_files(workspace)[0] if recorded is None else recorded
    for name, one in known.items():
        path = workspace.root / name
        md5 = md5_of(path)
        kind = path.parent.name
        if md5 == one.md5 or (kind == "quarantine" and path.stem in dropped):
            continue
        if md5 is None:
            wanted = wanted or needed(workspace, workspace.settings.maintain.keep_releases)
            if not wanted.wants(kind, path.stem):
                continue
        elif was_made_anew(path, one):
            continue  # The next record takes it.
        found.append(Difference(path, one, md5 is None, one.in_cache()))
    return found


def mend(workspace: Workspace, found: Sequence[Difference]) -> dict[str, int]:
    """Put back what DVC's cache holds, before a record would take the damage for the new state.

    A file is named by what it was made from, so that the recorded bytes are always right ones.

    Returns
    -------
    dict
        Folder -> how many files.
    """
    done: Counter[str] = Counter()
    with workspace.lock("record"):
        for one in found:
            if one.in_cache:
                one.recorded.put_back(one.path)
                done[one.path.parent.name] += 1
    note_put_back(workspace, done)
    return dict(done)
