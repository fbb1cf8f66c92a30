"""The files that dvc.lock stands for, with the hash of each and its place in DVC's cache."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.record.dvc import dvc_environment
from features.releases.artefacts import folders_of
from features.workspace.layout import ARTEFACT_FOLDERS
from models.errors import RecordError

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["Recorded", "md5_of", "recorded_files"]


@dataclass(frozen=True)
class Recorded:
    """One file that is recorded: the MD5 of its content, and where DVC's cache has it, if it does."""

    md5: str
    cached: Path

    def in_cache(self) -> bool:
        """Whether the cache really holds this content; all of it is read."""
        return md5_of(self.cached) == self.md5


def md5_of(path: Path) -> str | None:
    """The MD5 of a file's bytes, which is what DVC knows it by; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except OSError:
        return None


def recorded_files(workspace: Workspace) -> tuple[dict[str, Recorded], list[str]]:
    """Path in the workspace -> what is recorded of it, and the folders whose list of files DVC's cache lacks.

    Raises
    ------
    RecordError
        dvc.lock cannot be read, or DVC cannot be asked.
    """
    path = workspace.root / "dvc.lock"
    if not path.exists():
        return {}, []
    try:
        folders = folders_of(path.read_text(encoding="utf-8"))
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
    here = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-m", "features.maintenance.dvcside"],
        cwd=workspace.root,
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
        env=dvc_environment(workspace.root) | {"PYTHONPATH": here},
    )
    if done.returncode != 0:
        raise RecordError(
            f"DVC cannot be asked in '{workspace.root}': {' '.join(done.stderr.strip().splitlines()[-3:])}",
            consequence="what it recorded could not be looked at",
            next_step="mend what DVC says and type the same command again",
        )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
