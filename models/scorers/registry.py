"""The registry: every module in this package's folders that offers a ``SCORER``.

A new scorer is one file in the folder that says what it goes by (``fit``: features and labels, ``head``: the
source's predictions, ``data``: the data alone, ``history``: past transfers, ``weights``: what tuning did to the
weights, ``sets``: several sources together); nothing else has to be told of it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from models.errors import SettingsError
from models.scorers import data, fit, head, history, sets, weights
from models.scorers.needs import Need
from models.scorers.scorer import Scorer
from models.scorers.suggest import did_you_mean

__all__ = ["SCORERS", "folder_of", "get_scorer"]

FOLDERS = (fit, head, data, history, weights, sets)


def _found() -> Iterator[tuple[str, Scorer]]:
    for folder in FOLDERS:
        for module in pkgutil.iter_modules(folder.__path__, f"{folder.__name__}."):
            scorer = getattr(importlib.import_module(module.name), "SCORER", None)
            if isinstance(scorer, Scorer):
                yield folder.__name__.rpartition(".")[2], scorer


def _by_name() -> Mapping[str, Scorer]:
    scorers = [scorer for _, scorer in _FOUND]
    names = {scorer.name: scorer for scorer in sorted(scorers, key=lambda scorer: scorer.name)}
    if len(names) != len(scorers):
        raise SettingsError("two scorers have the same name", consequence="none is offered")
    return MappingProxyType(names)


_FOUND = tuple(_found())

SCORERS: Mapping[str, Scorer] = _by_name()
"""Every scorer by its name, in the order of names."""


_FOLDERS: Mapping[str, str] = {scorer.name: folder for folder, scorer in _FOUND}


def folder_of(name: str) -> str:
    """The folder that says what a scorer goes by; "other" for one that was not found in any."""
    return _FOLDERS.get(name, "other")


def get_scorer(name: str) -> Scorer:
    """Look up a scorer.

    Parameters
    ----------
    name
        A scorer's name, or ``NAME@tuned`` for the same scorer on features by really tuned encoders.

    Raises
    ------
    SettingsError
        If there is none of that name (says which is near), or it does not go by features.
    """
    plain, at, where = name.partition("@")
    if plain not in SCORERS or where not in (("tuned",) if at else ("",)):
        shown = name if len(name) <= 60 else name[:57] + "..."
        raise SettingsError(
            f"no scorer is called {shown!r}",
            consequence="nothing was scored",
            next_step=did_you_mean(plain, SCORERS)
            if plain not in SCORERS
            else f"{plain} goes by the ESM's features, {plain}@tuned by those of the tuned encoder",
        )
    scorer = SCORERS[plain]
    if not at:
        return scorer
    if Need.FEATURES not in scorer.needs:
        raise SettingsError(
            f"scorer {plain} does not go by features, so there is no {plain}@tuned",
            consequence="nothing was scored",
            next_step=f"use {plain}",
        )
    return replace(scorer, name=name, title=f"{scorer.title}, on tuned features", on="tuned")
