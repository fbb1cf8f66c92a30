"""Reading back, one by one, what is kept of a source or target for scorers; a small need reads a small part."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from features.artefacts.files import read_arrays, read_arrays_card
from models.errors import ArtefactError, ScoringError
from models.scorers.needs import LowRankUpdate, TokenCounts
from models.tuning.head import Head

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from features.artefacts.plan import Plan
    from features.registry.entries import Entry

__all__ = [
    "read_fisher",
    "read_head",
    "read_sample",
    "read_token_counts",
    "read_token_vectors",
    "read_update",
    "source_file",
]


def source_file(plan: Plan, source: Entry) -> Path:
    """The file with a source's head and traces: its moments."""
    return plan.path("moments", plan.source_keys(source).moments)


def read_head(path: Path, name: str) -> Head:
    """The head of a source's tuned model.

    Parameters
    ----------
    path
        See :func:`source_file`.
    name
        The source, for people.

    Raises
    ------
    ArtefactError
        The file is missing or broken.
    ScoringError
        There is no head; says why.
    """
    facts = _facts(path)
    _refuse_absent(facts, "head", f"source '{name}' has no head")
    arrays = read_arrays(path, ["head.weight", "head.bias"])
    try:
        about = facts["head"]
        return Head(
            arrays["head.weight"].astype(np.float32),
            arrays["head.bias"].astype(np.float32),
            tuple(facts["classes"]),
            label_mean=float(about["label_mean"]),
            label_std=float(about["label_std"]),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise _broken(path, problem) from problem


def read_fisher(path: Path, whose: str) -> NDArray[np.float64]:
    """The Fisher vector [p] of a tuned encoder, see :func:`models.tuning.fisher.diagonal_fisher`.

    Parameters
    ----------
    path
        A moments file, or that of a target's traces.
    whose
        "source 'x'" or "target 'y'", for people.

    Raises
    ------
    ArtefactError, ScoringError
        As for :func:`read_head`.
    """
    from models.tuning.traces import FISHER_ARRAYS, unpack_fisher

    _refuse_absent(_facts(path), "fisher", f"{whose} has no Fisher information")
    return unpack_fisher(read_arrays(path, FISHER_ARRAYS))


def read_update(path: Path, whose: str) -> LowRankUpdate:
    """The low-rank update of a tuned encoder's weights; parameters and exceptions as for :func:`read_fisher`."""
    from models.tuning.traces import UPDATE_ARRAYS, unpack_update

    facts = _facts(path)
    _refuse_absent(facts, "update", f"{whose} has no update of weights")
    arrays = read_arrays(path, UPDATE_ARRAYS)
    try:
        layers = list(facts["update"]["layers"])
    except (KeyError, TypeError) as problem:
        raise _broken(path, problem) from problem
    return LowRankUpdate(unpack_update(arrays, layers))


def read_sample(plan: Plan, entry: Entry) -> NDArray[np.float32]:
    """Base embeddings [m, d] of the rows that are kept: a sample of a source, all of a target.

    Raises
    ------
    ArtefactError
        The file is missing or broken.
    """
    return np.asarray(_embedding(plan, entry, "vectors")["vectors"], dtype=np.float32)


def read_token_counts(plan: Plan, entry: Entry) -> TokenCounts:
    """How often each token stands in a dataset's texts; exceptions as for :func:`read_sample`."""
    arrays = _embedding(plan, entry, "tokens.ids", "tokens.counts")
    return TokenCounts(arrays["tokens.ids"].astype(np.int64), arrays["tokens.counts"].astype(np.int64))


def read_token_vectors(plan: Plan, entry: Entry) -> NDArray[np.float32]:
    """Vectors in context [t, d] of a sample of a dataset's tokens; exceptions as for :func:`read_sample`."""
    return np.asarray(_embedding(plan, entry, "token_vectors")["token_vectors"], dtype=np.float32)


def _embedding(plan: Plan, entry: Entry, *names: str) -> dict[str, NDArray[Any]]:
    return read_arrays(plan.path("embeddings", plan.embedding_key(entry.version, entry.kind)), names)


def _facts(path: Path) -> Mapping[str, Any]:
    return read_arrays_card(path).facts


def _refuse_absent(facts: Mapping[str, Any], part: str, what: str) -> None:
    about = facts.get(part)
    note = about.get("note") if isinstance(about, dict) else f"its file says nothing of a {part}"
    if note:
        raise ScoringError(
            f"{what} ({note})",
            consequence="it is left out of this scorer's rankings",
            next_step="use a scorer that does not need it (springboard scorers)",
        )


def _broken(path: Path, problem: Exception) -> ArtefactError:
    return ArtefactError(
        f"the card of artefact '{path}' lacks {problem}",
        consequence="what needs it was left out",
        next_step=f"delete '{path}' and springboard ingest makes it anew",
    )
