"""The registry: one line a scorer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from models.errors import SettingsError
from models.scorers.logme import LOGME
from models.scorers.scorer import Scorer
from models.scorers.suggest import did_you_mean

__all__ = ["SCORERS", "get_scorer"]

SCORERS: Mapping[str, Scorer] = MappingProxyType({scorer.name: scorer for scorer in (LOGME,)})
"""Every scorer by its name."""


def get_scorer(name: str) -> Scorer:
    """Look up a scorer.

    Raises
    ------
    SettingsError
        If there is none of that name; says which is near.
    """
    try:
        return SCORERS[name]
    except KeyError:
        shown = name if len(name) <= 60 else name[:57] + "..."
        raise SettingsError(
            f"no scorer is called {shown!r}",
            consequence="nothing was scored",
            next_step=did_you_mean(name, SCORERS),
        ) from None
