"""Options that several verbs share."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["AsJson", "WorkspaceOption", "plan_of", "print_json", "say", "version_option"]

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        metavar="DIR",
        help="The workspace; else the current folder's or $SPRINGBOARD_WORKSPACE.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def plan_of(workspace: Path | None) -> Plan:
    """The plan of the workspace a command is about.

    Raises
    ------
    WorkspaceError
        There is none.
    """
    from features.artefacts.plan import Plan
    from features.workspace import find_workspace

    return Plan(find_workspace(workspace))


def print_json(value: Any) -> None:
    """One JSON value on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def say(text: str = "") -> None:
    """One line on stdout; names in it are data and never markup."""
    from flows.cli.render.console import stdout_console, write_line

    write_line(stdout_console(), text)


def _print_version(wanted: bool) -> None:
    if wanted:
        from features.artefacts.code import code_version

        say(f"springboard {code_version()}")
        raise typer.Exit


version_option = typer.Option(
    False, "--version", help="Print the version.", callback=_print_version, is_eager=True
)
