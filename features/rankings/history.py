"""Which ranking was the newest of a target, now or at an earlier time; what is stored, never computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from features.audit import note
from features.calibration.advice import completed
from features.rankings.pins import Pin, pins_in_force
from features.rankings.ranking import order_id, read_ranking
from features.registry.ledger import Ledger, parse_time
from models.errors import ArtefactError
from models.scorers import get_scorer

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = [
    "RankingLedger",
    "Standing",
    "moment_of",
    "order_of",
    "ranking_as_of",
    "rankings_of",
    "returns",
    "shown_ranking",
    "standing_of",
]


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

    def append_restored(self, line: Mapping[str, Any]) -> None:
        """Note that an earlier ranking is the newest of its target again; ``line`` is of :mod:`features.releases`."""
        record = self._ledger.append(line)
        names = ("target", "target_version", "scorer", "encoder", "ranking_id", "restored_from")
        on = {name: line[name] for name in names}
        note(self.workspace, "ranking restored", on, ledger=self._ledger, record=record)

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


def moment_of(workspace: Workspace, when: str, *, onwards: bool = False) -> datetime:
    """A time from what was typed: ISO 8601, or a release, whose last word on any ranking or pin is meant.

    A date alone is its last moment, as what was there on that day is meant; with ``onwards`` it is its first, as what
    came from then on is.

    Raises
    ------
    SettingsError
        It is neither.
    """
    try:
        return parse_time(when, ends=not onwards)
    except ValueError:
        pass
    from features.releases.commits import find_release
    from features.releases.snapshot import Snapshot

    release = find_release(workspace, when, any_commit=True)
    said = [line["at"] for name in ("rankings", "pins") for line in Snapshot(workspace, release).ledger(name)]
    # Not when it was committed: git keeps seconds, and other runs may have gone on in the meantime.
    return parse_time(max(said, default=release.at))


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


@dataclass(frozen=True)
class Standing:
    """Which of a target's rankings is shown.

    Attributes
    ----------
    line
        The ledger line of the ranking that is shown.
    before
        The line of the one before it with other scores or ranks, or None.
    newest
        The line of the newest ranking: another one than ``line`` only under a pin.
    pin
        The pin that holds ``line``, or None.
    """

    line: Mapping[str, Any]
    before: Mapping[str, Any] | None
    newest: Mapping[str, Any] | None
    pin: Pin | None = None


def standing_of(
    workspace: Workspace, target: str, scorer: str, encoder: str, as_of: datetime | None = None
) -> Standing | None:
    """Which ranking of a target is shown, now or at an earlier time; None where there is none."""
    newest, before = ranking_as_of(workspace, target, scorer, encoder, as_of)
    pin = pins_in_force(workspace, as_of).get(target)
    held = None if pin is None else pin.line(scorer, encoder)
    if held is not None:
        _, earlier = ranking_as_of(workspace, target, scorer, encoder, parse_time(held["at"]))
        return Standing(held, earlier, newest, pin)
    return None if newest is None else Standing(newest, before, newest)


def returns(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines that name a ranking which was the newest before, and was not in between.

    A restored ranking is one, or that of a setting which was switched and switched back.
    """
    seen: set[str] = set()
    last: dict[tuple[str, str, str], str] = {}
    found = []
    for line in lines:
        of = (line["target"], line["scorer"], line["encoder"])
        if line["ranking_id"] in seen and last.get(of) != line["ranking_id"]:
            found.append(line)
        seen.add(line["ranking_id"])
        last[of] = line["ranking_id"]
    return found


def shown_ranking(
    workspace: Workspace, target: str, scorer: str, encoder: str, as_of: datetime | None = None
) -> dict[str, Any] | None:
    """The object that ``springboard rank --json`` prints, or None when the target was never ranked.

    ``previous_rank`` is the source's rank in the different ranking before this one, by source name, and None
    where there was none. A pinned target gives the pinned ranking. docs/operations.md gives the keys.

    Raises
    ------
    ArtefactError
        The ranking's file is missing or was changed.
    """
    standing = standing_of(workspace, target, scorer, encoder, as_of)
    if standing is None:
        return None
    line, before = standing.line, standing.before
    folder = workspace.folder("rankings")
    ranking = read_ranking(folder, line["ranking_id"])
    old: dict[str, int] = {}
    if before is not None:
        # Where the one before is lost, the present one is shown all the same.
        with suppress(ArtefactError):
            old = {
                row["source"]: row["rank"] for row in read_ranking(folder, before["ranking_id"])["ranking"]
            }
    rows = [{**row, "previous_rank": old.get(row["source"])} for row in ranking["ranking"]]
    shown = {
        **ranking,
        # A restored ranking is as old as it was.
        "created_at": line.get("ranked_at", line["at"]),
        "ranking": rows,
        "previous_ranking_id": before["ranking_id"] if before is not None else None,
        "pinned": _pinned(standing),
        "restored": _restored(line),
    }
    settings = workspace.settings
    return completed(shown, get_scorer(settings.ranking.scorer).name, settings.calibration.coverage)


def _pinned(standing: Standing) -> dict[str, Any] | None:
    pin = standing.pin
    if pin is None:
        return None
    newest = None if standing.newest is None else standing.newest["ranking_id"]
    return {
        "release": pin.release,
        "since": pin.at,
        "by": pin.by,
        "reason": pin.reason,
        "newest_ranking_id": newest,
    }


def _restored(line: Mapping[str, Any]) -> dict[str, Any] | None:
    if "restored_from" not in line:
        return None
    return {"release": line["restored_from"], "since": line["at"]}
