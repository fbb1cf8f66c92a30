"""What every flow does around its work: note that it begins and how it ends, and tell whom it concerns."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec
from uuid import NAMESPACE_URL, uuid5

from flows.running import resource_of, workspace_at

import prefect  # noqa: F401 - it sets up logging, to which flows.logs comes after  # isort: skip
from features.alerts.alert import payload_of  # isort: skip
from features.alerts.channels import EVENTS, named_channels, senders_of
from features.alerts.delivering import Delivered, DeliveryError, deliver
from features.alerts.finding import raise_alerts, raise_of_runs
from features.alerts.secrets import secret_names
from features.artefacts.failures import why
from features.artefacts.plan import Plan
from features.metrics import write_metrics
from features.runs import WHOLE, Begun, Outcome, begin, finish
from features.workspace import Workspace
from flows.logs import install, keep_secret
from flows.tracing import start_tracing

if TYPE_CHECKING:
    from features.alerts.delivering import Sender

__all__ = ["EVENT_PREFIX", "checking", "emit_alert", "tell", "watched"]

EVENT_PREFIX = "springboard.alert."
"""Prefect's events of alerts: ``springboard.alert.flow-failed`` and so on."""

FIRST_CHECK_SECONDS, CHECK_SECONDS = 10.0, 300.0
"""When ``springboard serve`` looks for alerts itself: runs do at their end, and may not come."""

P = ParamSpec("P")

install()
start_tracing()


def watched(*fine: str) -> Callable[[Callable[P, dict[str, Any]]], Callable[P, dict[str, Any]]]:
    """Decorate a flow's function: its beginning and end are noted, alerts raised and delivered after it.

    Nothing of this can make the flow fail or wait for long.

    Parameters
    ----------
    fine
        Keys of the flow's result with the names of what is well after it; ``failed`` there is what is not -> why.
    """

    def decorate(function: Callable[P, dict[str, Any]]) -> Callable[P, dict[str, Any]]:
        @wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
            said = inspect.signature(function).bind(*args, **kwargs).arguments
            place = workspace_at(said.get("workspace"))
            begun = _begin(place, function.__name__)
            outcome: Outcome | None = None
            try:
                result = function(*args, **kwargs)
                outcome = _outcome(result, fine, everything=not (said.get("names") or said.get("scorer")))
            except Exception as problem:
                outcome = Outcome({WHOLE: why(problem)}, ())
                raise
            except asyncio.CancelledError:
                # Prefect's way to end a run that is past its time-out; the flow never sees the error it becomes.
                outcome = Outcome({WHOLE: "it took longer than its time-out"}, ())
                raise
            finally:
                _end(place, begun, outcome)
            return result

        return run

    return decorate


def _outcome(result: Mapping[str, Any], fine: tuple[str, ...], *, everything: bool) -> Outcome:
    failed: Mapping[str, str] = result.get("failed") or {}
    return Outcome(failed, None if everything else [name for key in fine for name in result[key]])


def _begin(place: Workspace, flow: str) -> Begun | None:
    from prefect.runtime import flow_run

    begun = None
    try:
        keep_secret(secret_names(place.settings.alerts))
        begun = begin(place, flow, flow_run.id, _seconds(place, flow))
        raise_of_runs(place)
    except Exception as problem:  # Whoever cannot tell must not keep others from working.
        _warn("the run could not be noted", problem)
    return begun


def _seconds(place: Workspace, flow: str) -> float:
    """After how long a run of the flow hangs."""
    from prefect.context import FlowRunContext

    context, settings = FlowRunContext.get(), place.settings
    own = context.flow.timeout_seconds if context is not None and context.flow is not None else None
    minutes = getattr(settings.run.timeout_minutes, flow, None)
    return own or (minutes * 60.0 if minutes else settings.alerts.hang_hours * 3600.0)


def _end(place: Workspace, begun: Begun | None, outcome: Outcome | None) -> None:
    try:
        if begun is not None:
            finish(begun, outcome)
        if outcome is not None:  # Whoever stopped it does not want to wait for anything more.
            tell(place)
    except Exception as problem:  # As above.
        _warn("alerts could not be raised or sent", problem)


def tell(place: Workspace) -> Delivered:
    """Raise what is new, deliver what is due, to Prefect too, and write the numbers down."""
    from prefect.logging import get_logger

    workspace = Workspace(place.root)
    for alert in raise_alerts(Plan(workspace)):
        get_logger("springboard").warning("alert %s: %s (%s)", alert["kind"], alert["what"], alert["why"])
    senders: dict[str, Sender] = {**senders_of(workspace), EVENTS: lambda alert: emit_alert(workspace, alert)}
    done = deliver(workspace, senders, named_channels(workspace.settings.alerts))
    write_metrics(Plan(workspace))
    return done


@contextmanager
def checking(place: Workspace) -> Iterator[None]:
    """Look for alerts now and then while something else goes on: a promise breaks and a run hangs without any run."""
    over = threading.Event()

    def check() -> None:
        wait = FIRST_CHECK_SECONDS
        while not over.wait(wait):
            wait = CHECK_SECONDS
            try:
                tell(place)
            except Exception as problem:  # The next look may fare better.
                _warn("alerts could not be raised or sent", problem)

    threading.Thread(target=check, name="springboard-alerts", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def emit_alert(workspace: Workspace, alert: Mapping[str, Any]) -> None:
    """Emit an alert as a Prefect event, under the same event id however often.

    Raises
    ------
    DeliveryError
        Prefect takes no events here.
    """
    from prefect.events import emit_event

    about = alert["about"]
    related = [
        {"prefect.resource.id": f"springboard.{role}.{about[role]}", "prefect.resource.role": role}
        for role in ("flow", "source", "target")
        if about.get(role)
    ]
    emitted = emit_event(
        event=EVENT_PREFIX + str(alert["kind"]).replace("_", "-"),
        resource=resource_of(workspace),
        related=related,
        payload=payload_of(alert, str(workspace.root)),
        id=uuid5(NAMESPACE_URL, f"springboard:{alert['id']}"),
    )
    if emitted is None:
        raise DeliveryError("Prefect takes no events here")


def _warn(what: str, problem: Exception) -> None:
    from prefect.logging import get_logger

    get_logger("springboard").warning("%s: %s", what, why(problem))
