"""The pool a target is ranked against, and the state hash that says whether a ranking is still of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from features.artefacts.keys import RECIPES, content_hash
from features.exchange.imports import Import, Imports
from features.exchange.standing import encoder_facts, why_not
from features.rankings.gains import PastGains
from features.rankings.needed import state_of_needs
from features.registry.entries import Entry, Kind
from models.scorers import get_scorer

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["Member", "Pool", "scorer_settings", "why_not_taken"]


@dataclass(frozen=True)
class Member:
    """A source that is ready to be ranked.

    Of an imported ESM there is the map and no more: no rows, no sketch, no embeddings of its own.
    """

    entry: Entry
    esm: str
    imported: Import | None = None


def scorer_settings(plan: Plan, scorer: str) -> dict[str, Any]:
    """The scorer's settings, complete: what changes a score and so goes into its key."""
    ranking = plan.workspace.settings.ranking
    known = get_scorer(scorer)
    offered = {"center": ranking.center, "seed": ranking.seed}
    return known.resolve({name: value for name, value in offered.items() if name in known.defaults})


def why_not_taken(scorer: str, target: Entry) -> str:
    """Say that the scorer does not take the target's task; empty where it does."""
    if target.task in get_scorer(scorer).tasks:
        return ""
    return f"scorer {scorer} does not score {target.task.replace('_', ' ')} targets"


@dataclass(frozen=True)
class Pool:
    """The sources that have an ESM under the settings in force."""

    plan: Plan

    @cached_property
    def members(self) -> list[Member]:
        """The ready sources, then the imported ESMs of this encoder, each in the order in which they came."""
        ready = {path.stem for path in self.plan.workspace.folder("esms").glob("*.safetensors")}
        members = ((entry, self.plan.source_keys(entry).esm) for entry in self.plan.pool())
        ours = [Member(entry, esm) for entry, esm in members if esm in ready]
        imported = (one for one in self._imports if one.name not in self.left_out)
        return ours + [Member(one.as_source(), one.esm, one) for one in imported]

    @cached_property
    def _imports(self) -> list[Import]:
        return Imports(self.plan.workspace).pool()

    @cached_property
    def left_out(self) -> dict[str, str]:
        """Imported ESM -> why it cannot be ranked with the encoder in force."""
        if not self._imports:
            return {}
        encoder = encoder_facts(self.plan.workspace)
        found = {one.name: why_not(one, encoder) for one in self._imports}
        return {name: reason for name, reason in found.items() if reason is not None}

    @cached_property
    def allowed_overlaps(self) -> dict[tuple[str, str], str]:
        """(target name, source name) -> when somebody lifted the leak check for the pair.

        It was lifted for the rows that somebody looked at: a source or target that stands for other rows
        since then is checked again.
        """
        sources = {entry.name: entry.version for entry in self.plan.pool()}
        targets = {entry.name: entry.version for entry in self.plan.registry.current(Kind.TARGET).values()}
        records = self.plan.registry.ledger.read()
        return {
            (r["target"], r["source"]): r["at"]
            for r in records
            if r.get("event") == "overlap allowed"
            and r["source_version"] == sources.get(r["source"])
            and r["target_version"] == targets.get(r["target"])
        }

    @cached_property
    def gains(self) -> PastGains:
        """Past transfer results, read once."""
        return PastGains(self.plan)

    def state(self, target: Entry, scorer: str) -> str:
        """Hash of everything a target's ranking follows from; another hash means the ranking is stale."""
        settings = self.plan.workspace.settings
        needs = state_of_needs(self.plan, target, self.members, self.gains, get_scorer(scorer).needs)
        return content_hash(
            {
                "target": [target.name, target.version, target.sketch],
                "encoder": self.plan.encoder,
                "scorer": [scorer, get_scorer(scorer).recipe, scorer_settings(self.plan, scorer)],
                "ranking": settings.ranking.model_dump(exclude={"scorer"}),
                "overlap": settings.overlap.model_dump(),
                "recipes": {step: RECIPES[step] for step in ("embedding", "overlap", "score", "ranking")},
                "pool": sorted([m.entry.name, m.entry.version, m.esm, m.entry.sketch] for m in self.members),
                "allowed": sorted(source for name, source in self.allowed_overlaps if name == target.name),
                # Only where there are any, so that rankings from before imports stay fresh.
                **({"left_out": self.left_out} if self.left_out else {}),
                **({"needs": needs} if needs else {}),
            }
        )
