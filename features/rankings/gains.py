"""What past transfers gained, from ledgers/transfers.jsonl."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from features.rankings.transfers import Transfers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.artefacts.plan import Plan
    from features.registry.entries import Entry

__all__ = ["PastGains"]


@dataclass(frozen=True)
class PastGains:
    """What past transfers gained, pair by pair, as :class:`~features.rankings.transfers.Transfers` says is in force.

    The newest result of a pair and seed counts, and of several seeds the mean.
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
        mine, this = self._transfers.pair_of(source.name, target.name)
        gains = self._transfers.gains.get(mine, {})
        return np.array([gains[other] for other in sorted(gains) if other != this], dtype=np.float64)

    @property
    def newest(self) -> str:
        """When the newest record was made; empty where there is none.

        Raises
        ------
        ArtefactError
            A line of the ledger is not a record.
        """
        return max((str(line["at"]) for line in self._transfers.lines), default="")

    @cached_property
    def _transfers(self) -> Transfers:
        return Transfers(self.plan)
