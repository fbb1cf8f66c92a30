"""Where the differences between results come from: the target, the source, the two together, or the seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.evaluation.comparing import TargetTruth

__all__ = ["Shares", "variance_shares"]


@dataclass(frozen=True)
class Shares:
    """A two-way analysis of variance with replication.

    Attributes
    ----------
    target, source, interaction, seed
        Shares of the sum of squares of all results; they add up to 1. ``target``: some are easier. ``source``: some
        help every target, which is all that a popularity rule can know. ``interaction``: who helps whom, which a score
        is for. ``seed``: chance; None with one seed, whose chance is in the interaction. With more of them interaction
        and source hold their part of chance too.
    source_component, interaction_component, seed_component
        Variances in the scale of the results, by the method of moments, with chance taken out (at least 0): what is
        left of source and interaction had one infinitely many seeds. None with one seed, or with one target.
    """

    target: float
    source: float
    interaction: float
    seed: float | None
    source_component: float | None
    interaction_component: float | None
    seed_component: float | None


def variance_shares(truths: Sequence[TargetTruth]) -> Shares | None:
    """Take the results of all targets apart.

    The sums of squares are sequential (target, then source, then interaction, then seed); where every target has the
    same sources and number of seeds the order does not matter. None where results do not differ at all.
    """
    results = np.concatenate([truth.scores.ravel() for truth in truths])
    total = float(((results - results.mean()) ** 2).sum())
    if total <= 0:
        return None
    by_seed = sum(float(((one.scores - one.scores.mean(axis=1, keepdims=True)) ** 2).sum()) for one in truths)
    within = sum(float(((one.scores - one.scores.mean()) ** 2).sum()) for one in truths)
    both = _residual_of_main_effects(truths)
    parts = {
        "target": total - within,
        "source": within - by_seed - both,
        "interaction": both,
        "seed": by_seed,
    }
    target, source, interaction, seed = (
        max(parts[name], 0.0) / total for name in ("target", "source", "interaction", "seed")
    )
    one_seed = all(one.scores.shape[1] == 1 for one in truths)
    return Shares(target, source, interaction, None if one_seed else seed, **_components(truths, parts))


def _residual_of_main_effects(truths: Sequence[TargetTruth]) -> float:
    """Sum of squares, over all results, of what target plus source leave of each pair's mean."""
    means = np.concatenate([one.scores.mean(axis=1) for one in truths])
    weights = np.concatenate([np.full(len(one.scores), float(one.scores.shape[1])) for one in truths])
    sources = np.concatenate([one.members for one in truths])
    _, source = np.unique(sources, return_inverse=True)
    target = np.concatenate([np.full(len(one.scores), at) for at, one in enumerate(truths)])
    design = np.concatenate([np.eye(len(truths))[target], np.eye(int(source.max()) + 1)[source]], axis=1)
    root = np.sqrt(weights)
    fitted = design @ np.linalg.lstsq(design * root[:, None], means * root, rcond=None)[0]
    return float((weights * (means - fitted) ** 2).sum())


def _components(truths: Sequence[TargetTruth], parts: dict[str, float]) -> dict[str, float | None]:
    cells = sum(len(one.scores) for one in truths)
    n_results = sum(one.scores.size for one in truths)
    n_sources = len(np.unique(np.concatenate([one.members for one in truths])))
    free = {
        "seed": n_results - cells,
        "interaction": cells - len(truths) - n_sources + 1,
        "source": n_sources - 1,
    }
    names = ("source_component", "interaction_component", "seed_component")
    if min(free.values()) < 1:
        return dict.fromkeys(names, None)
    square = {name: parts[name] / free[name] for name in free}
    seeds_each, targets_each = n_results / cells, cells / n_sources
    return {
        "seed_component": square["seed"],
        "interaction_component": max((square["interaction"] - square["seed"]) / seeds_each, 0.0),
        "source_component": max(
            (square["source"] - square["interaction"]) / (seeds_each * targets_each), 0.0
        ),
    }
