"""Where everything in a workspace lies, and how one is found from a folder inside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import BusyError, WorkspaceError

if TYPE_CHECKING:
    from features.workspace.settings import Settings

__all__ = ["ARTEFACT_FOLDERS", "WORKSPACE_FORMAT", "Workspace", "find_workspace"]

WORKSPACE_FORMAT = 1
"""Version of the folder layout; params.yaml of a workspace carries it."""

ARTEFACT_FOLDERS = (
    "datasets",
    "sketches",
    "pools",
    "quarantine",
    "embeddings",
    "moments",
    "esms",
    "sentences",
    "traces",
    "overlaps",
    "scores",
    "rankings",
)
"""The folders under ``data/``: one file per key in each, versioned by DVC."""


@dataclass(frozen=True)
class Workspace:
    """A folder that holds one team's sources, targets and rankings.

    Attributes
    ----------
    root
        The folder with params.yaml, dvc.yaml and prefect.yaml.
    """

    root: Path

    @cached_property
    def settings(self) -> Settings:
        """params.yaml, validated; read once per object.

        Raises
        ------
        SettingsError
            A value in params.yaml cannot be used.
        """
        from features.workspace.settings import load_settings

        return load_settings(self.params_file)

    @property
    def params_file(self) -> Path:
        """The settings of the workspace."""
        return self.root / "params.yaml"

    @property
    def data(self) -> Path:
        """The artefact folders, versioned by DVC."""
        return self.root / "data"

    def folder(self, kind: str) -> Path:
        """The folder under ``data/`` for one kind of artefact."""
        if kind not in ARTEFACT_FOLDERS:
            raise KeyError(kind)
        return self.data / kind

    def make_folders(self) -> None:
        """Make the artefact folders that are not there: DVC wants every output of a stage to exist."""
        for kind in ARTEFACT_FOLDERS:
            self.folder(kind).mkdir(parents=True, exist_ok=True)
        self.ledgers.mkdir(exist_ok=True)

    @property
    def ledgers(self) -> Path:
        """Append-only files under git."""
        return self.root / "ledgers"

    @property
    def private(self) -> Path:
        """What belongs to this machine alone: locks, scratch files, caches. Losing it loses nothing."""
        return self.root / ".springboard"

    @property
    def restoring(self) -> Path:
        """What a ``springboard restore`` has decided and not yet written down everywhere; there only in between."""
        return self.private / "restoring.json"

    @property
    def scratch(self) -> Path:
        """Intermediate results of an unfinished ingest; they make a re-run quicker, nothing more."""
        return self.private / "scratch"

    @property
    def encoder_cache(self) -> Path:
        """Remembers hashes of weight files by path, size and time, so that reading commands are quick."""
        return self.private / "encoder_ids.json"

    @property
    def reports(self) -> Path:
        """The pages people look at: the report site and Great Expectations' Data Docs."""
        return self.root / "reports"

    @property
    def data_docs(self) -> Path:
        """Great Expectations' pages."""
        return self.reports / "data_docs"

    @property
    def store_uri(self) -> str:
        """Where LanceDB lives: a folder below the root, or any URI LanceDB opens."""
        uri = self.settings.store.uri
        return uri if "://" in uri else str(self.root / uri)

    @contextmanager
    def lock(self, name: str, timeout: float | None = None) -> Iterator[None]:
        """Hold one of the workspace's locks; other processes wait.

        Parameters
        ----------
        name
            Which lock ("record", "publish", "registry", ...).
        timeout
            Seconds to wait; the settings' ``run.lock_timeout_seconds`` when not given.

        Raises
        ------
        BusyError
            Another process held it for longer than that.
        """
        from filelock import FileLock, Timeout

        wait = self.settings.run.lock_timeout_seconds if timeout is None else timeout
        folder = self.private / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(folder / f"{name}.lock", timeout=wait):
                yield
        except Timeout:
            raise BusyError(
                f"another run has held the lock '{name}' of {self.root} for more than {wait:g} s",
                consequence="nothing was changed by this run",
                next_step="wait for the other run to end and type the same command again",
            ) from None


def _is_workspace(folder: Path) -> bool:
    params = folder / "params.yaml"
    return params.is_file() and (folder / "dvc.yaml").is_file() and b"workspace_format" in params.read_bytes()


def _whole(workspace: Workspace) -> Workspace:
    # A restore that was killed half-way is finished by whatever comes next, before that looks at anything.
    if workspace.restoring.exists():
        from features.releases.journal import finish_restore

        finish_restore(workspace)
    return workspace


def find_workspace(start: Path | None = None) -> Workspace:
    """The workspace of a folder or of its parents.

    Parameters
    ----------
    start
        Where to look first; ``$SPRINGBOARD_WORKSPACE`` or the current folder when not given. A folder that
        is named outright must itself be a workspace: its parents are not tried.

    Raises
    ------
    WorkspaceError
        None was found.
    """
    named = start or (
        Path(os.environ["SPRINGBOARD_WORKSPACE"]) if os.environ.get("SPRINGBOARD_WORKSPACE") else None
    )
    if named is not None:
        if _is_workspace(named):
            return _whole(Workspace(named.resolve()))
        raise WorkspaceError(
            f"'{named}' is not a workspace (it has no params.yaml with a workspace_format beside a dvc.yaml)",
            consequence="nothing was read or written",
            next_step=f"springboard init '{named}'",
        )
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if _is_workspace(folder):
            return _whole(Workspace(folder))
    raise WorkspaceError(
        f"'{here}' is not in a workspace",
        consequence="nothing was read or written",
        next_step="springboard init DIR, then run this inside DIR or with --workspace DIR",
    )
