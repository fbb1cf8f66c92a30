"""``springboard status``: for people and for a watchdog outside."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say

__all__ = ["status"]


def status(
    max_age: Annotated[
        str, typer.Option(metavar="AGE", help="How stale a target without a promise may be: 24h, 90m, 7d.")
    ] = "24h",
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """The workspace at a glance; exit code 1 when a target is staler than promised (or --max-age), or a flow hangs."""
    from features.ages import seconds_of
    from features.reports.records import status_record

    limit = seconds_of(max_age, "--max-age")
    record = status_record(plan_of(workspace), limit)
    if json:
        print_json(record)
    else:
        _show(record, max_age)
    if not record["ok"]:
        raise typer.Exit(1)


_SHOWN = 5


def _show_inbox(inbox: dict[str, Any]) -> None:
    """What waits in the inbox, and what was refused there before the gate could keep it in quarantine."""
    if inbox["problem"]:
        say(f"Inbox      {inbox['problem']}")
    listed = {"waits": inbox["waiting"], "refused": inbox["refused"], "not asked": inbox["offline"]}
    if any(listed.values()):
        counts = ", ".join(
            f"{len(found)} {'wait' if word == 'waits' and len(found) > 1 else word}"
            for word, found in listed.items()
            if found
        )
        say(f"Inbox      {inbox['taken']} taken, {counts} (springboard watch list)")
    for word, found in listed.items():
        for one in found[:_SHOWN]:
            say(f"           {word}: {one['place']} ({one['reason']})")
        if len(found) > _SHOWN:
            say(f"           {word}: {len(found) - _SHOWN} more")


def _show_told(record: dict[str, Any]) -> None:
    """What fails and hangs, and whom nobody could tell."""
    for flow, state in record["flows"].items():
        for item, failing in state["failing"].items():
            of = f" for {item}" if item else ""
            say(
                f"Failing    {flow}{of} since {failing['since'][:16].replace('T', ' ')} UTC ({failing['reason']})"
            )
    for one in record["hanging"]:
        since = one["since"][:16].replace("T", " ")
        say(f"Hangs      {one['flow']} since {since} UTC (run {one['run']}, {one['host']})")
    alerts = record["alerts"]
    if alerts["waiting"]:
        waits = "1 alert waits" if alerts["waiting"] == 1 else f"{alerts['waiting']} alerts wait"
        say(f"Alerts     {waits} to be sent (springboard alerts send)")
    for channel, problem in alerts["problems"].items():
        say(f"           {channel}: {problem}")
    if alerts["given_up"]:
        say(f"Alerts     given up in the last 7 days: {alerts['given_up']} (springboard alerts list)")


def _show(record: dict[str, Any], max_age: str) -> None:
    sources = record["sources"]
    say(f"Workspace  {record['workspace']}")
    say(f"Encoder    {record['encoder_label']} ({record['encoder'][:12]})")
    say(
        f"Sources    {sources['registered']} registered, {sources['ready']} ready, {len(sources['pending'])} pending"
    )
    for one in sources["pending"]:
        say(f"           pending: {one['name']}" + (f" ({one['reason']})" if one["reason"] else ""))
    stale = [target for target in record["targets"] if target["status"] == "stale"]
    say(f"Targets    {len(record['targets'])} registered, {len(stale)} stale")
    for one in stale:
        since = str(one["stale_since"])[:16].replace("T", " ")
        promise = f"; promised within {one['fresh_within']}" if one["fresh_within"] else ""
        say(f"           stale: {one['name']} since {since} UTC ({one['reason']}{promise})")
    for one in record["targets"]:
        if one["status"] == "not scored":
            say(f"           not scored: {one['name']} ({one['reason']}; springboard refresh --scorer NAME)")
    for one in record["targets"]:
        if one["pinned"]:
            say(f"           pinned: {one['name']} as in release {one['pinned'][:12]}")
        if one["status"] == "fresh" and one["reason"]:
            say(f"           {one['name']}: {one['reason']}")
    _show_inbox(record["inbox"])
    if record["quarantine"]:
        entries = "1 entry" if record["quarantine"] == 1 else f"{record['quarantine']} entries"
        say(f"Quarantine {entries} (springboard list quarantine)")
    _show_told(record)
    if record["late"]:
        broken = [one["name"] for one in stale if one["broken"]]
        other = [name for name in record["late"] if name not in broken]
        for what, names in (("Staler than promised", broken), (f"Staler than {max_age}", other)):
            if names:
                say(f"{what}: {', '.join(names)}. Next: springboard refresh")
