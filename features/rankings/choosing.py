"""What a refresh has to do: which scorers, and for each of them which targets it takes and which are stale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from features.rankings.pool import Pool
from features.rankings.staleness import Freshness, freshness_by
from features.registry.entries import Kind
from models.scorers import get_scorer, registry

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["ALL", "Work", "chosen_scorers", "work_of"]

ALL = "all"
"""Typed in place of a scorer's name: every scorer that takes the target's task."""


@dataclass(frozen=True)
class Work:
    """What a refresh has to do.

    Attributes
    ----------
    scorers
        The chosen ones.
    todo
        (target, scorer), scorer by scorer.
    fresh
        Chosen targets of which nothing has to be done.
    passed_over
        Target -> those of the scorers that do not take its task, where nobody asked for just this pair.
    waiting
        Target -> why nothing can be ranked yet, where nobody named it: its turn comes with the first source.
    refused
        Target -> why, where somebody named the target for one scorer that does not take its task.
    """

    scorers: tuple[str, ...]
    todo: list[tuple[str, str]] = field(default_factory=list)
    fresh: list[str] = field(default_factory=list)
    passed_over: dict[str, list[str]] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def chosen_scorers(plan: Plan, wanted: str | None) -> list[str]:
    """The scorers that a name stands for: ``all``, one, or the settings' default when not given.

    Raises
    ------
    SettingsError
        There is none of that name.
    """
    if wanted == ALL:
        return sorted(registry.SCORERS)
    return [get_scorer(wanted or plan.workspace.settings.ranking.scorer).name]


def work_of(plan: Plan, names: Sequence[str] | None, scorer: str | None, force: bool) -> Work:
    """Find out what a refresh has to do.

    Parameters
    ----------
    plan
        Keys and paths under the settings in force.
    names
        Targets; all when not given.
    scorer
        A scorer's name, ``all``, or the settings' default when not given.
    force
        Fresh targets too.

    Raises
    ------
    NamingError
        A target is not registered.
    SettingsError
        There is no such scorer.
    """
    chosen = [plan.registry.get(Kind.TARGET, name).name for name in dict.fromkeys(names or ())]
    chosen = chosen or list(plan.registry.current(Kind.TARGET))
    scorers = chosen_scorers(plan, scorer)
    work = Work(tuple(scorers))
    for one, standing in freshness_by(plan, scorers).items():
        of_target = {found.target: found for found in standing}
        for name in chosen:
            _note(work, one, of_target[name], force, just_this_pair=bool(names) and scorer != ALL)
    if work.todo and not names and (why := Pool(plan).why_empty):
        work.waiting.update(dict.fromkeys((target for target, _ in work.todo), why))
        work.todo.clear()
    at_work = {target for target, _ in work.todo} | set(work.refused) | set(work.waiting)
    only_passed = {name for name, left in work.passed_over.items() if len(left) == len(scorers)}
    work.fresh.extend(name for name in chosen if name not in at_work | only_passed)
    return work


def _note(work: Work, scorer: str, found: Freshness, force: bool, *, just_this_pair: bool) -> None:
    if found.applies:
        if force or found.is_stale:
            work.todo.append((found.target, scorer))
    elif just_this_pair:
        work.refused[found.target] = found.reason
    else:
        work.passed_over.setdefault(found.target, []).append(scorer)
