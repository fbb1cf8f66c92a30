"""What a scorer is: a function with a name, a paper, and a list of what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from models.errors import ScoringError, SettingsError
from models.scorers.inputs import check_inputs
from models.scorers.suggest import did_you_mean

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from models.labels import Labels
    from models.tasks import Task

__all__ = ["Cost", "Scorer"]

Cost = Literal["cheap", "moderate", "dear"]
"""For n = 1,000 and d = 384 on one core: below 0.1 s, below 1 s, more."""


@dataclass(frozen=True, eq=False)
class Scorer:
    """A transferability score: one number for features and labels of a target.

    Attributes
    ----------
    name
        What one types, ``[a-z0-9_]+``.
    title, paper
        For people: a few words, and where it comes from.
    tasks
        Task types it can score.
    compute
        ``compute(inputs, **settings) -> float`` on checked :class:`~models.scorers.inputs.Inputs`; a seeded
        one takes ``seed``.
    defaults
        Every setting it has, with its default. These are part of a score's key.
    needs
        Names of arrays wanted beside the features: ``base_features`` [n, d], ``source_probabilities`` [n, c],
        ...
    higher_is_better
        False for a distance or an error; rankings sort accordingly.
    cost
        See :data:`Cost`.
    recipe
        Raised by hand when the same inputs would give another number.
    """

    name: str
    title: str
    paper: str
    tasks: frozenset[Task]
    compute: Callable[..., float]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()
    higher_is_better: bool = True
    cost: Cost = "cheap"
    recipe: int = 1

    @property
    def seeded(self) -> bool:
        """Whether it draws random numbers; it then has a ``seed`` setting, and one seed gives one score."""
        return "seed" in self.defaults

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
        features: ArrayLike,
        labels: Labels,
        task: Task,
        *,
        given: Mapping[str, NDArray[Any]] | None = None,
        **settings: Any,
    ) -> float:
        """Score a target.

        Parameters
        ----------
        features
            [n, d]; not changed.
        labels
            n labels.
        task
            The task type.
        given
            The arrays that ``needs`` names.
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
        complete = self.resolve(settings)
        if task not in self.tasks:
            raise self._refuse(f"it does not score {task} targets", "choose another scorer with --scorer")
        absent = sorted(self.needs - set(given or {}))
        if absent:
            raise self._refuse(f"it needs {', '.join(absent)}", "ingest the source again, so that it is kept")
        value = float(self.compute(check_inputs(features, labels, task, given), **complete))
        if not np.isfinite(value):
            raise self._refuse(f"it gave {value}", "report this with the dataset's name")
        return value

    def _refuse(self, what: str, next_step: str) -> ScoringError:
        return ScoringError(
            f"scorer {self.name}: {what}", consequence="no score was stored", next_step=next_step
        )
