"""What past transfers gained, from ledgers/transfers.jsonl."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from features.registry.entries import Kind
from features.registry.ledger import Ledger
from models.errors import ArtefactError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from features.artefacts.plan import Plan
    from features.registry.entries import Entry

__all__ = ["PastGains"]


@dataclass(frozen=True)
class PastGains:
    """Past transfer results: records with ``source``, ``target``, ``score`` and ``baseline``.

    The newest of a pair is in force. The score is what the target's task reached after intermediate fine-tuning on
    the source, the baseline what it reached without.
    """

    plan: Plan

    def of(self, source: Entry, target: Entry) -> NDArray[np.float64]:
        """Gains, score minus baseline, of a source on all *other* targets, [k], in the order of their names.

        The same rows under another name are not another target, and not another source. Without any
        results the array is empty.

        Raises
        ------
        ArtefactError
            A line of the ledger is not a transfer result.
        """
        mine = self._sources.get(source.name, source.name)
        this = self._targets.get(target.name, target.name)
        gains = self._gains.get(mine, {})
        return np.array([gains[other] for other in sorted(gains) if other != this], dtype=np.float64)

    @cached_property
    def newest(self) -> str:
        """When the newest record was made; empty where there is none.

        Raises
        ------
        ArtefactError
            A line of the ledger is not a record.
        """
        return max((str(line["at"]) for line in self._records), default="")

    @cached_property
    def _records(self) -> list[dict[str, Any]]:
        return Ledger(self._path).read()

    @property
    def _path(self) -> Path:
        return self.plan.workspace.ledgers / "transfers.jsonl"

    @cached_property
    def _sources(self) -> dict[str, str]:
        """Name -> the first name of the same rows and tuned model."""
        pool = self.plan.registry.pool()
        found = {
            name: pool[entry.version, entry.tuned_model_id].name
            for name, entry in self.plan.registry.current(Kind.SOURCE).items()
        }
        firsts = {version: entry.name for (version, tuned), entry in pool.items() if tuned is None}
        for one in self.plan.registry.pooled().values():
            found.setdefault(one.name, firsts.setdefault(one.version, one.name))
        return found

    @cached_property
    def _targets(self) -> dict[str, str]:
        """Name -> the first name of the same rows."""
        firsts: dict[str, str] = {}
        found: dict[str, str] = {}
        for name, entry in self.plan.registry.current(Kind.TARGET).items():
            found[name] = firsts.setdefault(entry.version, name)
        return found

    @cached_property
    def _gains(self) -> dict[str, dict[str, float]]:
        """Source -> target -> gain, under first names."""
        gains: dict[str, dict[str, float]] = {}
        for number, line in enumerate(self._records, start=1):
            try:
                source, target = str(line["source"]), str(line["target"])
                gain = float(line["score"]) - float(line["baseline"])
                if not np.isfinite(gain):
                    raise ValueError("a score that is not finite")
            except (KeyError, TypeError, ValueError) as problem:
                raise ArtefactError(
                    f"record {number} of '{self._path}' is not a transfer result ({problem})",
                    consequence="scores that go by past transfers were not computed",
                    next_step="each record has a source, a target, a score and a baseline; correct it",
                ) from problem
            of_source = gains.setdefault(self._sources.get(source, source), {})
            of_source[self._targets.get(target, target)] = gain
        return gains
