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
from features.registry.entries import Entry, Kind, Pooled
from models.scorers import get_scorer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from features.artefacts.plan import Plan
    from features.calibration.expecting import Expecting

__all__ = ["Member", "Pool", "scorer_settings", "why_not_taken"]


@dataclass(frozen=True)
class Member:
    """A source that is ready to be ranked.

    Of an imported ESM there is the map and no more: no rows, no sketch, no embeddings of its own. Of a source that
    came with a ready-made pool there is all but the rows and what is large.
    """

    entry: Entry
    esm: str
    imported: Import | None = None
    pooled: Pooled | None = None

    @property
    def is_own(self) -> bool:
        """Whether it was ingested here, so that there are rows and everything that was made of them."""
        return self.imported is None and self.pooled is None


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

    @property
    def why_empty(self) -> str:
        """Why nothing can be ranked by it; empty where something can."""
        return "" if self.members else "no source has an ESM for this encoder yet"

    @cached_property
    def members(self) -> list[Member]:
        """The ready sources, then those of ready-made pools, then imported ESMs, each in the order of their coming.

        A pool's source of the same rows as one that is ready here is that one, and not ranked twice.
        """
        ready = {path.stem for path in self.plan.workspace.folder("esms").glob("*.safetensors")}
        every = ((entry, self.plan.source_keys(entry)) for entry in self.plan.pool())
        ours = [
            Member(entry, keys.esm)
            for entry, keys in every
            if keys.esm in ready and not self.plan.is_only_shipped(keys)
        ]
        pooled = [one for one in self._pooled_here(ours).values() if one.esm in ready]
        ours += [Member(one.as_source(), one.esm, pooled=one) for one in pooled]
        imported = (one for one in self._imports if one.name not in self.left_out)
        return ours + [Member(one.as_source(), one.esm, one) for one in imported]

    def _pooled_here(self, ready: Sequence[Member]) -> dict[str, Pooled]:
        """Version -> the first pooled source of this encoder, where the workspace has no ready one of these rows."""
        own = {member.entry.version for member in ready if member.entry.tuned_model_id is None}
        found: dict[str, Pooled] = {}
        for one in self._pooled:
            if one.version not in own and one.encoder == self.plan.encoder:
                found.setdefault(one.version, one)
        return found

    @cached_property
    def _pooled(self) -> list[Pooled]:
        return list(self.plan.registry.pooled().values())

    @cached_property
    def _imports(self) -> list[Import]:
        return Imports(self.plan.workspace).pool()

    @cached_property
    def left_out(self) -> dict[str, str]:
        """Imported ESM or pooled source -> why it cannot be ranked with the encoder in force."""
        found = self._pooled_elsewhere()
        if self._imports:
            encoder = encoder_facts(self.plan.workspace)
            reasons = {one.name: why_not(one, encoder) for one in self._imports}
            found |= {name: reason for name, reason in reasons.items() if reason is not None}
        return found

    def _pooled_elsewhere(self) -> dict[str, str]:
        """Pooled source of another encoder -> why; not where the same rows are in the pool for this encoder."""
        if not self._pooled:
            return {}
        here = {one.version for one in self._pooled if one.encoder == self.plan.encoder}
        here |= {entry.version for entry in self.plan.pool()}
        return {
            one.name: f"of pool '{one.pool}', whose ESMs stand on encoder {one.encoder[:12]} "
            f"({one.encoder_label}), and this workspace's is {self.plan.encoder[:12]}"
            for one in self._pooled
            if one.version not in here
        }

    @cached_property
    def allowed_overlaps(self) -> dict[tuple[str, str], str]:
        """(target name, source name) -> when somebody lifted the leak check for the pair.

        It was lifted for the rows that somebody looked at: a source or target that stands for other rows
        since then is checked again.
        """
        sources = {one.name: one.version for one in self._pooled}
        sources |= {entry.name: entry.version for entry in self.plan.pool()}
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

    @cached_property
    def expecting(self) -> Expecting:
        """Expected gains by the default scorer."""
        from features.calibration.expecting import Expecting

        scorer = get_scorer(self.plan.workspace.settings.ranking.scorer).name
        return Expecting(self.plan, self.members, scorer, scorer_settings(self.plan, scorer))

    def calibration_key(self, scorer: str) -> str | None:
        """Names the calibration of a scorer's rankings; None where they have no expected gains."""
        return self.expecting.key if scorer == self.expecting.scorer else None

    def state(self, target: Entry, scorer: str) -> str:
        """Hash of everything a target's ranking follows from; another hash means the ranking is stale."""
        settings = self.plan.workspace.settings
        needs = state_of_needs(self.plan, target, self.members, self.gains, get_scorer(scorer).needs)
        calibration = self.calibration_key(scorer)
        return content_hash(
            {
                "target": [target.name, target.version, target.sketch],
                "encoder": self.plan.encoder,
                "scorer": [scorer, get_scorer(scorer).recipe, scorer_settings(self.plan, scorer)],
                "ranking": settings.ranking.model_dump(exclude={"scorer"}),
                "overlap": settings.overlap.model_dump(),
                "recipes": {step: RECIPES[step] for step in ("embedding", "overlap", "score", "ranking")},
                "pool": sorted(_state_of(member) for member in self.members),
                "allowed": sorted(source for name, source in self.allowed_overlaps if name == target.name),
                # Only where there are any, so that rankings from before imports stay fresh.
                **({"left_out": self.left_out} if self.left_out else {}),
                **({"needs": needs} if needs else {}),
                **({"calibration": calibration} if calibration else {}),
            }
        )


def _state_of(member: Member) -> list[str]:
    entry = member.entry
    # Whatever else comes of a pooled source is in its file.
    rest = [member.pooled.file] if member.pooled else []
    return [entry.name, entry.version, member.esm, entry.sketch, *rest]
