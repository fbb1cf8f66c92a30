"""What is kept of each flow: when it last ran and succeeded, and what is failing in it since when."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["WHOLE", "Failing", "FlowState", "read_states", "write_states"]

WHOLE = ""
"""What fails when the whole flow does, and no one source or target."""

_VARIES = re.compile(r"[0-9a-fA-F]{8,}|\d+")


@dataclass(frozen=True)
class Failing:
    """Something that fails: why, since when, and the run in which it began."""

    reason: str
    since: str
    run: str

    def is_same(self, reason: str) -> bool:
        """Whether a reason is this one again, whatever numbers stand in it (sizes, temporary names)."""
        return _VARIES.sub("#", self.reason) == _VARIES.sub("#", reason)


@dataclass(frozen=True)
class FlowState:
    """One flow's last words.

    ``ended_at`` and ``succeeded_at`` are None where it never did; ``failing`` is source or target -> failure,
    :data:`WHOLE` for the flow itself.
    """

    flow: str
    started_at: str | None = None
    ended_at: str | None = None
    succeeded_at: str | None = None
    seconds: float | None = None
    failing: Mapping[str, Failing] = field(default_factory=dict)

    def after(
        self, at: str, seconds: float, run: str, failed: Mapping[str, str], fine: Iterable[str] | None
    ) -> FlowState:
        """The state after a run: what failed in the same way as before keeps its beginning.

        Parameters
        ----------
        at, seconds, run
            When it ended, how long it took, and its id.
        failed
            What failed -> why.
        fine
            What the run found or made fine; None: all that did not fail. What it did not look at fails on.
        """
        well = None if fine is None else {WHOLE, *fine}
        kept = {} if well is None else {n: one for n, one in self.failing.items() if _base(n) not in well}
        for name, reason in failed.items():
            before = self.failing.get(name)
            again = before is not None and before.is_same(reason)
            kept[name] = before if again and before else Failing(reason, at, run)
        return replace(
            self,
            ended_at=at,
            seconds=round(seconds, 3),
            failing=kept,
            succeeded_at=at if WHOLE not in failed else self.succeeded_at,
        )


def _base(item: str) -> str:
    """The source or target of an item that names a scorer too: ``"reviews (logme)"``."""
    return item.partition(" (")[0]


def read_states(workspace: Workspace) -> dict[str, FlowState]:
    """Flow -> its state; what cannot be read is as if it never ran."""
    try:
        kept: dict[str, Any] = json.loads(_path(workspace).read_text(encoding="utf-8"))
        return {name: _state(name, one) for name, one in kept.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _path(workspace: Workspace) -> Any:
    return workspace.private / "flows.json"


def _state(name: str, record: dict[str, Any]) -> FlowState:
    failing = {item: Failing(**one) for item, one in record.pop("failing").items()}
    return FlowState(**{**record, "flow": name, "failing": failing})


def write_states(workspace: Workspace, states: Mapping[str, FlowState]) -> None:
    """Keep them, whole or not at all."""
    path = _path(workspace)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    part.write_text(json.dumps({name: asdict(one) for name, one in states.items()}), encoding="utf-8")
    part.replace(path)
