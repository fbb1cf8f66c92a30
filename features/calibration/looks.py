"""What pairs look like beyond their scores: rows of the source, and how near the centroids are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from features.registry.entries import Kind
from models.errors import SpringboardError
from models.scorers import Need
from models.scorers.data.centroids import centroid_similarity

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.rankings.pool import Member
    from features.rankings.supplies import Supplies

__all__ = ["Looks"]


@dataclass(frozen=True)
class Looks:
    """Of the pool's sources and the registered targets; what cannot be told is None, or 0 rows."""

    plan: Plan
    members: Sequence[Member]
    _of_target: dict[str, Supplies | None] = field(default_factory=dict, repr=False)

    def rows_of(self, source: str) -> int:
        """How many rows a source has; 0 where nobody knows, as of an imported ESM."""
        member = self._by_name.get(source)
        return 0 if member is None else member.entry.rows

    def nearness(self, source: str, target: str) -> float | None:
        """The cosine of the two centroids by the encoder."""
        member, supplies = self._by_name.get(source), self._supplies(target)
        if member is None or supplies is None or member.imported is not None:
            return None
        try:
            needs = (Need.SOURCE_CENTROID, Need.TARGET_CENTROID)
            given = supplies.get(member, needs)
            return centroid_similarity(*(given[need] for need in needs), metric="cosine")
        except SpringboardError:
            return None

    @cached_property
    def _by_name(self) -> dict[str, Member]:
        return {member.entry.name: member for member in self.members}

    def _supplies(self, target: str) -> Supplies | None:
        from features.rankings.supplies import Supplies

        if target not in self._of_target:
            entry = self.plan.registry.current(Kind.TARGET).get(target)
            self._of_target[target] = None if entry is None else Supplies(self.plan, entry)
        return self._of_target[target]
