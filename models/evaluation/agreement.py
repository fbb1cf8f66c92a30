"""How well a ranking agrees with the truth as a whole: Kendall, Spearman, NDCG, top-k precision; in many pools at once.

scipy and scikit-learn have these for one pool at a time, which thousands of resamples cannot wait for; the tests
compare with them.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from models.evaluation.choosing import Bools, Floats, Places, chosen_of, places_of, strict

__all__ = ["Gains", "gains_of", "kendall", "ndcg", "precision", "spearman"]

Gains = Literal["exponential", "linear"]


def kendall(scores: Floats, truth: Floats, masks: Bools) -> Floats:
    """Kendall's tau-b between scores and truth, [pools].

    Scores that are all level know nothing: 0. A truth that is all level cannot be ranked: NaN.
    """
    ours, theirs = _signs(scores), _signs(truth)
    agreeing = _pair_sum(ours * theirs, masks)
    of_ours, of_theirs = _pair_sum(np.abs(ours), masks), _pair_sum(np.abs(theirs), masks)
    return _ratio(agreeing, np.sqrt(of_ours * of_theirs), undefined=of_theirs == 0)


def spearman(scores: Floats, truth: Floats, masks: Bools) -> Floats:
    """Spearman's rank correlation, ties at their mean rank, [pools]; level scores and truths as in :func:`kendall`."""
    a, b = _centred_ranks(scores, masks), _centred_ranks(truth, masks)
    of_a, of_b = (a * a).sum(axis=1), (b * b).sum(axis=1)
    return _ratio((a * b).sum(axis=1), np.sqrt(of_a * of_b), undefined=of_b == 0)


def ndcg(places: Places, truth: Floats, gains: Gains) -> Floats:
    """Discounted cumulative gain of the whole ranking over that of the best one, [pools].

    ``DCG = sum_i gain_i / log2(1 + place_i)`` (Järvelin and Kekäläinen, 2002); of level scores the mean over all
    ways to break the tie. From 0 to 1; NaN where the best ranking gains nothing.

    Parameters
    ----------
    places
        The ranking.
    truth
        [candidates].
    gains
        See :func:`gains_of`.
    """
    gain = gains_of(truth, gains)
    best = _discounted(places_of(truth, places.masks), gain)
    return _ratio(_discounted(places, gain), best, undefined=best <= 0)


def gains_of(truth: Floats, gains: Gains) -> Floats:
    """Return what finding each candidate is worth, up to a common factor.

    ``exponential``: ``2 ** (100 truth) - 1``, the gains of Schulte et al., "Less is More", EMNLP 2024 (as their
    published evaluation has it; one point more is worth twice as much); divided by the largest power, so that nothing
    overflows. ``linear``: the truth itself, scikit-learn's. A result of 0 or below (of a correlation) gains nothing:
    with negative gains the ratio to the best would have no bounds.
    """
    top = float(truth.max())
    if gains == "linear":
        gain = truth
    elif top > 0:
        gain = np.exp2(100.0 * (truth - top)) - np.exp2(-100.0 * top)
    else:
        gain = np.zeros_like(truth)
    return np.asarray(np.maximum(gain, 0.0), dtype=np.float64)


def precision(places: Places, truth: Floats, k: int) -> Floats:
    """Share of the first k that are among the k best in truth, [pools]; in expectation over ties of the scores."""
    best = chosen_of(places_of(strict(truth), places.masks), k).sure
    return np.asarray(
        (chosen_of(places, k).share * best).sum(axis=1) / np.maximum(best.sum(axis=1), 1), dtype=np.float64
    )


def _signs(values: Floats) -> Floats:
    # Not a difference: of two that are minus infinity it would be NaN.
    higher = values[:, None] > values[None, :]
    return higher.astype(np.float64) - higher.T


def _pair_sum(matrix: Floats, masks: Bools) -> Floats:
    weights = masks.astype(np.float64)
    return np.asarray(((weights @ matrix) * weights).sum(axis=1), dtype=np.float64)


def _centred_ranks(values: Floats, masks: Bools) -> Floats:
    places = places_of(values, masks)
    ranks = (places.before + places.through) / 2.0
    mean = (ranks * masks).sum(axis=1) / np.maximum(masks.sum(axis=1), 1)
    return np.where(masks, ranks - mean[:, None], 0.0)


def _discounted(places: Places, gain: Floats) -> Floats:
    longest = places.masks.shape[1]
    discounts = np.concatenate([[0.0], np.cumsum(1.0 / np.log2(np.arange(2, longest + 2)))])
    level = np.maximum(places.through - places.before, 1)
    mean_discount = (discounts[places.through] - discounts[places.before]) / level
    return np.asarray(np.where(places.masks, mean_discount * gain, 0.0).sum(axis=1), dtype=np.float64)


def _ratio(over: Floats, under: Floats, *, undefined: Bools) -> Floats:
    value = np.divide(over, under, out=np.zeros_like(over), where=under > 0)
    return np.where(undefined, np.nan, value)
