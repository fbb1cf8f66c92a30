"""Files that were recorded and hold other bytes now: put back, before a record takes the damage for the new state."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from features.artefacts.files import read_arrays, read_arrays_card, read_table, read_table_card
from features.record.recorded import Recorded, folders_of, recorded_files
from models.errors import ArtefactError

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["note_put_back", "put_back_damaged", "was_made_anew"]


def was_made_anew(path: Path, recorded: Recorded) -> bool:
    """Whether a file is no damaged one, but a whole one that was made at another time than the recorded one.

    A file is named by what it was made from, so that the recorded bytes are right ones for ever. But they may be of a
    damaged file themselves, whose mending, by deleting it and making it anew, must not be undone; and a restore may
    have put the file of an earlier release here.
    """
    now = _made_at(path, path.stem)
    return now is not None and now != _made_at(recorded.cached, path.stem, path)


def put_back_damaged(workspace: Workspace, before: str) -> dict[str, int]:
    """Put back the files that DVC has just taken with other bytes than a release has; what was removed stays away.

    Parameters
    ----------
    workspace
        The workspace, recorded by DVC and not yet by git.
    before
        The release's dvc.lock.

    Returns
    -------
    dict
        Folder -> how many files.

    Raises
    ------
    RecordError
        DVC cannot be asked.
    """
    done: Counter[str] = Counter()
    for name, one in _changed(workspace, before).items():
        path = workspace.root / name
        if path.exists() and not was_made_anew(path, one) and one.in_cache():
            one.put_back(path)
            done[path.parent.name] += 1
    note_put_back(workspace, done)
    return dict(done)


def note_put_back(workspace: Workspace, kinds: Mapping[str, int]) -> None:
    """Tell the audit log how many files of which folders were put back; nothing where none was."""
    from features.audit import note

    if kinds:
        note(
            workspace,
            "artefacts put back from DVC's cache",
            {"files": sum(kinds.values())},
            kinds=dict(kinds),
        )


def _changed(workspace: Workspace, before: str) -> dict[str, Recorded]:
    """Path -> what was recorded, of the files that both states have with other bytes."""
    try:
        then = folders_of(before)
        now = folders_of((workspace.root / "dvc.lock").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # Nothing was recorded, or somebody edited it by hand: DVC's word counts from here on.
    other = [folder for folder in then if folder in now and then[folder] != now[folder]]
    names: set[str] = set()
    for folder in other:
        old, new = (_listing(workspace, which[folder]) for which in (then, now))
        if old is None or new is None:
            break
        names |= {f"{folder}/{name}" for name in old.keys() & new.keys() if old[name] != new[name]}
    else:
        # Asking DVC costs a second or two, and hardly ever is there anything to ask.
        if not names:
            return {}
    recorded, taken = recorded_files(workspace, before)[0], recorded_files(workspace)[0]
    return {name: one for name, one in recorded.items() if name in taken and taken[name].md5 != one.md5}


def _listing(workspace: Workspace, oid: str) -> dict[str, str] | None:
    """File -> hash, of a list that lies where DVC's cache usually is; None where it does not."""
    path = workspace.root / ".dvc" / "cache" / "files" / "md5" / oid[:2] / oid[2:]
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {str(one["relpath"]): str(one["md5"]) for one in entries}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _made_at(path: Path, key: str, place: Path | None = None) -> str | None:
    """When a file was made by its own words; None of one that is broken, or is not what its name says.

    A pool's file is named by its content, so that two that are whole are the same.
    """
    kind, suffix = (place or path).parent.name, (place or path).suffix
    try:
        if kind == "rankings":
            return _made_ranking(path, key)
        if kind == "pools":
            return "" if hashlib.sha256(path.read_bytes()).hexdigest()[: len(key)] == key else None
        card = read_table_card(path) if suffix == ".parquet" else read_arrays_card(path)
        if suffix == ".parquet":
            read_table(path)
        else:
            read_arrays(path)
    except (ArtefactError, OSError):
        return None
    return card.made_at if card.key == key else None


def _made_ranking(path: Path, key: str) -> str | None:
    from features.rankings.ranking import ranking_id

    try:
        ranking = json.loads(path.read_bytes())
        return str(ranking["created_at"]) if ranking_id(ranking) == key else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
