"""Which ranking was the newest of a target, now or at an earlier time; what is stored, never computed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from features.audit import note
from features.calibration.advice import completed
from features.rankings.ranking import order_id, read_ranking
from features.registry.ledger import Ledger, parse_time
from models.errors import ArtefactError, SettingsError
from models.scorers import get_scorer

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["RankingLedger", "moment_of", "order_of", "ranking_as_of", "rankings_of", "shown_ranking"]


@dataclass(frozen=True)
class RankingLedger:
    """ledgers/rankings.jsonl: from when on which ranking was a target's newest."""

    workspace: Workspace

    @property
    def _ledger(self) -> Ledger:
        return Ledger(self.workspace.ledgers / "rankings.jsonl")

    def append(self, ranking: dict[str, Any], state: str) -> None:
        """Note that a ranking is the newest of its target from now on."""
        names = ("target", "target_version", "scorer", "encoder", "ranking_id")
        order = {"order_id": order_id(ranking)} if ranking.get("calibration") else {}
        on = {name: ranking[name] for name in names}
        record = self._ledger.append({**on, **order, "state": state})
        note(self.workspace, "target ranked", on, ledger=self._ledger, record=record)

    def lines(
        self, target: str | None = None, scorer: str | None = None, encoder: str | None = None
    ) -> list[dict[str, Any]]:
        """The ledger's lines, oldest first, of one target, scorer and encoder where named."""
        wanted = {"target": target, "scorer": scorer, "encoder": encoder}
        return [
            line
            for line in self._ledger.read()
            if all(value is None or line[name] == value for name, value in wanted.items())
        ]

    def newest(self, target: str, scorer: str, encoder: str) -> dict[str, Any] | None:
        """The newest line of a target, or None."""
        lines = self.lines(target, scorer, encoder)
        return lines[-1] if lines else None

    def has_file(self, line: dict[str, Any]) -> bool:
        """Whether the ranking of a line is on disk."""
        return (self.workspace.folder("rankings") / f"{line['ranking_id']}.json").exists()


def moment_of(workspace: Workspace, when: str) -> datetime:
    """A time from what was typed: ISO 8601, or a release (a git commit of the workspace).

    Raises
    ------
    SettingsError
        It is neither.
    """
    try:
        return parse_time(when)
    except ValueError:
        pass
    from features.record.git import git

    if not when.startswith("-"):
        stamp = git(
            workspace.root, "log", "-1", "--format=%cI", f"{when}^{{commit}}", "--", check=False
        ).strip()
        if stamp:
            return parse_time(stamp)
    raise SettingsError(
        f"{when[:80]!r} is neither a time (2026-11-22 or 2026-11-22T09:30+01:00) nor a release",
        consequence="nothing was shown",
        next_step="git log --oneline in the workspace lists its releases",
    )


def rankings_of(workspace: Workspace, target: str, scorer: str, encoder: str) -> list[dict[str, Any]]:
    """The ledger lines of a target's rankings, oldest first."""
    return RankingLedger(workspace).lines(target, scorer, encoder)


def ranking_as_of(
    workspace: Workspace, target: str, scorer: str, encoder: str, as_of: datetime | None = None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The ledger lines of the ranking in force at a time and of the one before it with other scores or ranks."""
    lines = rankings_of(workspace, target, scorer, encoder)
    if as_of is not None:
        lines = [line for line in lines if parse_time(line["at"]) <= as_of]
    if not lines:
        return None, None
    newest = lines[-1]
    before = [line for line in lines if order_of(line) != order_of(newest)]
    return newest, before[-1] if before else None


def order_of(line: Mapping[str, Any]) -> str:
    """What a ledger line's ranking has in common with one of the same scores and ranks, and other expected gains."""
    return str(line.get("order_id", line["ranking_id"]))


def shown_ranking(
    workspace: Workspace, target: str, scorer: str, encoder: str, as_of: datetime | None = None
) -> dict[str, Any] | None:
    """The object that ``springboard rank --json`` prints, or None when the target was never ranked.

    ``previous_rank`` is the source's rank in the different ranking before this one, by source name, and None
    where there was none. docs/operations.md gives the keys.

    Raises
    ------
    ArtefactError
        The ranking's file is missing or was changed.
    """
    newest, before = ranking_as_of(workspace, target, scorer, encoder, as_of)
    if newest is None:
        return None
    folder = workspace.folder("rankings")
    ranking = read_ranking(folder, newest["ranking_id"])
    old: dict[str, int] = {}
    if before is not None:
        # Where the one before is lost, the present one is shown all the same.
        with suppress(ArtefactError):
            old = {
                row["source"]: row["rank"] for row in read_ranking(folder, before["ranking_id"])["ranking"]
            }
    rows = [{**row, "previous_rank": old.get(row["source"])} for row in ranking["ranking"]]
    previous = before["ranking_id"] if before is not None else None
    shown = {**ranking, "created_at": newest["at"], "ranking": rows, "previous_ranking_id": previous}
    return completed(shown, get_scorer(workspace.settings.ranking.scorer).name)
