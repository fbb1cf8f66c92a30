"""The files that dvc.lock stands for, with the hash of each and its place in DVC's cache."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from features.artefacts.files import write_whole
from features.record.dvc import ask_dvc
from features.workspace.layout import ARTEFACT_FOLDERS
from models.errors import RecordError

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["Recorded", "folders_of", "md5_of", "recorded_files"]


@dataclass(frozen=True)
class Recorded:
    """One file that is recorded: the MD5 of its content, and where DVC's cache has it, if it does."""

    md5: str
    cached: Path

    def in_cache(self) -> bool:
        """Whether the cache really holds this content; all of it is read."""
        return md5_of(self.cached) == self.md5

    def put_back(self, path: Path) -> None:
        """Write the recorded bytes, which the cache has to hold, where they belong."""
        write_whole(path, lambda part: shutil.copyfile(self.cached, part))


def md5_of(path: Path) -> str | None:
    """The MD5 of a file's bytes, which is what DVC knows it by; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except OSError:
        return None


def folders_of(lock: str) -> dict[str, str]:
    """Folder of artefacts (``data/esms``) -> the hash of its list of files, as the text of a dvc.lock has it.

    Raises
    ------
    ValueError
        It is no dvc.lock.
    """
    try:
        stages = (yaml.safe_load(lock) or {})["stages"].values()
        return {str(out["path"]): str(out["md5"]) for stage in stages for out in stage.get("outs", ())}
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as problem:
        raise ValueError(str(problem)) from problem


def recorded_files(workspace: Workspace, lock: str | None = None) -> tuple[dict[str, Recorded], list[str]]:
    """Path in the workspace -> what is recorded of it, and the folders whose list of files DVC's cache lacks.

    Parameters
    ----------
    workspace
        Where they lie.
    lock
        The text of a dvc.lock; by default of the one that is here.

    Raises
    ------
    RecordError
        dvc.lock cannot be read, or DVC cannot be asked.
    """
    path = workspace.root / "dvc.lock"
    if lock is None and not path.exists():
        return {}, []
    try:
        folders = folders_of(path.read_text(encoding="utf-8") if lock is None else lock)
    except (OSError, ValueError):
        raise RecordError(
            f"'{path}' cannot be read",
            consequence="what it records could not be looked at",
            next_step=f"git checkout -- '{path}' brings back the recorded one",
        ) from None
    ours = {f"data/{kind}" for kind in ARTEFACT_FOLDERS}
    wanted = {folder: oid for folder, oid in folders.items() if folder in ours}
    found = _asked(workspace, {"root": str(workspace.root.resolve()), "folders": wanted})
    files = {name: Recorded(md5, Path(cached)) for name, (md5, cached) in found["files"].items()}
    return files, list(found["lists"])


def _asked(workspace: Workspace, request: Mapping[str, Any]) -> dict[str, Any]:
    consequence = "what it recorded could not be looked at"
    return ask_dvc(workspace.root, "features.record.dvcside", request, consequence=consequence)
