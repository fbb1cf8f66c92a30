"""Which sources led a target over time: a line for each ranking with other scores or ranks, and a drawing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.reports.cells import moment_text
from features.wording import counted, plain

__all__ = ["Bar", "History", "Step", "history_of"]

_STEPS = 24
"""The newest so many rankings of a target are shown."""

_BARS = 12
"""As many sources are drawn, those that led longest."""


@dataclass(frozen=True)
class Step:
    """A ranking's first tier: since when, which sources, and who came into it and went since the step before.

    ``leading`` is None where the ranking's file is not here.
    """

    at: str
    ranking_id: str
    leading: tuple[str, ...] | None
    came: tuple[str, ...]
    went: tuple[str, ...]


@dataclass(frozen=True)
class Bar:
    """A source's row of the drawing: the stretches in which it led, as (start, width) in per cent."""

    source: str
    spans: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class History:
    """The steps of one target, oldest first."""

    steps: tuple[Step, ...]
    earlier: int

    @property
    def bars(self) -> tuple[Bar, ...]:
        """The drawing's rows: by when a source first led, then by name; every ranking has the same width."""
        known = [step.leading or () for step in self.steps]
        led = {name: sum(name in names for names in known) for names in known for name in names}
        longest = sorted(led, key=lambda name: (-led[name], name))[:_BARS]
        return tuple(
            Bar(name, _spans([name in names for names in known]))
            for name in sorted(
                longest, key=lambda name: ([name in names for names in known].index(True), name)
            )
        )

    @property
    def sentence(self) -> str:
        """How often the leading tier changed."""
        changed = sum(bool(step.came or step.went) for step in self.steps[1:])
        earlier = f" of the newest {len(self.steps):,}" if self.earlier else ""
        if len(self.steps) == 1:
            return "One ranking so far."
        return (
            f"The leading tier changed in {changed:,} of {counted(len(self.steps) - 1, 'step')} "
            f"between {counted(len(self.steps), 'ranking')}{earlier}."
        )


def _spans(led: Sequence[bool]) -> tuple[tuple[str, str], ...]:
    width, spans, start = 100 / len(led), [], 0
    for index, leads in enumerate([*led, False]):
        if not leads:
            if index > start:
                spans.append((f"{start * width:.2f}%", f"{(index - start) * width:.2f}%"))
            start = index + 1
    return tuple(spans)


def history_of(
    lines: Sequence[Mapping[str, Any]], leading: Callable[[str], Sequence[str] | None]
) -> History | None:
    """Make the history of a target.

    Parameters
    ----------
    lines
        ``at``, ``ranking_id`` and ``order_id`` (the id without expected gains) of its rankings, oldest first.
    leading
        Ranking id -> the sources of its first tier; None where its file is not here.

    Returns
    -------
    History or None
        None where it was never ranked. Rankings in which nothing but expected gains changed are one step.
    """
    orders: list[Mapping[str, Any]] = []
    for line in lines:
        if not orders or orders[-1]["order_id"] != line["order_id"]:
            orders.append(line)
    shown = orders[-_STEPS:]
    if not shown:
        return None
    steps: list[Step] = []
    before: tuple[str, ...] | None = None
    for line in shown:
        found = leading(line["ranking_id"])
        names = None if found is None else tuple(plain(name) for name in found)
        both = before is not None and names is not None
        steps.append(
            Step(
                at=moment_text(line["at"]),
                ranking_id=plain(line["ranking_id"]),
                leading=names,
                came=tuple(n for n in names or () if both and n not in (before or ())),
                went=tuple(n for n in before or () if both and n not in (names or ())),
            )
        )
        before = names if names is not None else before
    return History(tuple(steps), len(orders) - len(shown))
