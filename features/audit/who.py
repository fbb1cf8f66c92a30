"""Whoever changes a workspace, as far as this machine knows."""

from __future__ import annotations

import getpass
import platform
from functools import cache
from typing import TYPE_CHECKING

from features.record.git import git
from models.errors import RecordError

if TYPE_CHECKING:
    from pathlib import Path

    from features.workspace.layout import Workspace

__all__ = ["identity", "who"]


def who(workspace: Workspace) -> str | None:
    """Name whoever types: as git knows them, else as the machine does."""
    known = identity(workspace.root)
    return known["name"] or known["account"]


@cache
def identity(root: Path) -> dict[str, str | None]:
    """Return git's ``user.name`` as ``name``, the operating system's ``account`` and the machine as ``host``.

    What cannot be told is None. Asked once per process and workspace.
    """
    try:
        name = git(root, "config", "--get", "user.name", check=False).strip() or None
    except RecordError:
        name = None
    try:
        account: str | None = getpass.getuser()
    except (OSError, KeyError):
        account = None
    return {"name": name, "account": account, "host": platform.node() or None}
