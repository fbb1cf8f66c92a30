"""What a team of sources is worth: two submodular functions, and the greedy pick for either.

Both start from a cost for each source (how far its domain and its task are from the target's) and add how its
model's predictions relate to those of the rest of the team.

``Complement`` wants members that say different things: F(S) = log det(I + Q K Q) over the members. K is the alignment
of their predictions, off the diagonal times the weight of cohesion, and Q^2 = (e - 1) exp(lowest cost - cost). Leaving
out the I, that is a constant for each member minus its cost, and log det K; a member's gain holds the entropy of its
predictions given the team's, if they were Gaussian. I + Q K Q has no eigenvalue below 1, so F never falls when a source
joins, and such a log det is submodular (Krause, Singh, Guestrin, JMLR 2008). The unit is set so that the first
pick gains 1, and a copy of it (log(2 - 1/e) = 0.49) as much as an unrelated source whose cost is 1 more.

``Agreement`` is the paper's own: members that reinforce each other. F(S) = -(sum of costs) - weight * (sum over pairs
of their disagreement: the conditional entropies both ways, by the joint entropy). Each further member can only add
penalties, so gains shrink and F is submodular. It is not monotone: every gain is negative, and monotonicity does not
follow from submodularity, as the paper has it. With a constant for every member that is large enough F is monotone on
the sets that matter, and at a fixed k the constant changes no pick; the guarantee holds for F with that constant.

Nemhauser, Wolsey, Fisher, 1978: for a monotone submodular F with F(no one) = 0, the greedy team of k is worth at least
1 - 1/e = 63 % of the best team of k.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Agreement", "Complement", "Pick", "Team", "pick"]

FIRST = np.e - 1
"""Squared quality of the pool's best source; log(1 + this) = 1."""

SILENT = 1e-20
"""Variance per row below which a model's predictions are taken to be the same for every row."""


class Team(Protocol):
    """A set function that is built up one member at a time."""

    def gains(self) -> NDArray[np.float64]:
        """What each source [s] would add to the team as it is; members' own entries mean nothing."""

    def add(self, member: int) -> None:
        """Let a source join."""


@dataclass(frozen=True, eq=False)
class Pick:
    """A greedy pick.

    Attributes
    ----------
    members
        k places of sources, in the order they were picked.
    scores
        [s]: a member's gain when it joined, any other's gain after the last had joined. Sorted by these, members come
        first and in the order of the pick.
    """

    members: tuple[int, ...]
    scores: NDArray[np.float64]


def pick(team: Team, k: int) -> Pick:
    """Pick k sources greedily, the one with the largest gain each time; the first of equals.

    Gains of all sources are kept up to date with one matrix product a pick, so there is nothing for a lazy queue
    to save.
    """
    free = np.ones(team.gains().size, dtype=bool)
    members: list[int] = []
    scores = np.full(free.size, np.nan)
    last = np.inf
    for _ in range(min(k, free.size)):
        gains = np.where(free, team.gains(), -np.inf)
        best = int(gains.argmax())
        # Diminishing returns hold exactly; rounding must not let a later gain pass an earlier one.
        last = scores[best] = min(last, float(gains[best]))
        free[best] = False
        members.append(best)
        team.add(best)
    scores[free] = np.minimum(last, team.gains()[free])
    return Pick(tuple(members), scores)


