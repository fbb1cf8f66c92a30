"""``springboard scorers``: what there is to rank by; reads no workspace and starts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flows.cli.common import AsJson, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from models.scorers import Scorer

__all__ = ["scorers"]

_WIDE = 120
"""A terminal of so many columns has room for everything."""

_GOES_BY = {
    "fit": "Features and labels",
    "head": "The source model's predictions",
    "data": "The data alone",
    "history": "Past transfers",
    "weights": "What tuning did to the weights",
    "sets": "Several sources together",
}


def scorers(json: AsJson = False) -> None:
    """Every scorer: the tasks it takes, what it needs, what it costs, which end is good, and its paper."""
    from models.scorers import registry

    records = [_record(scorer, registry.folder_of(name)) for name, scorer in registry.SCORERS.items()]
    if json:
        print_json(records)
        return
    from flows.cli.render.console import stdout_console

    _show(records, stdout_console())


def _record(scorer: Scorer, folder: str) -> dict[str, Any]:
    from models.scorers import Need

    return {
        "name": scorer.name,
        "title": scorer.title,
        "goes_by": folder,
        "tasks": sorted(task.value for task in scorer.tasks),
        "needs": sorted(need.value for need in scorer.needs),
        "cost": scorer.cost,
        "direction": scorer.direction,
        "joint": scorer.joint,
        "on_tuned": f"{scorer.name}@tuned" if Need.FEATURES in scorer.needs else None,
        "settings": dict(scorer.defaults),
        "paper": scorer.paper,
    }


def _show(records: list[dict[str, Any]], console: Console) -> None:
    from flows.cli.render.console import write_line
    from flows.cli.render.table import print_table

    narrow = console.is_terminal and console.width < _WIDE
    heads = ["name", "tasks", "cost", "best", "what", *([] if narrow else ["needs", "paper"])]
    for folder in [*_GOES_BY, "other"]:
        found = [one for one in records if one["goes_by"] == folder]
        if not found:
            continue
        write_line(console, _GOES_BY.get(folder, "Other"), "bold")
        print_table(
            heads,
            [_cells(one)[: len(heads)] for one in found],
            keep=["name", "tasks", "cost", "best"],
            wrap=["what", "needs", "paper"],
            console=console,
        )
        write_line(console)
    if narrow:
        write_line(console, "What each needs, and its paper: --json, or a terminal of 120 columns.", "dim")
    for line in (
        "springboard refresh --scorer NAME computes one, --scorer all every one that takes the target's task.",
        "NAME@tuned: the same on features by the really tuned encoder, where it was kept or brought along.",
    ):
        write_line(console, line)


def _cells(one: dict[str, Any]) -> list[str]:
    needs = [need.replace("_", " ") for need in one["needs"]]
    best = "lowest" if one["direction"] == "lower" else "highest"
    return [
        one["name"],
        _tasks(one["tasks"]),
        one["cost"],
        best,
        one["title"],
        ", ".join(needs),
        one["paper"],
    ]


def _tasks(tasks: list[str]) -> str:
    """Which tasks, in a word where there is one: hardly a scorer tells pairs from single texts."""
    from models.tasks import Task

    classes = {task.value for task in Task if not task.is_regression}
    known = {frozenset(Task): "all", frozenset(classes): "classes", frozenset(set(Task) - classes): "numbers"}
    return known.get(frozenset(tasks), ", ".join(task.replace("_", " ") for task in tasks))
