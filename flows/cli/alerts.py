"""``springboard alerts list``, ``send`` and ``test``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say

if TYPE_CHECKING:
    from features.alerts.delivering import Sender
    from features.workspace import Workspace

__all__ = ["alerts_list", "alerts_send", "alerts_test"]

_SHOWN = 20


def alerts_list(
    last: Annotated[int, typer.Option(min=1, help="Only the newest so many.")] = _SHOWN,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """What was told, newest first, and how far each alert got on its channels."""
    from features.alerts.outbox import Outbox

    told = Outbox(plan_of(workspace).workspace).standings()[::-1]
    if json:
        print_json([{**one.alert, "channels": dict(one.channels)} for one in told])
        return
    if not told:
        say("Nothing to tell so far.")
    for one in told[:last]:
        where = ", ".join(f"{channel}: {state}" for channel, state in one.channels.items()) or "no channel"
        say(f"{str(one.alert['at'])[:16].replace('T', ' ')}  {one.alert['kind']}  {one.alert['what']}")
        say(f"    why: {one.alert['why']}")
        say(f"    next: {one.alert['next']}  ({where})")
    if len(told) > last:
        say(f"{len(told) - last:,} earlier ones (--last N shows more, --json all).")


def alerts_send(json: AsJson = False, workspace: WorkspaceOption = None) -> None:
    """Look for what there is to tell, and send all that waits; exit code 1 where something could not be sent."""
    from dataclasses import asdict

    from features.alerts.channels import EVENTS, named_channels
    from features.alerts.delivering import deliver
    from features.alerts.finding import raise_alerts
    from features.alerts.outbox import Outbox

    plan = plan_of(workspace)
    raised = raise_alerts(plan)
    senders = _senders(plan.workspace, Outbox(plan.workspace).waits_for(EVENTS))
    done = deliver(plan.workspace, senders, named_channels(plan.workspace.settings.alerts), asked=True)
    if json:
        print_json({"raised": raised, **asdict(done)})
    else:
        for alert in raised:
            say(f"New: {alert['what']} ({alert['why']})")
        say(
            f"Sent: {done.sent}, waiting: {done.waiting}"
            + (f", given up: {done.given_up}" if done.given_up else "")
        )
        for channel, problem in done.problems.items():
            say(f"Not sent by {channel}: {problem}")
        if done.waiting and EVENTS not in senders:
            say(
                "What waits for Prefect's events goes out with the next flow, or while springboard serve runs."
            )
    if done.problems:
        raise typer.Exit(1)


def alerts_test(json: AsJson = False, workspace: WorkspaceOption = None) -> None:
    """Send one "test" alert to every channel of params.yaml now; exit code 1 where one fails or none is reached."""
    from features.alerts.channels import EVENTS, named_channels
    from features.alerts.delivering import try_now
    from models.errors import SettingsError

    place = plan_of(workspace).workspace
    named = named_channels(place.settings.alerts)
    if not named:
        raise SettingsError(
            "params.yaml names no channel for alerts",
            consequence="nothing was sent",
            next_step="give alerts a webhook or an email section, or set events to true",
        )
    senders = _senders(place, EVENTS in named)
    found: dict[str, Any] = {
        name: try_now(place, senders[name])
        if name in senders
        else "no Prefect server runs for this workspace"
        for name in sorted(named)
    }
    if json:
        print_json(found)
    else:
        for name, problem in found.items():
            say(f"{name}: {problem or 'sent'}")
        if EVENTS in found and EVENTS not in senders:
            say("Next: springboard serve, or set PREFECT_API_URL, and test again")
    # Events wait for the next flow where no server runs; a test that reached nobody is no success all the same.
    if any(problem and name in senders for name, problem in found.items()) or all(found.values()):
        raise typer.Exit(1)


def _senders(place: Workspace, events: bool) -> dict[str, Sender]:
    """The channels that can be reached from here: Prefect only where a server outlives this command."""
    from features.alerts.channels import EVENTS, senders_of
    from flows.environment import has_server, quiet_prefect
    from flows.serve import join_local_server

    senders = senders_of(place)
    if events and (has_server() or join_local_server(place)):
        quiet_prefect(for_a_person=True)
        from flows.watching import emit_alert

        senders[EVENTS] = lambda alert: emit_alert(place, alert)
    return senders