class Complement:
    """F(S) = log det(I + Q K Q); see the module.

    Parameters
    ----------
    costs
        [s]; only their differences matter.
    predictions
        s tables of class probabilities [n, z], z differing by source.
    cohesion
        Weight in [0, 1] of the alignment; at 0 each source counts for itself alone.
    """

    def __init__(
        self,
        costs: NDArray[np.float64],
        predictions: Sequence[NDArray[np.float64]],
        *,
        cohesion: float = 1.0,
    ) -> None:
        self._quality = np.sqrt(FIRST * np.exp(costs.min() - costs))
        self._cohesion = cohesion
        self._columns = np.concatenate([table - table.mean(axis=0) for table in predictions], axis=1)
        self._starts = _starts([table.shape[1] for table in predictions])
        self._norms = np.array([self._norm(place) for place in range(len(predictions))])
        self._silent = self._norms <= SILENT * self._columns.shape[0]
        self._rows = np.zeros((0, costs.size))
        self._left = 1 + self._quality**2 * (1 - cohesion * self._silent)

    def gains(self) -> NDArray[np.float64]:
        """Give log of what is left of each source's variance once the team is known."""
        return np.asarray(np.log(np.maximum(self._left, 1)), dtype=np.float64)

    def add(self, member: int) -> None:
        """Let a source join: one more row of a pivoted Cholesky factor, for all sources at once."""
        column = self._quality * self._quality[member] * self._cohesion * self.alignment_with(member)
        column[member] = self._left[member] + np.square(self._rows[:, member]).sum()
        row = (column - self._rows[:, member] @ self._rows) / np.sqrt(self._left[member])
        self._rows = np.vstack([self._rows, row])
        self._left = self._left - row**2

    def alignment_with(self, member: int) -> NDArray[np.float64]:
        """Linear centred kernel alignment of each source's predictions with a member's, [s] in [0, 1].

        Kornblith et al., ICML 2019. 1 for the same predictions under other names of classes, 0 for unrelated ones, or
        where either says the same of every row. Being inner products of unit vectors, alignments of a team make a
        matrix without negative eigenvalues, which those of mutual information do not.
        """
        products = self._columns.T @ self._part(member)
        squares = np.add.reduceat(np.square(products).sum(axis=1), self._starts)
        scale = self._norms * self._norms[member]
        known = ~(self._silent | self._silent[member])
        return np.asarray(np.divide(squares, scale, out=np.zeros(scale.size), where=known), dtype=np.float64)

    def _part(self, place: int) -> NDArray[np.float64]:
        ends = np.append(self._starts[1:], self._columns.shape[1])
        return self._columns[:, self._starts[place] : ends[place]]

    def _norm(self, place: int) -> float:
        part = self._part(place)
        return float(np.linalg.norm(part.T @ part))


class Agreement:
    """F(S) = - sum of costs - cohesion * sum over pairs of disagreement; see the module.

    Parameters
    ----------
    costs
        [s].
    predictions
        s columns of class ids from 0, [n] each.
    cohesion
        Weight, 0 or more, of the disagreement of a pair, which lies in [0, 1].
    """

    def __init__(
        self, costs: NDArray[np.float64], predictions: Sequence[NDArray[np.int64]], *, cohesion: float = 1.0
    ) -> None:
        self._gains = -np.asarray(costs, dtype=np.float64)
        self._cohesion = cohesion
        self._ids = np.stack(predictions)
        widths = [int(column.max()) + 1 for column in predictions]
        self._widths, self._starts = widths, _starts(widths)
        alone = np.zeros(self._ids.shape[1], dtype=np.int64)
        self._entropies = self._joint_entropies(alone, 1)

    def gains(self) -> NDArray[np.float64]:
        """Give minus the cost and minus the disagreements with the team, for each source."""
        return self._gains

    def add(self, member: int) -> None:
        """Let a source join: everyone's gain falls by the disagreement with it."""
        self._gains = self._gains - self._cohesion * self.disagreement_with(member)

    def disagreement_with(self, member: int) -> NDArray[np.float64]:
        """(H(a | b) + H(b | a)) / H(a, b) of each source's hard predictions and a member's, [s] in [0, 1].

        The variation of information by the joint entropy; 0 for the same partition of the rows, and for two models
        that both say the same of every row.
        """
        joint = self._joint_entropies(self._ids[member], self._widths[member])
        apart = 2 * joint - self._entropies - self._entropies[member]
        share = np.divide(apart, joint, out=np.zeros(joint.size), where=joint > 0)
        return np.asarray(np.clip(share, 0, 1), dtype=np.float64)

    def _joint_entropies(self, ids: NDArray[np.int64], width: int) -> NDArray[np.float64]:
        """Entropy in nats of each source's predictions together with one more column of ids."""
        from scipy.special import xlogy

        cells = (self._ids + self._starts[:, None]) * width + ids
        counts = np.bincount(cells.ravel(), minlength=sum(self._widths) * width)
        shares = counts / self._ids.shape[1]
        return np.asarray(-np.add.reduceat(xlogy(shares, shares), self._starts * width), dtype=np.float64)


def _starts(widths: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(widths)[:-1]]).astype(np.int64)
