"""What is expected of each source of a ranking, by a calibration of all past transfers that are known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from features.artefacts.keys import RECIPES, content_hash
from features.calibration.known import Known, KnownTransfers, lift_of, settings_text, standing_of
from features.calibration.looks import Looks
from features.rankings.ranking import GAIN_FIELDS
from models.calibration import Calibration, Evidence, Pairs, calibrate, filled_stderr, targets_needed
from models.calibration.holdout import wilson
from models.errors import ArtefactError

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.rankings.pool import Member
    from features.registry.entries import Entry

__all__ = ["Expecting", "evidence_arrays"]

_DECIMALS = 2
_fitted: dict[str, Calibration] = {}
_fitting = Lock()


@dataclass(frozen=True)
class Expecting:
    """Expected gains under the settings in force.

    Attributes
    ----------
    plan
        Keys and paths under the settings in force.
    members
        The pool.
    scorer, settings
        The default scorer, and its settings, complete.
    """

    plan: Plan
    members: Sequence[Member]
    scorer: str
    settings: dict[str, Any]

    @cached_property
    def key(self) -> str | None:
        """Names the calibration by everything it follows from; None where there are too few targets for one.

        Nothing is fitted for it. Evidence that cannot be read is none: that it comes back makes rankings stale.
        """
        try:
            known = self._known.all
        except ArtefactError:
            return None
        params = self.plan.workspace.settings.calibration
        if len({one.target for one in known}) < targets_needed(params.coverage):
            return None
        said = [[one.source, one.target, *_numbers(one)] for one in known]
        return content_hash(
            {"recipe": RECIPES["calibration"], "settings": params.model_dump(), "evidence": said}
        )

    def add_to(self, ranking: dict[str, Any], target: Entry) -> None:
        """Put an expected gain beside every score, and what stands behind them beside the rows.

        The ranking is changed in place; where there is no calibration, or no score of the untouched encoder to hold the
        scores against, it is left as it is.
        """
        if self.key is None or ranking["base_score"] is None or not ranking["ranking"]:
            return
        calibration = self._calibration(self.key)
        gains = calibration.gains(self._pairs_of(ranking, target))
        for i, row in enumerate(ranking["ranking"]):
            told = (gains.expected[i], gains.low[i], gains.high[i])
            row |= {name: _rounded(value) for name, value in zip(GAIN_FIELDS, told, strict=True)}
        ranking["calibration"] = self._about(calibration)

    @cached_property
    def _looks(self) -> Looks:
        return Looks(self.plan, self.members)

    @cached_property
    def _known(self) -> KnownTransfers:
        return KnownTransfers(self.plan, self._looks, self.scorer, settings_text(self.settings))

    def _calibration(self, key: str) -> Calibration:
        """The fit, made once for all targets of a refresh."""
        with _fitting:
            if key not in _fitted:
                params = self.plan.workspace.settings.calibration
                fitted = calibrate(evidence_arrays(self._known.all), params.method, params.coverage)
                _fitted.clear()
                _fitted[key] = fitted
            return _fitted[key]

    def _pairs_of(self, ranking: dict[str, Any], target: Entry) -> Pairs:
        known = self._known
        sources, targets = _numbering(known.all)
        base, rows = ranking["base_score"]["score"], ranking["ranking"]
        features = [
            _features(
                lift_of(row["score"], base, self.scorer),
                standing_of(row["rank"], len(rows)),
                self._looks.rows_of(row["source"]),
                target.rows,
                self._looks.nearness(row["source"], target.name),
            )
            for row in rows
        ]
        of_target = targets.get(known.target_name(target.name), -1)
        return Pairs(
            np.array(features, dtype=np.float64),
            np.array([sources.get(known.source_name(row["source"]), -1) for row in rows], dtype=np.int64),
            np.full(len(rows), of_target, dtype=np.int64),
        )

    def _about(self, calibration: Calibration) -> dict[str, Any]:
        """What people have to know of the evidence to take the numbers for what they are."""
        known, params = self._known.all, self.plan.workspace.settings.calibration
        covered = [share for share in calibration.covered.values() if share is not None]
        share = float(np.mean(covered)) if covered else None
        low, high = _of_targets(share, len(covered))
        rows = [one.transfer.target_rows for one in known]
        return {
            "id": self.key,
            "method": params.method,
            "unit": "points",
            "coverage": params.coverage,
            "targets": len({one.target for one in known}),
            "sources": len({one.source for one in known}),
            "pairs": len(known),
            "reported_pairs": sum(one.reported for one in known),
            "held_out_coverage": _rounded(share),
            "held_out_coverage_low": _rounded(low),
            "held_out_coverage_high": _rounded(high),
            "target_rows": [min(rows), max(rows)],
        }


def _numbering(known: Sequence[Known]) -> tuple[dict[str, int], dict[str, int]]:
    """Source -> number and target -> number, in the order of the names."""
    sources, targets = (sorted({getattr(one, side) for one in known}) for side in ("source", "target"))
    return {name: i for i, name in enumerate(sources)}, {name: i for i, name in enumerate(targets)}


def evidence_arrays(known: Sequence[Known]) -> Evidence:
    """Past transfers as arrays, sources and targets numbered in the order of their names."""
    sources, targets = _numbering(known)
    numbers = np.array([_numbers(one) for one in known], dtype=np.float64)
    of_target = np.array([targets[one.target] for one in known], dtype=np.int64)
    pairs = Pairs(
        np.array([_features(*row[:5]) for row in numbers.tolist()], dtype=np.float64),
        np.array([sources[one.source] for one in known], dtype=np.int64),
        of_target,
    )
    gains, stderr, seeds = numbers[:, 5], numbers[:, 6], numbers[:, 7].astype(np.int64)
    return Evidence(pairs, gains, filled_stderr(stderr, seeds, of_target))


def _numbers(one: Known) -> list[Any]:
    told = one.transfer
    looks = [told.lift, told.standing, told.source_rows, told.target_rows, told.nearness]
    return [*looks, told.gain, told.gain_stderr, told.seeds]


def _features(
    lift: float, standing: float, source_rows: float, target_rows: float, nearness: float | None
) -> list[float]:
    near = math.nan if nearness is None else nearness
    return [lift, standing, _log(source_rows), _log(target_rows), near]


def _log(rows: float) -> float:
    return math.log(rows) if rows > 0 else math.nan


def _of_targets(share: float | None, targets: int) -> tuple[float | None, float | None]:
    """A 95 % interval of a mean share over targets, each of which counts as one draw."""
    return (None, None) if share is None else wilson(share * targets, targets)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), _DECIMALS) + 0.0
