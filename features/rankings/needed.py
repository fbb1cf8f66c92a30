"""What a ranking follows from beyond the ESMs and the target's rows, for scorers that ask for more.

The key of a single score names the very artefacts behind it (:meth:`features.rankings.supplies.Supplies.keys`).
Whether a ranking is stale is asked for every target and scorer, so here it is said once for the whole pool: an ESM's
key follows from everything that is made of the tuned weights, and of the rest only settings and recipes can change
while source and ESM stay the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from features.artefacts.sentences import sentence_centroid_key
from features.registry.entries import Kind
from models.errors import SpringboardError
from models.scorers.needs import Need

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.rankings.gains import PastGains
    from features.rankings.pool import Member
    from features.registry.entries import Entry

__all__ = ["state_of_needs"]

_OF_SOURCE_ROWS = frozenset(
    {Need.SOURCE_SAMPLE, Need.SOURCE_CENTROID, Need.SOURCE_TOKENS, Need.SOURCE_TOKEN_VECTORS}
)
_OF_SENTENCES = frozenset({Need.SOURCE_SENTENCE_CENTROID, Need.TARGET_SENTENCE_CENTROID})
_OF_TARGET_WEIGHTS = frozenset({Need.TARGET_FISHER, Need.TARGET_UPDATE})


def state_of_needs(
    plan: Plan, target: Entry, members: Sequence[Member], gains: PastGains, needs: Collection[Need]
) -> dict[str, Any]:
    """Give what the needs follow from, as values for a hash; empty for a scorer of features and labels alone.

    Where it cannot be told (a broken ledger of past results, a sentence encoder that is not there) the reason stands in
    its place, so that mending it makes the ranking stale.

    Parameters
    ----------
    plan
        Keys and paths under the settings in force.
    target
        The registered target.
    members
        The pool.
    gains
        Past transfer results.
    needs
        A scorer's needs.
    """
    wanted = set(needs)
    state: dict[str, Any] = {}
    if wanted & _OF_SOURCE_ROWS:
        # The target's version stands for any: what matters is how rows are sampled and embedded.
        state["sampling"] = plan.embedding_key(target.version, Kind.SOURCE)
    if wanted & _OF_SENTENCES:
        state["sentences"] = _told(lambda: sentence_centroid_key(plan, target))
    if wanted & _OF_TARGET_WEIGHTS:
        state["traces"] = plan.traces_key(target.version)
    if Need.PAST_GAINS in wanted:
        state["gains"] = _told(
            lambda: {one.entry.name: gains.of(one.entry, target).tolist() for one in members}
        )
    return state


def _told(find: Callable[[], Any]) -> Any:
    try:
        return find()
    except SpringboardError as problem:
        return problem.what
