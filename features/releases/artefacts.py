"""A release's artefact files: which lie here, which DVC has, which nobody has; and putting them in place."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from features.artefacts.files import write_whole
from features.record.dvc import ask_dvc
from features.wording import counted, joined
from features.workspace.layout import ARTEFACT_FOLDERS
from models.errors import ArtefactError

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["Artefacts", "find_artefacts", "put_in_place", "refuse_missing"]

_NAMED = 5
"""How many missing files a message names."""


@dataclass(frozen=True)
class Artefacts:
    """The artefact files of a release, held against what lies in the workspace.

    Attributes
    ----------
    files
        How many files it has.
    put
        Path in the workspace -> DVC's cached file, of those that are not there or hold other bytes.
    missing
        What is neither here nor in DVC's cache or remote.
    trouble
        What the remote said when it was asked in vain.
    """

    files: int
    put: Mapping[str, Path]
    missing: tuple[str, ...]
    trouble: str = ""


def find_artefacts(workspace: Workspace, folders: Mapping[str, str], remote: str | None = None) -> Artefacts:
    """Look for a release's artefacts; what DVC's cache lacks is fetched from the remote.

    Nothing in the workspace's folders is changed.

    Parameters
    ----------
    workspace
        Where they belong.
    folders
        Folder -> hash of its list of files, as a dvc.lock has it.
    remote
        A DVC remote's name; the default one when not given.

    Raises
    ------
    RecordError
        DVC cannot be asked.
    """
    ours = {f"data/{kind}" for kind in ARTEFACT_FOLDERS}
    wanted = {path: oid for path, oid in folders.items() if str(PurePosixPath(path)) in ours}
    request = {"root": str(workspace.root.resolve()), "folders": wanted, "remote": remote}
    found = _asked(workspace, request)
    put = {path: Path(cached) for path, cached in found["put"].items()}
    return Artefacts(found["files"], put, tuple(found["missing"]), found["trouble"])


def _asked(workspace: Workspace, request: Mapping[str, Any]) -> dict[str, Any]:
    return ask_dvc(workspace.root, "features.releases.dvcside", request, consequence="nothing was changed")


def refuse_missing(found: Artefacts, whose: str, consequence: str) -> None:
    """Raise where not all artefacts can be had.

    Raises
    ------
    ArtefactError
        Some are missing; the message names them.
    """
    if not found.missing:
        return
    said = f"; the remote said: {found.trouble}" if found.trouble else ""
    raise ArtefactError(
        f"{counted(len(found.missing), 'artefact')} of {whose} can be had neither here nor from DVC's remote: "
        f"{joined(found.missing, _NAMED)}{said}",
        consequence=consequence,
        next_step="springboard pull --remote NAME from where they are, or choose another release "
        "(springboard releases)",
    )


def put_in_place(workspace: Workspace, found: Artefacts) -> int:
    """Put the files that are not there, or hold other bytes, where they belong; no file is ever removed.

    Each is written beside its place and renamed, so that a killed process leaves whole files.

    Returns
    -------
    int
        How many were put in place.
    """
    for path, cached in found.put.items():
        source = cached
        write_whole(workspace.root / path, lambda part, source=source: shutil.copyfile(source, part))  # type: ignore[misc]
    return len(found.put)
