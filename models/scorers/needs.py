"""What scorers may ask for: one vocabulary, so that a scorer, the lists people see and the files agree.

A scorer names its needs; :mod:`features.rankings.supplies` is the one place that reads them from artefacts. What
a source does not have (a head, say, when a model tuned elsewhere came without one) makes that source
excluded with the reason, never scored with a made-up value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ROWWISE", "LowRankUpdate", "Need", "TokenCounts"]


class Need(StrEnum):
    """Everything a scorer can be given; n target rows, d the encoder's width."""

    FEATURES = "features"
    """float64 [n, d]: the target's embeddings as the source's ESM, or its really tuned encoder, gives them."""

    LABELS = "labels"
    """The target's labels: :attr:`~models.scorers.inputs.Inputs.target`."""

    BASE_FEATURES = "base_features"
    """float [n, d]: the target's embeddings by the untouched encoder."""

    SOURCE_HEAD = "source_head"
    """:class:`~models.tuning.head.Head`: what the source's tuned model predicts from its embeddings."""

    SOURCE_SAMPLE = "source_sample"
    """float [m, d]: base embeddings of a seeded sample of the source's rows."""

    SOURCE_CENTROID = "source_centroid"
    """float [d]: mean base embedding of all rows of the source."""

    TARGET_CENTROID = "target_centroid"
    """float [d]: mean base embedding of all rows of the target."""

    SOURCE_SENTENCE_CENTROID = "source_sentence_centroid"
    """float [e]: the same by the sentence encoder of the settings."""

    TARGET_SENTENCE_CENTROID = "target_sentence_centroid"
    """float [e]: the same by the sentence encoder of the settings."""

    SOURCE_TOKENS = "source_tokens"
    """:class:`TokenCounts` of the source's texts."""

    TARGET_TOKENS = "target_tokens"
    """:class:`TokenCounts` of the target's texts."""

    SOURCE_TOKEN_VECTORS = "source_token_vectors"  # noqa: S105 - a name, no password
    """float [t, d]: contextual token vectors (last layer) of a seeded sample of the source's tokens."""

    TARGET_TOKEN_VECTORS = "target_token_vectors"  # noqa: S105 - a name, no password
    """float [t, d]: the same of the target."""

    SOURCE_ROWS = "source_rows"
    """int: accepted rows of the source."""

    PAST_GAINS = "past_gains"
    """float [k]: what the source gained over no transfer on k *other* targets, from past transfer results."""

    SOURCE_FISHER = "source_fisher"
    """float [p]: diagonal empirical Fisher of the encoder tuned on the source, reduced as written there."""

    TARGET_FISHER = "target_fisher"
    """float [p]: the same of the encoder tuned on the target."""

    SOURCE_UPDATE = "source_update"
    """:class:`LowRankUpdate`: tuned minus base weights of the source."""

    TARGET_UPDATE = "target_update"
    """:class:`LowRankUpdate`: tuned minus base weights of the target."""


ROWWISE = frozenset({Need.FEATURES, Need.BASE_FEATURES})
"""Needs with one row a target row: the jackknife deletes the same rows from them."""


@dataclass(frozen=True, eq=False)
class TokenCounts:
    """How often each token of the encoder's vocabulary stands in a dataset's texts.

    Attributes
    ----------
    ids
        int [v], sorted, without special tokens.
    counts
        int [v], all above 0.
    """

    ids: NDArray[np.int64]
    counts: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LowRankUpdate:
    """A fine-tuning update as one low-rank product for each weight matrix.

    Attributes
    ----------
    factors
        Name of the matrix -> (a [out, k], b [in, k]), the update's best approximation ``a @ b.T`` of rank k.
    """

    factors: dict[str, tuple[NDArray[Any], NDArray[Any]]]
