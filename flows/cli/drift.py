"""``springboard drift``."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say
from flows.cli.completing import target_names

__all__ = ["drift"]


def drift(
    name: Annotated[
        str, typer.Argument(metavar="TARGET", help="A registered target.", autocompletion=target_names)
    ],
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """What became of a target's rows since it was ranked with others, and whether its ranking may move."""
    from features.drift import drift_of, sentences_of
    from features.registry import Kind

    plan = plan_of(workspace)
    found = drift_of(plan, plan.registry.get(Kind.TARGET, name))
    if found is None:
        if json:
            print_json(None)
        else:
            say(f"'{name}' has had the same rows ever since it was added: there is nothing to compare.")
        raise typer.Exit(1)
    if json:
        print_json({**found, "sentences": sentences_of(found)})
        return
    say(f"{name}: version {found['version'][:12]}, before {found['before'][:12]}")
    for sentence in sentences_of(found):
        say(f"  {sentence}")
