"""What the ranking in force says of a source at the moment somebody reports on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from features.rankings.history import standing_of
from features.rankings.ranking import read_ranking
from features.registry.entries import Kind
from models.errors import ArtefactError
from models.scorers import get_scorer

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.feedback.offers import Offer
    from features.registry.entries import Entry

__all__ = ["Advice", "Advisor"]


@dataclass(frozen=True)
class Advice:
    """What was advised.

    Attributes
    ----------
    encoder, scorer
        Whose ranking it is: those of the settings.
    ranking_id
        The ranking in force; None where the target was never ranked by them.
    ranked
        How many sources it ranks; None where there is none, or its file is not here to be read.
    rank, tier, score
        Of the source; None where the ranking does not have it.
    """

    encoder: str
    scorer: str
    ranking_id: str | None = None
    ranked: int | None = None
    rank: int | None = None
    tier: int | None = None
    score: float | None = None


@dataclass(frozen=True)
class Advisor:
    """What the targets' rankings in force, by the default scorer and encoder, say of sources; each read once."""

    plan: Plan
    _read: dict[str, tuple[str | None, list[dict[str, Any]] | None]] = field(default_factory=dict)

    def on(self, target: Entry, offer: Offer) -> Advice:
        """Look up a source in a target's ranking.

        Raises
        ------
        EncoderError, ReadError
            The encoder of params.yaml cannot be found.
        """
        if target.name not in self._read:
            self._read[target.name] = self._ranking_of(target.name)
        key, rows = self._read[target.name]
        if rows is None:
            return Advice(self.plan.encoder, self._scorer, key)
        row = self._row_of(rows, offer)
        if row is None:
            return Advice(self.plan.encoder, self._scorer, key, len(rows))
        return Advice(self.plan.encoder, self._scorer, key, len(rows), row["rank"], row["tier"], row["score"])

    @cached_property
    def _scorer(self) -> str:
        return get_scorer(self.plan.workspace.settings.ranking.scorer).name

    def _ranking_of(self, target: str) -> tuple[str | None, list[dict[str, Any]] | None]:
        # What was shown is what was advised, also where a pin holds it.
        standing = standing_of(self.plan.workspace, target, self._scorer, self.plan.encoder)
        if standing is None:
            return None, None
        key = str(standing.line["ranking_id"])
        try:
            return key, read_ranking(self.plan.workspace.folder("rankings"), key)["ranking"]
        except ArtefactError:
            # A result is worth keeping even in a clone that has not pulled its rankings.
            return key, None

    def _row_of(self, rows: list[dict[str, Any]], offer: Offer) -> dict[str, Any] | None:
        by_name = {row["source"]: row for row in rows}
        for name in (offer.name, offer.first):
            if name in by_name:
                return by_name[name]
        if offer.version is None or offer.is_tuned_elsewhere:
            return None
        # A pool's source and one of our own with the same rows stand for each other under either name.
        same = (row for row in rows if row["source_version"] == offer.version)
        return next((row for row in same if row["source"] not in self._tuned_elsewhere), None)

    @cached_property
    def _tuned_elsewhere(self) -> set[str]:
        sources = self.plan.registry.current(Kind.SOURCE).values()
        return {entry.name for entry in sources if entry.tuned_model_id is not None}
