"""Artefacts to and from DVC's remotes; git, with ledgers and dvc.lock, stays the user's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from features.reading.wording import listed, shown
from features.record.dvc import dvc
from features.record.recorded import folders_of
from features.record.recorder import unrecorded
from features.releases.artefacts import find_artefacts, put_in_place, refuse_missing
from models.errors import ArtefactError, RecordError

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["Pulled", "Pushed", "pull_artefacts", "push_artefacts"]


@dataclass(frozen=True)
class Pushed:
    """How many files went to the remote, and whether there is work that no release holds yet (it did not go)."""

    files: int
    unrecorded: bool


@dataclass(frozen=True)
class Pulled:
    """How many files the recorded state has, and how many of them had to be put in place."""

    files: int
    put: int


def push_artefacts(workspace: Workspace, remote: str | None = None, *, every_release: bool = False) -> Pushed:
    """Send the artefacts of the newest release, or of all of them, to a DVC remote.

    Parameters
    ----------
    workspace
        Whose artefacts.
    remote
        A remote of .dvc/config; the default one when not given.
    every_release
        Also what only earlier releases hold, so that these can be restored from there.

    Raises
    ------
    RecordError
        There is no such remote, or DVC said no: it cannot be reached.
    """
    if remote is not None:
        _refuse_unknown(workspace, remote, "nothing was sent")
    words = ["push", *(["--remote", remote] if remote else []), *(["--all-commits"] if every_release else [])]
    with workspace.lock("record"):
        said = dvc(workspace.root, *words, consequence="not everything was sent; what is here stays as it is")
    found = re.search(r"(\d+) files? pushed", said)
    return Pushed(int(found[1]) if found else 0, unrecorded(workspace))


def pull_artefacts(workspace: Workspace, remote: str | None = None) -> Pulled:
    """Bring the artefacts of the dvc.lock that lies here from a DVC remote.

    Files that are there already stay, also those that dvc.lock does not know of: nothing is removed.

    Raises
    ------
    RecordError
        There is no such remote or no dvc.lock, or DVC cannot be asked.
    ArtefactError
        The remote lacks some files; those that it has were put in place.
    """
    if remote is not None:
        _refuse_unknown(workspace, remote, "nothing was pulled")
    with workspace.lock("record"):
        workspace.make_folders()
        found = find_artefacts(workspace, _folders(workspace), remote)
        put = put_in_place(workspace, found)
    had = f"the {put:,} that could be had were put in place" if put else "nothing was put in place"
    refuse_missing(found, "dvc.lock", had)
    return Pulled(found.files, put)


def _refuse_unknown(workspace: Workspace, remote: str, consequence: str) -> None:
    # Where nothing is missing no remote is asked at all, and a misspelt one would pass for a good one.
    said = dvc(workspace.root, "config", "--list", consequence=consequence)
    known = re.findall(r"^remote\.(.+?)\.url=", said, re.MULTILINE)
    # DVC takes the names in small letters.
    if remote.lower() not in [name.lower() for name in known]:
        raise RecordError(
            f"no remote is called {shown(remote)}"
            + (f"; there are: {listed(known)}" if known else ", and there is no other"),
            consequence=consequence,
            next_step=f"cd '{workspace.root}' && dvc remote add NAME URL, or --remote with one that is there",
        )


def _folders(workspace: Workspace) -> dict[str, str]:
    path = workspace.root / "dvc.lock"
    try:
        return folders_of(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordError(
            f"'{path}' is not there: nothing was recorded here yet",
            consequence="nothing was pulled",
            next_step="git pull, where a colleague has recorded; else springboard ingest",
        ) from None
    except (OSError, ValueError):
        raise ArtefactError(
            f"'{path}' cannot be read",
            consequence="nothing was pulled",
            next_step=f"git checkout -- '{path}' brings back the recorded one",
        ) from None
