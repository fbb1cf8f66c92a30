"""Why a source has another score or place in one ranking than in another, told from what each was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from models.errors import ArtefactError

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["Cause", "Pair"]


class Cause(StrEnum):
    """What a ranking follows from, one of which changed."""

    SOURCE_DATA = "source data"
    TARGET_DATA = "target data"
    ESM = "ESM"
    ENCODER = "encoder"
    SETTINGS = "settings"
    CODE = "code"
    TRANSFERS = "past transfers"


@dataclass(frozen=True)
class Pair:
    """Two rankings of one target by one scorer, and the settings each was made under.

    Attributes
    ----------
    workspace
        Where the scores behind them lie.
    old, new
        What the ranking files hold.
    settings
        The settings that differ between the two, as ``section.key``.
    """

    workspace: Workspace
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    settings: frozenset[str]

    def cause_of_gains(self) -> Cause:
        """Why expected gains are other ones where no score is."""
        calibrated_otherwise = any(name.split(".")[0] == "calibration" for name in self.settings)
        return Cause.SETTINGS if calibrated_otherwise else Cause.TRANSFERS

    def cause(self, source: str) -> tuple[Cause | None, str]:
        """Why a source that is in either ranking stands where it stands in the new one.

        Returns
        -------
        Cause or None, str
            None where nothing about the source itself changed; and the same in words.
        """
        before, after = self._rows[0].get(source), self._rows[1].get(source)
        if before is None:
            return self._came(source)
        if after is None:
            return self._went(source)
        if self.old["encoder"] != self.new["encoder"]:
            return Cause.ENCODER, "another encoder"
        if before["source_version"] != after["source_version"]:
            return Cause.SOURCE_DATA, "its rows changed"
        if self.old["target_version"] != self.new["target_version"]:
            return Cause.TARGET_DATA, "the target's rows changed"
        if before["score"] == after["score"]:
            return None, "its score is the same; others came, went or moved"
        return self._of_score(before, after)

    def _came(self, source: str) -> tuple[Cause, str]:
        reason = _left_out(self.old, source)
        if reason is None:
            return Cause.SOURCE_DATA, "new in the pool"
        return self.cause_of_leaving_out(), f"was left out before: {reason}"

    def _went(self, source: str) -> tuple[Cause, str]:
        reason = _left_out(self.new, source)
        if reason is None:
            return self.cause_of_leaving_out(), "not in the pool"
        return self.cause_of_leaving_out(), f"left out: {reason}"

    def cause_of_leaving_out(self) -> Cause:
        """Why a source is left out now, or no longer is."""
        if self.old["encoder"] != self.new["encoder"]:
            return Cause.ENCODER
        if self.old["target_version"] != self.new["target_version"]:
            return Cause.TARGET_DATA
        return Cause.SETTINGS if self._settings_matter() else Cause.SOURCE_DATA

    def _settings_matter(self) -> bool:
        return bool(self.settings) or self.old.get("settings") != self.new.get("settings")

    def _of_score(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Cause, str]:
        if self.old.get("settings") != self.new.get("settings"):
            return Cause.SETTINGS, "other settings of the scorer"
        maps = self._map_of(0, before), self._map_of(1, after)
        if None not in maps and maps[0] != maps[1]:
            made_by = sorted(name for name in self.settings if name.split(".")[0] in ("tuning", "esm"))
            if made_by:
                return Cause.SETTINGS, f"its map was made anew with other {', '.join(made_by)}"
            return Cause.ESM, "its map was made anew"
        # The same rows, encoder, settings and map: what is left is whoever computes.
        was, now = self.old.get("code"), self.new.get("code")
        return Cause.CODE, f"the same inputs give another score (code {was}, now {now})"

    def _map_of(self, side: int, row: Mapping[str, Any]) -> str | None:
        return self._maps[side].get((row["source_version"], row["score"]))

    @cached_property
    def _rows(self) -> tuple[dict[str, Mapping[str, Any]], dict[str, Mapping[str, Any]]]:
        old, new = ({row["source"]: row for row in one["ranking"]} for one in (self.old, self.new))
        return old, new

    @cached_property
    def _maps(self) -> tuple[dict[tuple[str, float], str], dict[tuple[str, float], str]]:
        return self._maps_behind(self.old), self._maps_behind(self.new)

    def _maps_behind(self, ranking: Mapping[str, Any]) -> dict[tuple[str, float], str]:
        """(source version, score) -> key of the map: a ranking's row does not name it, the score behind it does."""
        import polars as pl

        from features.artefacts.batches import Batches
        from features.rankings.scoring import SCORES

        try:
            scores = Batches(self.workspace.folder("scores"), SCORES).read(ranking["target_version"])
        except ArtefactError:
            return {}
        ours = (pl.col("encoder") == ranking["encoder"]) & (pl.col("scorer") == ranking["scorer"])
        rows = scores.filter(ours).select("source_version", "score", "esm_key").rows()
        return {(version, score): esm for version, score, esm in rows}


def _left_out(ranking: Mapping[str, Any], source: str) -> str | None:
    excluded = ranking.get("excluded", ())
    return next((str(one["reason"]) for one in excluded if one["source"] == source), None)
