"""LogME of one target under many ESMs, with jackknife replicates, without mapping an embedding.

The target is decomposed once, and once more without each group of rows; every ESM is then scored from small
matrices, exactly (:mod:`models.evidence.many`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import ScoringError, SpringboardError
from models.evidence.arrays import Arrays
from models.evidence.many import ManyMaps
from models.evidence.target import TargetSpectrum
from models.ranking.logme_jackknife import alike, checked_groups, logme_jackknife, present
from models.scorers.fit.logme import logme, logme_targets
from models.scorers.inputs import ALIKE, check_inputs

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from models.esm import ESM
    from models.labels import Labels
    from models.tasks import Task

__all__ = ["LogmeOfMaps"]


class LogmeOfMaps:
    """Scores ESMs for one target by LogME; equal to :func:`models.scorers.logme` of the mapped embeddings.

    Parameters
    ----------
    base
        [n, d], the target's base embeddings.
    labels, task, center
        As for :func:`models.scorers.logme`.
    device
        Where low-rank ESMs are computed, see :meth:`models.evidence.arrays.Arrays.on`.

    Raises
    ------
    ScoringError
        If the target cannot be scored, see :func:`models.scorers.inputs.check_inputs`.
    SettingsError
        If there is no such device.
    """

    def __init__(
        self, base: ArrayLike, labels: Labels, task: Task, *, center: bool = False, device: str = "cpu"
    ) -> None:
        self._arrays = Arrays.on(device)
        self._inputs = check_inputs(base, labels, task)
        self._labels, self._task, self._center = labels, task, center
        self._targets = logme_targets(self._inputs)
        self._groups: NDArray[np.integer[Any]] | None = None
        self._rests: list[ManyMaps | None] = []

    @cached_property
    def _whole(self) -> ManyMaps:
        return self._of(self._inputs.features, self._targets)

    def _of(self, features: NDArray[np.float64], targets: NDArray[np.float64]) -> ManyMaps:
        return ManyMaps(TargetSpectrum.of(features, targets, center=self._center), self._arrays)

    def scores(self, esms: Sequence[ESM]) -> list[float | SpringboardError]:
        """Score e ESMs; where one cannot be scored, the reason stands in its place.

        Raises
        ------
        ScoringError
            If an ESM is of another width than the target's embeddings.
        """
        self._check_widths(esms)
        values = self._whole.log_evidence(esms).mean(axis=1) if esms else np.zeros(0)
        return [
            float(value)
            if np.isfinite(value) and not self._may_collapse(esm)
            else _attempt(lambda esm=esm: self._by_itself(esm))
            for esm, value in zip(esms, values, strict=True)
        ]

    def replicates(
        self, esms: Sequence[ESM], groups: NDArray[np.integer[Any]]
    ) -> list[NDArray[np.float64] | SpringboardError]:
        """Score e ESMs with each of g groups of rows deleted: [g] each, or the reason why not.

        Parameters
        ----------
        esms
            e ESMs.
        groups
            int [n] in 0..g-1, none empty.

        Raises
        ------
        ScoringError
            If the groups do not fit the rows, or an ESM is of another width.
        """
        self._check_widths(esms)
        without = self._without(groups)
        table = np.full((len(esms), len(without)), np.nan)
        for group, rest in enumerate(without):
            if esms and rest is not None:
                table[:, group] = rest.log_evidence(esms).mean(axis=1)
        return [
            row
            if np.isfinite(row).all() and not self._may_collapse(esm)
            else _attempt(lambda esm=esm: self._replicates_by_itself(esm, groups))
            for esm, row in zip(esms, table, strict=True)
        ]

    def _without(self, groups: NDArray[np.integer[Any]]) -> list[ManyMaps | None]:
        """The target less each group of rows; None where that cannot be decomposed, and the plain way says why.

        The last groups' are kept: decomposing ten times costs as much as scoring a hundred ESMs.
        """
        count = checked_groups(groups, len(self._inputs.target))
        place = np.asarray(groups)
        if self._groups is None or not np.array_equal(self._groups, place):
            self._rests = [self._less(place != group) for group in range(count)]
            self._groups = place.copy()
        return self._rests

    def _less(self, kept: NDArray[np.bool_]) -> ManyMaps | None:
        targets, base = present(self._targets[kept], self._center), self._inputs.features[kept]
        return self._of(base, targets) if targets.shape[1] and not alike(base) else None

    @cached_property
    def _apart(self) -> NDArray[np.float64]:
        """[2, d], how far the row that is farthest from the first lies off, and the first."""
        off = self._inputs.features - self._inputs.features[0]
        farthest = off[np.square(off / np.abs(off).max()).sum(axis=1).argmax()]
        return np.stack([farthest, self._inputs.features[0]])

    def _may_collapse(self, esm: ESM) -> bool:
        """Whether all mapped rows may be alike, which is refused: two that are not say no, at no price."""
        off, first = self._apart + (self._apart @ esm.v) @ esm.u.T
        return bool(np.abs(off).max() <= 2 * ALIKE * np.abs(first + esm.b).max())

    def _by_itself(self, esm: ESM) -> float:
        return logme(esm.apply(self._inputs.features), self._labels, self._task, center=self._center)

    def _replicates_by_itself(self, esm: ESM, groups: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        mapped = esm.apply(self._inputs.features)
        return logme_jackknife(mapped, self._labels, self._task, groups, center=self._center)[1]

    def _check_widths(self, esms: Sequence[ESM]) -> None:
        width = self._inputs.features.shape[1]
        wrong = {esm.dim for esm in esms} - {width}
        if wrong:
            raise ScoringError(
                f"ESMs of width {', '.join(map(str, sorted(wrong)))} cannot map embeddings of width {width}",
                consequence="nothing was scored",
                next_step="score with the encoder that the ESMs were made for",
            )


def _attempt(compute: Any) -> Any:
    try:
        return compute()
    except SpringboardError as problem:
        return problem
