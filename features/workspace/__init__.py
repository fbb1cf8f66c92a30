"""Finding, making and configuring a workspace, and the locks inside one."""

from __future__ import annotations

from features.workspace.create import init_workspace
from features.workspace.layout import WORKSPACE_FORMAT, Workspace, find_workspace
from features.workspace.settings import Settings, load_settings

__all__ = [
    "WORKSPACE_FORMAT",
    "Settings",
    "Workspace",
    "find_workspace",
    "init_workspace",
    "load_settings",
]
