"""Flows that failed, as a whole or for one source or target, and flows that hang."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from features.alerts.alert import Alert
from features.runs import WHOLE, Failing, last_of_flows, running
from features.wording import duration_in_words

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["failures", "hanging"]

_MENDED = "springboard status says what else is wrong; when it is mended: springboard {}"


def failures(workspace: Workspace) -> Iterator[Alert]:
    """One alert for each thing that fails, when it begins to; the same failure of the next run is the same alert."""
    for flow, state in last_of_flows(workspace).items():
        for item, failing in state.failing.items():
            yield _failed(flow, item, failing)


def _failed(flow: str, item: str, failing: Failing) -> Alert:
    # Who began to fail in which run: when it is well for once and fails again, that is another alert.
    occurrence = (flow, item, failing.run)
    about = {"flow": flow, "run": failing.run, "since": failing.since}
    if item == WHOLE:
        next_step = _MENDED.format(flow)
        return Alert("flow_failed", occurrence, f"the flow '{flow}' failed", failing.reason, next_step, about)
    kind = "target" if flow == "refresh" else "source"
    what = f"the flow '{flow}' failed for {kind} '{item}'"
    next_step = f"mend the reason, then springboard {flow} {item.split(' ')[0]}"
    return Alert("flow_failed", occurrence, what, failing.reason, next_step, {**about, kind: item})


def hanging(workspace: Workspace) -> Iterator[Alert]:
    """One alert for each run that goes on for longer than its time-out."""
    for run in running(workspace):
        if run.hangs:
            yield Alert(
                "flow_hangs",
                (run.flow, run.run),
                f"the flow '{run.flow}' hangs",
                f"it has been running for {duration_in_words(run.seconds)} on {run.host or 'some machine'}; "
                f"its time-out is {duration_in_words(run.timeout_seconds)}",
                f"stop the run {run.run} (Prefect's pages, or its process), then springboard {run.flow}",
                {"flow": run.flow, "run": run.run, "host": run.host, "since": run.started_at},
            )
