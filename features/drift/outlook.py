"""Whether a ranking may move by other rows: by what is different about them, and by chance alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import polars as pl

from features.artefacts.batches import Batches
from features.drift.comparing import is_unlikely
from features.rankings.ranking import read_ranking
from features.rankings.scoring import SCORES
from models.errors import ArtefactError
from models.ranking import paired_stderr

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["outlook_of"]

WORTH_TELLING = 0.05
"""A leading tier that chance alone changes less often than this counts as safe from it."""

_RELABELLED = 0.01


def outlook_of(plan: Plan, line: dict[str, Any] | None, found: dict[str, Any]) -> dict[str, Any]:
    """Whether the ranking may move.

    Parameters
    ----------
    plan
        Where rankings and scores lie.
    line
        The ledger line of the target's last ranking with its earlier rows, or None.
    found
        What :func:`features.drift.comparing.compare` gives.

    Returns
    -------
    dict
        ``reasons`` (of what is different), ``chance`` (of another leading tier by other rows of the same kind; None
        where there are no standard errors to tell it from), ``source`` (the one that chance would most likely bring in
        or out), and ``may_move``.
    """
    chance, source = (None, None) if line is None else _by_chance(plan, line, found["rows"])
    reasons = _reasons(found)
    may_move = bool(reasons) or (chance is not None and chance >= WORTH_TELLING)
    return {"may_move": may_move, "reasons": reasons, "chance": chance, "source": source}


def _reasons(found: dict[str, Any]) -> list[str]:
    rows, labels = found["rows"], found["labels"]
    reasons = []
    if labels.get("appeared"):
        reasons.append("there are new classes")
    if labels.get("vanished"):
        reasons.append("classes are gone")
    if rows["now"] and rows["relabelled"] / rows["now"] >= _RELABELLED:
        reasons.append("rows have other labels")
    for of, what in (("labels", "labels"), ("embeddings", "texts")):
        for test in found.get(of, {}).get("tests", []):
            if is_unlikely(test):
                reasons.append(f"the rows that {test['of']} are of another kind by their {what}")
    return reasons


def _by_chance(plan: Plan, line: dict[str, Any], rows: dict[str, int]) -> tuple[float | None, str | None]:
    """The largest chance that a source changes sides at the border of the leading tier.

    A difference of two scores is as good as a mean over rows, whose error the jackknife gave: of n rows before, m now
    and k in both, it changes by a normal number of variance ``stderr^2 * (1 + n/m - 2k/m)``.
    """
    if not rows["now"]:
        return None, None
    share = 1 + rows["before"] / rows["now"] - 2 * rows["stayed"] / rows["now"]
    try:
        ranking = read_ranking(plan.workspace.folder("rankings"), line["ranking_id"])
        replicates = _replicates(plan, ranking)
    except ArtefactError:
        return None, None
    ranked = ranking["ranking"]
    best: tuple[float | None, str | None] = (None, None)
    for row in ranked[1:]:
        own, lead = replicates.get(_key(row)), replicates.get(_key(ranked[0]))
        if own is None or lead is None:
            continue
        chance = _crosses(abs(ranked[0]["score"] - row["score"]), paired_stderr(lead, own), max(share, 0.0))
        if best[0] is None or chance > best[0]:
            best = (chance, row["source"])
    return best


def _crosses(difference: float, stderr: float, share: float) -> float:
    """How likely a difference changes sides of 2 standard errors, which is where a tier ends."""
    spread = stderr * math.sqrt(share)
    if spread == 0.0:
        return 0.0
    return float(f"{0.5 * math.erfc(abs(difference - 2 * stderr) / spread / math.sqrt(2)):.3g}")


def _key(row: dict[str, Any]) -> tuple[str, float]:
    return row["source_version"], row["score"]


def _replicates(plan: Plan, ranking: dict[str, Any]) -> dict[tuple[str, float], list[float]]:
    scores = Batches(plan.workspace.folder("scores"), SCORES).read(ranking["target_version"])
    ours = (pl.col("encoder") == ranking["encoder"]) & (pl.col("scorer") == ranking["scorer"])
    rows = scores.filter(ours & pl.col("replicates").is_not_null())
    return {
        (version, score): one
        for version, score, one in rows.select("source_version", "score", "replicates").rows()
    }
