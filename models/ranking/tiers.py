"""Tiers: which neighbours in a ranking the target's data can tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError
from models.ranking.jackknife import paired_stderr

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["assign_tiers"]


def assign_tiers(scores: Sequence[float], replicates: Sequence[ArrayLike | None]) -> list[int]:
    """Cut a sorted ranking into tiers.

    Tier 1 starts at the leader. A new tier starts at the first source whose paired difference from the
    current tier's leader exceeds 2 standard errors of that difference.

    The first source without replicates starts one last tier, shared by all from there on: they were not
    tested, so nothing is claimed about them but their order. When no source has replicates, that last tier is
    also the first. Equal scores never start a tier, whatever their standard error; a difference with a
    standard error of zero does.

    Parameters
    ----------
    scores
        [m], best first, higher is better (negate a distance).
    replicates
        [m], each source's jackknife replicates [g] over the same groups, or None where they were not
        computed.

    Returns
    -------
    list of int
        [m], from 1, never falling.

    Raises
    ------
    ScoringError
        If scores are not sorted or not finite, or replicates do not pair up.
    """
    values = np.asarray(scores, dtype=np.float64)
    if len(values) != len(replicates) or not np.isfinite(values).all() or (np.diff(values) > 0).any():
        raise ScoringError(
            f"{len(values)} scores with {len(replicates)} sets of replicates are not a sorted ranking",
            consequence="no ranking was stored",
            next_step="`springboard refresh --force` scores the target anew",
        )
    tiers: list[int] = []
    leader = 0
    for place, own in enumerate(replicates):
        lead = replicates[leader] if replicates else None
        if own is None or lead is None:
            last = tiers[-1] + 1 if tiers else 1
            return tiers + [last] * (len(values) - place)
        difference = float(values[leader] - values[place])
        if place == 0:
            tiers.append(1)
        elif difference > 0 and difference > 2 * paired_stderr(lead, own):
            tiers.append(tiers[-1] + 1)
            leader = place
        else:
            tiers.append(tiers[-1])
    return tiers
