"""What scorers need of a source that came with a ready-made pool: read from its one file, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from features.artefacts.files import read_arrays, read_arrays_card
from models.errors import ScoringError
from models.scorers.needs import TokenCounts

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from features.artefacts.plan import Plan
    from features.rankings.pool import Member

__all__ = [
    "pooled_centroid",
    "pooled_file",
    "pooled_sentence_centroid",
    "pooled_token_counts",
    "refuse_pooled",
]


def pooled_file(plan: Plan, member: Member) -> Path:
    """The file of a pooled source; its head lies in it as in a file of moments."""
    return plan.path("pools", member.pooled.file if member.pooled else "")


def refuse_pooled(member: Member, what: str) -> NoReturn:
    """Say what pools are shipped without.

    Raises
    ------
    ScoringError
        Always.
    """
    pool = member.pooled.pool if member.pooled else ""
    raise ScoringError(
        f"source '{member.entry.name}' came with pool '{pool}' without a {what}",
        consequence="it is left out of this scorer's rankings",
        next_step="springboard source add with its rows, then springboard ingest; or another scorer",
    )


def pooled_centroid(plan: Plan, member: Member) -> NDArray[np.float32]:
    """Mean base embedding [d] of all rows.

    Raises
    ------
    ArtefactError
        The file is missing or broken.
    """
    return _float32(plan, member, "centroid")


def pooled_sentence_centroid(plan: Plan, member: Member) -> NDArray[np.float32]:
    """Mean embedding [e] of all rows by the sentence encoder.

    Raises
    ------
    ArtefactError
        The file is missing or broken.
    ScoringError
        The pool was made with another sentence encoder than is in force.
    """
    inputs = read_arrays_card(pooled_file(plan, member)).inputs
    if inputs["encoder"] == plan.sentence_encoder:
        return _float32(plan, member, "centroid")
    if inputs["sentence_encoder"] == plan.sentence_encoder:
        return _float32(plan, member, "sentence_centroid")
    refuse_pooled(member, "centroid by this workspace's ranking.sentence_encoder")


def pooled_token_counts(plan: Plan, member: Member) -> TokenCounts:
    """How often each token stands in the source's texts; exceptions as for :func:`pooled_centroid`."""
    names = ("tokens.ids", "tokens.counts")
    arrays: dict[str, NDArray[Any]] = read_arrays(pooled_file(plan, member), names)
    ids, counts = (arrays[name].astype(np.int64) for name in names)
    return TokenCounts(ids, counts)


def _float32(plan: Plan, member: Member, name: str) -> NDArray[np.float32]:
    return np.asarray(read_arrays(pooled_file(plan, member), [name])[name], dtype=np.float32)
