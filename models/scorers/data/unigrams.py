"""Two datasets' unigram distributions over one list of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError
from models.scorers.needs import Need

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs
    from models.scorers.needs import TokenCounts

__all__ = ["source_and_target_shares", "unigram_shares"]


def unigram_shares(
    source: TokenCounts, target: TokenCounts
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give each side's share of every token that either has: two vectors [v] that sum to 1.

    Raises
    ------
    ScoringError
        If a side has no tokens, or counts that are not above 0.
    """
    for side, tokens in (("source", source), ("target", target)):
        if not tokens.ids.size:
            raise _refuse(f"the {side}'s texts hold no tokens")
        if tokens.ids.shape != tokens.counts.shape or tokens.counts.min() <= 0:
            raise _refuse(f"the {side}'s token counts are damaged")
    ids = np.union1d(source.ids, target.ids)
    return _shares(source, ids), _shares(target, ids)


def source_and_target_shares(inputs: Inputs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give :func:`unigram_shares` of a scorer's inputs."""
    return unigram_shares(inputs.given[Need.SOURCE_TOKENS], inputs.given[Need.TARGET_TOKENS])


def _shares(tokens: TokenCounts, ids: NDArray[np.int64]) -> NDArray[np.float64]:
    counts = np.zeros(ids.size)
    counts[np.searchsorted(ids, tokens.ids)] = tokens.counts
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def _refuse(what: str) -> ScoringError:
    return ScoringError(
        what, consequence="no score was stored", next_step="look at its texts, and ingest it again"
    )
