"""``springboard init``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.common import AsJson, print_json, say

__all__ = ["init"]


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An absent or empty folder.")],
    json: AsJson = False,
) -> None:
    """Make a new workspace: git, DVC and settings, ready to run."""
    from features.workspace import init_workspace

    workspace = init_workspace(folder)
    if json:
        print_json({"workspace": str(workspace.root)})
        return
    say(f"Workspace {workspace.root}")
    say(f"Next: cd '{workspace.root}' && springboard source add REF")
