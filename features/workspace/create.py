"""Making a workspace: the files of the template, git, DVC and a first commit."""

from __future__ import annotations

import shutil
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

from features.record.git import commit_paths, ensure_repository
from features.workspace.layout import Workspace
from models.errors import WorkspaceError

__all__ = ["TEMPLATE_FILES", "init_workspace"]

TEMPLATE_FILES = {
    # name in the template -> place in a workspace. Names with a leading dot are kept without it in the
    # package, where tools skip hidden files.
    "params.yaml": "params.yaml",
    "dvc.yaml": "dvc.yaml",
    "prefect.yaml": "prefect.yaml",
    "dvcignore.txt": ".dvcignore",
    "dvc-config.txt": ".dvc/config",
    "dvc-gitignore.txt": ".dvc/.gitignore",
    "data-gitignore.txt": "data/.gitignore",
    "ledgers-readme.txt": "ledgers/README",
}
"""What ``init`` copies; the repository root, itself a workspace, holds the same bytes (a test compares)."""

_GITIGNORE = "/.springboard/\n/inbox/\n/store/\n/store.*/\n/tuned_models/\n/reports/\n/dvc-remote/\n"

_INBOX = ("inbox/sources", "inbox/targets")


def init_workspace(folder: Path) -> Workspace:
    """Make a new workspace: git and DVC repositories and settings, ready to run.

    Parameters
    ----------
    folder
        A folder that is absent or empty; it is completed as a whole or not made at all.

    Raises
    ------
    WorkspaceError
        The folder holds something already.
    """
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkspaceError(
            f"'{folder}' is not empty" if folder.is_dir() else f"'{folder}' is a file",
            consequence="nothing was written",
            next_step="springboard init with a new or empty folder",
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Built beside its place and moved in whole: an interrupted init leaves no half workspace behind.
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        building.chmod(0o755)
        _copy_template(building)
        (building / ".gitignore").write_text(_GITIGNORE, encoding="utf-8")
        for inbox in _INBOX:
            (building / inbox).mkdir(parents=True)
        ensure_repository(building)
        commit_paths(building, ["."], "A new Springboard workspace")
        if folder.exists():
            folder.rmdir()
        building.rename(folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return Workspace(folder.resolve())


def _copy_template(folder: Path) -> None:
    with as_file(files("features.workspace") / "template") as template:
        for name, place in TEMPLATE_FILES.items():
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(template / name, path)
