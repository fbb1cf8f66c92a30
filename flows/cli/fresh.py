"""``springboard target fresh``."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say
from flows.cli.completing import target_names

__all__ = ["target_fresh"]


def target_fresh(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A registered target.", autocompletion=target_names)
    ],
    age: Annotated[
        str | None,
        typer.Argument(
            metavar="[AGE|none]", help="24h, 90m, 7d; none takes the promise back; else it is shown."
        ),
    ] = None,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """How soon a target's ranking is promised to be refreshed: say it, take it back, or see it."""
    from features.registry import Kind
    from features.registry.promises import promise_freshness, promises_of

    plan = plan_of(workspace)
    plan.registry.get(Kind.TARGET, name)
    changed = age is not None and promise_freshness(plan.workspace, plan.registry, name, age)
    promise = promises_of(plan.registry).get(name)
    if json:
        seconds = promise.seconds if promise else None
        text = promise.text if promise else None
        print_json(
            {"target": name, "fresh_within": text, "fresh_within_seconds": seconds, "changed": changed}
        )
        return
    said = (
        "from now on"
        if changed
        else "as before"
        if age is not None
        else f"since {promise.at[:16]}"
        if promise
        else ""
    )
    what = f"is promised to be fresh within {promise.text}" if promise else "has no freshness promise"
    say(f"target '{name}' {what}{f' ({said})' if said else ''}")
