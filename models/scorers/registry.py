"""The registry: every module in this package's folders that offers a ``SCORER``.

A new scorer is one file in the folder that says what it goes by (``fit``: features and labels, ``head``: the
source's predictions, ``data``: the data alone, ``history``: past transfers, ``weights``: what tuning did to the
weights, ``sets``: several sources together); nothing else has to be told of it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from models.errors import SettingsError
from models.scorers import data, fit, head, history, sets, weights
from models.scorers.scorer import Scorer
from models.scorers.suggest import did_you_mean

__all__ = ["SCORERS", "get_scorer"]

FOLDERS = (fit, head, data, history, weights, sets)


def _found() -> Iterator[Scorer]:
    for folder in FOLDERS:
        for module in pkgutil.iter_modules(folder.__path__, f"{folder.__name__}."):
            scorer = getattr(importlib.import_module(module.name), "SCORER", None)
            if isinstance(scorer, Scorer):
                yield scorer


def _by_name() -> Mapping[str, Scorer]:
    scorers = list(_found())
    names = {scorer.name: scorer for scorer in sorted(scorers, key=lambda scorer: scorer.name)}
    if len(names) != len(scorers):
        raise SettingsError("two scorers have the same name", consequence="none is offered")
    return MappingProxyType(names)


SCORERS: Mapping[str, Scorer] = _by_name()
"""Every scorer by its name, in the order of names."""


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
