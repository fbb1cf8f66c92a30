"""What a scorer is: a function with a name, a paper, and a list of what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from models.errors import ScoringError, SettingsError
from models.scorers.inputs import Inputs, check_inputs
from models.scorers.needs import ROWWISE, Need
from models.scorers.suggest import did_you_mean

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from models.labels import Labels
    from models.tasks import Task

__all__ = ["FIT", "Cost", "Direction", "On", "Scorer"]

Cost = Literal["cheap", "moderate", "dear"]
"""For n = 1,000 and d = 384 on one core: below 0.1 s, below 1 s, more."""

Direction = Literal["higher", "lower"]
"""Which end of a score is the good one."""

On = Literal["esm", "tuned"]
"""Where a source's features of a target come from."""

FIT = frozenset({Need.FEATURES, Need.LABELS})
"""The needs of a scorer that goes by features and labels alone."""


@dataclass(frozen=True, eq=False)
class Scorer:
    """A transferability score: one number for how well a source suits a target.

    Attributes
    ----------
    name
        What one types, ``[a-z0-9_]+``.
    title, paper
        For people: a few words, and where it comes from.
    tasks
        Task types of targets it can score.
    compute
        ``compute(inputs, **settings) -> float`` on checked :class:`~models.scorers.inputs.Inputs`; a seeded
        one takes ``seed``. With ``joint``, ``compute(iterator of inputs, **settings)`` gives a
        list with one number a source, or a ScoringError in place of one that cannot take part.
    defaults
        Every setting it has, with its default. These are part of a score's key.
    needs
        What it is given, see :class:`~models.scorers.needs.Need`.
    higher_is_better
        False for a distance or an error; rankings sort accordingly.
    cost
        See :data:`Cost`.
    joint
        Scores all sources of a pool together (a set), not each for itself.
    on
        Which features it is given: the target's as the source's ESM imitates them, or as its really tuned encoder
        gives them. ``NAME@tuned`` in the registry is the same scorer on the latter.
    recipe
        Raised by hand when the same inputs would give another number.
    """

    name: str
    title: str
    paper: str
    tasks: frozenset[Task]
    compute: Callable[..., Any]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    needs: frozenset[Need] = FIT
    higher_is_better: bool = True
    cost: Cost = "cheap"
    joint: bool = False
    on: On = "esm"
    recipe: int = 1

    @property
    def seeded(self) -> bool:
        """Whether it draws random numbers; it then has a ``seed`` setting, and one seed gives one score."""
        return "seed" in self.defaults

    @property
    def direction(self) -> Direction:
        """Which end of the scores is the good one."""
        return "higher" if self.higher_is_better else "lower"

    @property
    def goes_by_rows(self) -> bool:
        """Whether the score is of the target's rows, so that deleting some of them tells its error."""
        return bool(self.needs & ROWWISE) and not self.joint

    def resolve(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Complete settings with the defaults, in name order; the form that belongs into a key.

        Raises
        ------
        SettingsError
            If a setting is not one of this scorer's.
        """
        for given in settings:
            if given not in self.defaults:
                raise SettingsError(
                    f"scorer {self.name} has no setting {given!r}",
                    consequence="nothing was scored",
                    next_step=did_you_mean(given, self.defaults),
                )
        return dict(sorted({**self.defaults, **settings}.items()))

    def score(
        self,
        features: ArrayLike | None,
        labels: Labels,
        task: Task,
        *,
        given: Mapping[Need, Any] | None = None,
        **settings: Any,
    ) -> float:
        """Score a source for a target.

        Parameters
        ----------
        features
            [n, d]; not changed. None for a scorer that does not need them.
        labels
            n labels of the target.
        task
            The target's task type.
        given
            What else ``needs`` names.
        settings
            Overrides of ``defaults``.

        Raises
        ------
        ScoringError
            If the inputs cannot be scored, or the result is not finite: a score is a number or an error,
            never NaN.
        SettingsError
            If a setting is unknown.
        """
        if self.joint:
            raise self._refuse("it scores sets of sources", "call score_together")
        complete = self.resolve(settings)
        return self._checked(self.compute(self._inputs(features, labels, task, given), **complete))

    def score_together(
        self,
        candidates: Iterable[Mapping[Need, Any]],
        labels: Labels,
        task: Task,
        **settings: Any,
    ) -> list[float | ScoringError]:
        """Score the sources of a pool together, for a scorer that is ``joint``.

        Parameters
        ----------
        candidates
            What ``needs`` names, features included, for each source; taken one after another, so that a generator
            need not hold the features of a whole pool.
        labels, task, settings
            As for :meth:`score`.

        Returns
        -------
        list of float or ScoringError
            One number a source, or why it cannot take part.

        Raises
        ------
        ScoringError, SettingsError
            As for :meth:`score`.
        """
        if not self.joint:
            raise self._refuse("it scores one source at a time", "call score")
        complete = self.resolve(settings)
        inputs = (self._inputs(one.get(Need.FEATURES), labels, task, one) for one in candidates)
        return [
            value if isinstance(value, ScoringError) else self._checked(value)
            for value in self.compute(inputs, **complete)
        ]

    def _inputs(
        self,
        features: ArrayLike | None,
        labels: Labels,
        task: Task,
        given: Mapping[Need, Any] | None,
    ) -> Inputs:
        if task not in self.tasks:
            raise self._refuse(f"it does not score {task} targets", "choose another scorer with --scorer")
        present = {Need.LABELS} | (set() if features is None else {Need.FEATURES})
        absent = sorted(self.needs - present - set(given or {}))
        if absent:
            raise self._refuse(f"it needs {', '.join(absent)}", "ingest the source again, so that it is kept")
        wanted = {need: given[need] for need in self.needs & set(given or {})} if given else {}
        return check_inputs(features if Need.FEATURES in self.needs else None, labels, task, wanted)

    def _checked(self, value: object) -> float:
        number = float(value)  # type: ignore[arg-type]
        if not np.isfinite(number):
            raise self._refuse(f"it gave {number}", "report this with the dataset's name")
        return number

    def _refuse(self, what: str, next_step: str) -> ScoringError:
        return ScoringError(
            f"scorer {self.name}: {what}", consequence="no score was stored", next_step=next_step
        )
