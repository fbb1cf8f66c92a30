"""Token-wise maximum similarity: for each token of the target, the most similar token of the source.

Lin, Zhang, Mosbach, Klakow, "Exploring the Effectiveness and Consistency of Task Selection in Intermediate-Task
Transfer Learning", ACL 2024 Student Research Workshop. The paper compares tasks by "pairwise token similarity using
maximum inner product search" instead of averaging first, and does so with the tokens of tuned soft prompts. Here
the tokens are contextual vectors of a sample of each dataset's text, so that no prompt has to be tuned.

Decisions, where the paper leaves room or we differ: the best matches are averaged over the target's tokens (which
asks whether the source covers the target, and not the other way round); vectors are brought to length one first,
since with vectors of text the longest of the source would otherwise match everything. ``normalise=False`` is the
inner product itself, as in the paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import ScoringError
from models.scorers.needs import Need
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER", "token_max_similarity"]

ROWS_AT_ONCE = 1024
"""Target tokens compared at a time: the table of all pairs is never held as a whole."""


def token_max_similarity(source: ArrayLike, target: ArrayLike, *, normalise: bool = True) -> float:
    """Average over target tokens [t, d] the largest similarity to a source token [s, d]; higher is better.

    Raises
    ------
    ScoringError
        Vectors of different widths, none at all, not finite, or (normalised) of length zero.
    """
    wide, tall = _tokens("source", source, normalise), _tokens("target", target, normalise)
    if wide.shape[1] != tall.shape[1]:
        raise _refuse(f"source tokens {wide.shape} and target tokens {tall.shape} differ in width")
    parts = range(0, tall.shape[0], ROWS_AT_ONCE)
    best = [(tall[start : start + ROWS_AT_ONCE] @ wide.T).max(axis=1) for start in parts]
    return float(np.concatenate(best).mean())


def _tokens(side: str, vectors: ArrayLike, normalise: bool) -> NDArray[np.float64]:
    x: NDArray[Any] = np.asarray(vectors, dtype=np.float64)
    if x.ndim != 2 or not x.size:
        raise _refuse(f"there are no {side} token vectors (shape {x.shape})")
    if not np.isfinite(x).all():
        raise _refuse(f"the {side} token vectors {x.shape} are not finite (NaN or Inf)")
    if not normalise:
        return x
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    if (lengths == 0).any():
        raise _refuse(f"a {side} token vector is zero, and has no direction")
    return np.asarray(x / lengths, dtype=np.float64)


def _refuse(what: str) -> ScoringError:
    return ScoringError(
        what, consequence="no score was stored", next_step="embed both datasets anew with the same encoder"
    )


def _token_max_similarity(inputs: Inputs, *, normalise: bool) -> float:
    source, target = Need.SOURCE_TOKEN_VECTORS, Need.TARGET_TOKEN_VECTORS
    return token_max_similarity(inputs.given[source], inputs.given[target], normalise=normalise)


SCORER = Scorer(
    name="token_max_similarity",
    title="Token-wise maximum similarity",
    paper="Lin, Zhang, Mosbach, Klakow, 'Exploring the Effectiveness and Consistency of Task Selection', ACL SRW 2024",
    tasks=frozenset(Task),
    compute=_token_max_similarity,
    defaults={"normalise": True},
    needs=frozenset({Need.SOURCE_TOKEN_VECTORS, Need.TARGET_TOKEN_VECTORS}),
    cost="cheap",
)
