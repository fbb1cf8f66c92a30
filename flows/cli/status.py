"""``springboard status``: for people and for a watchdog outside."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say

__all__ = ["seconds_of", "status"]

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds_of(age: str) -> float:
    """Seconds of an age such as ``24h``, ``90m``, ``7d`` or ``30s``.

    Raises
    ------
    SettingsError
        It is not one.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", age.strip())
    if not found:
        from models.errors import SettingsError

        raise SettingsError(
            f"{age[:40]!r} is not an age",
            consequence="nothing was checked",
            next_step="--max-age 24h, 90m, 7d or 30s",
        )
    return float(found[1]) * _UNITS[found[2]]


def status(
    max_age: Annotated[
        str, typer.Option(metavar="AGE", help="How stale a target may be: 24h, 90m, 7d.")
    ] = "24h",
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """The workspace at a glance; exit code 1 when a target is staler than --max-age."""
    from features.reports.records import status_record

    limit = seconds_of(max_age)
    record = status_record(plan_of(workspace), limit)
    if json:
        print_json(record)
    else:
        _show(record, max_age)
    if not record["ok"]:
        raise typer.Exit(1)


def _show(record: dict[str, Any], max_age: str) -> None:
    sources = record["sources"]
    say(f"Workspace {record['workspace']}")
    say(f"Encoder   {record['encoder_label']} ({record['encoder'][:12]})")
    say(
        f"Sources   {sources['registered']} registered, {sources['ready']} ready, {len(sources['pending'])} pending"
    )
    for one in sources["pending"]:
        say(f"          pending: {one['name']}" + (f" ({one['reason']})" if one["reason"] else ""))
    stale = [target for target in record["targets"] if target["status"] == "stale"]
    say(f"Targets   {len(record['targets'])} registered, {len(stale)} stale")
    for one in stale:
        since = str(one["stale_since"])[:16].replace("T", " ")
        say(f"          stale: {one['name']} since {since} UTC ({one['reason']})")
    for one in record["targets"]:
        if one["status"] == "not scored":
            say(f"          not scored: {one['name']} ({one['reason']}; springboard refresh --scorer NAME)")
    for one in record["targets"]:
        if one["pinned"]:
            say(f"          pinned: {one['name']} as in release {one['pinned'][:12]}")
        if one["status"] == "fresh" and one["reason"]:
            say(f"          {one['name']}: {one['reason']}")
    if record["quarantine"]:
        say(f"Quarantine {record['quarantine']} entries (springboard list quarantine)")
    if record["late"]:
        say(f"Staler than {max_age}: {', '.join(record['late'])}. Next: springboard refresh")
