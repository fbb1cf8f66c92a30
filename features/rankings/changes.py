"""What moved between two rankings of one target, and why, as far as the two files can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.releases.causes import Pair
from features.wording import counted, joined, plain
from features.workspace import Workspace

__all__ = ["Changes", "Move", "changes_between"]


@dataclass(frozen=True)
class Move:
    """One source whose place is another: ``before`` and ``after`` are ranks, None where it had or has none."""

    source: str
    before: int | None
    after: int | None
    cause: str

    @property
    def distance(self) -> float:
        """How far it moved; what came or went moved farthest of all."""
        if self.before is None or self.after is None:
            return float("inf")
        return abs(self.after - self.before)


@dataclass(frozen=True)
class Changes:
    """What a ranking has that the one before had not.

    Attributes
    ----------
    came, left
        Sources that are ranked now and were not before, and the other way round.
    moves
        Every source whose rank is another, the farthest first.
    still
        How many sources have the rank that they had.
    leading_before, leading_now
        The sources of the first tier, by rank.
    causes
        What changed, in sentences: the data, the settings, the code.
    """

    came: tuple[str, ...]
    left: tuple[str, ...]
    moves: tuple[Move, ...]
    still: int
    leading_before: tuple[str, ...]
    leading_now: tuple[str, ...]
    causes: tuple[str, ...]

    @property
    def leading_changed(self) -> bool:
        """Whether the first tier holds other sources; a new order inside of it is no news."""
        return set(self.leading_before) != set(self.leading_now)

    @property
    def leading_sentence(self) -> str:
        """What became of the first tier."""
        if not self.leading_changed:
            return "The leading tier holds the same sources as before."
        before = joined(self.leading_before) or "nothing"
        return f"The leading tier was {before}; it is {joined(self.leading_now) or 'empty'} now."

    @property
    def short(self) -> str:
        """The same in a few words, for a cell of a table."""
        moved = counted(len(self.moves), "rank") + " moved"
        if self.leading_changed:
            return f"leading tier changed, {moved}"
        return f"same leading tier, {moved}" if self.moves else "no rank moved"


def changes_between(
    old: Mapping[str, Any], new: Mapping[str, Any], workspace: Workspace | None = None
) -> Changes:
    """Compare two rankings of one target by one scorer.

    Parameters
    ----------
    old, new
        What ranking files hold, or ``springboard rank --json`` prints.
    workspace
        Where the scores behind them lie, which tell another map from other code; not looked at when not given.
    """
    before = {row["source"]: row for row in old["ranking"]}
    after = {row["source"]: row for row in new["ranking"]}
    pair = _pair(old, new, workspace)
    moves = [
        Move(
            plain(name),
            before[name]["rank"] if name in before else None,
            after[name]["rank"] if name in after else None,
            plain(pair.cause(name)[1]),
        )
        for name in [*after, *(name for name in before if name not in after)]
        if name not in before or name not in after or before[name]["rank"] != after[name]["rank"]
    ]
    return Changes(
        came=tuple(plain(name) for name in after if name not in before),
        left=tuple(plain(name) for name in before if name not in after),
        moves=tuple(sorted(moves, key=lambda move: (-move.distance, move.after or 0, move.source))),
        still=len(after) - sum(move.after is not None for move in moves),
        leading_before=_leading(old),
        leading_now=_leading(new),
        causes=tuple(_causes(old, new, before, after)),
    )


def _leading(ranking: Mapping[str, Any]) -> tuple[str, ...]:
    rows: Sequence[Mapping[str, Any]] = ranking["ranking"]
    return tuple(plain(row["source"]) for row in rows if row["tier"] == rows[0]["tier"])


def _pair(old: Mapping[str, Any], new: Mapping[str, Any], workspace: Workspace | None) -> Pair:
    # Which settings of the workspace differ is what releases know; here only the two files speak.
    if workspace is None:
        return _FilesAlone(Workspace(Path()), old, new, frozenset())
    return Pair(workspace, old, new, frozenset())


class _FilesAlone(Pair):
    def _maps_behind(self, ranking: Mapping[str, Any]) -> dict[tuple[str, float], str]:
        return {}


def _causes(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    before: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, Mapping[str, Any]],
) -> list[str]:
    """What the two rankings were made from, held against each other; a sentence for each difference."""
    came = [plain(name) for name in after if name not in before]
    left = [plain(name) for name in before if name not in after]
    both = [name for name in after if name in before]
    rows = [plain(name) for name in both if before[name]["source_version"] != after[name]["source_version"]]
    said = [
        (came, f"{counted(len(came), 'source')} came: {joined(came)}."),
        (left, f"{counted(len(left), 'source')} went: {joined(left)}."),
        (rows, f"{counted(len(rows), 'source has', 'sources have')} other rows: {joined(rows)}."),
        (old["target_version"] != new["target_version"], "The target's own rows changed."),
        (old.get("settings") != new.get("settings"), _settings_sentence(old, new)),
        (
            old.get("code") != new.get("code"),
            f"It was made by Springboard {plain(new.get('code'))}, and before by {plain(old.get('code'))}.",
        ),
    ]
    return [sentence for holds, sentence in said if holds]


def _settings_sentence(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    was, now = old.get("settings") or {}, new.get("settings") or {}
    other = [name for name in sorted({*was, *now}) if was.get(name) != now.get(name)]
    said = [f"{plain(name)} was {plain(was.get(name))} and is {plain(now.get(name))}" for name in other]
    return f"The settings changed: {joined(said)}."
