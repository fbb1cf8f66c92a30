"""The pool a target is ranked against, and the state hash that says whether a ranking is still of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from features.artefacts.keys import RECIPES, content_hash
from features.registry.entries import Entry, Kind
from models.scorers import get_scorer

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["Member", "Pool", "scorer_settings"]


@dataclass(frozen=True)
class Member:
    """A source that is ready to be ranked."""

    entry: Entry
    esm: str


def scorer_settings(plan: Plan, scorer: str) -> dict[str, Any]:
    """The scorer's settings, complete: what changes a score and so goes into its key."""
    ranking = plan.workspace.settings.ranking
    known = get_scorer(scorer)
    offered = {"center": ranking.center, "seed": ranking.seed}
    return known.resolve({name: value for name, value in offered.items() if name in known.defaults})


@dataclass(frozen=True)
class Pool:
    """The sources that have an ESM under the settings in force."""

    plan: Plan

    @cached_property
    def members(self) -> list[Member]:
        """The ready sources, in the order in which they were registered."""
        ready = {path.stem for path in self.plan.workspace.folder("esms").glob("*.safetensors")}
        members = ((entry, self.plan.source_keys(entry).esm) for entry in self.plan.pool())
        return [Member(entry, esm) for entry, esm in members if esm in ready]

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

    def state(self, target: Entry, scorer: str) -> str:
        """Hash of everything a target's ranking follows from; another hash means the ranking is stale."""
        settings = self.plan.workspace.settings
        return content_hash(
            {
                "target": [target.name, target.version, target.sketch],
                "encoder": self.plan.encoder,
                "scorer": [scorer, get_scorer(scorer).recipe, scorer_settings(self.plan, scorer)],
                "ranking": settings.ranking.model_dump(exclude={"scorer"}),
                "overlap": settings.overlap.model_dump(),
                "recipes": {step: RECIPES[step] for step in ("overlap", "score", "ranking")},
                "pool": sorted([m.entry.name, m.entry.version, m.esm, m.entry.sketch] for m in self.members),
                "allowed": sorted(source for name, source in self.allowed_overlaps if name == target.name),
            }
        )
