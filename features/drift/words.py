"""A comparison in words."""

from __future__ import annotations

from typing import Any

from features.drift.comparing import is_unlikely
from features.wording import counted, joined, plain

__all__ = ["headline_of", "sentences_of"]

_ALIKE, _OTHER = "of the same kind, as far as can be told", "of another kind"
_HARDLY = 0.001


def headline_of(drift: dict[str, Any]) -> str:
    """Whether the ranking may move and why, in a sentence."""
    outlook = drift["outlook"]
    reasons = list(outlook["reasons"])
    if drift["task"][0] != drift["task"][1]:
        reasons.insert(0, "its task is another")
    chance, source = outlook["chance"], plain(outlook["source"] or "")
    if reasons:
        return f"The ranking may move: {joined(reasons)}."
    if outlook["may_move"]:
        return (
            f"The ranking may move by chance: other rows of the same kind bring {source} into the leading tier or out "
            f"of it in {chance:.0%} of cases."
        )
    told = "The ranking is not expected to move: nothing about its rows is different in kind"
    if chance is None:
        return f"{told} (how much chance moves cannot be told: there are no standard errors)."
    often = "chance hardly ever changes" if chance < _HARDLY else f"in {chance:.1%} of cases chance changes"
    return f"{told}, and {often} the leading tier."


def sentences_of(drift: dict[str, Any]) -> list[str]:
    """The whole comparison, a sentence each: rows, labels, embeddings, what it comes to, what came of it."""
    said = [_rows(drift["rows"])]
    if drift["task"][0] != drift["task"][1]:
        said.append(f"Its task was {_task(drift['task'][0])} and is {_task(drift['task'][1])}.")
    said += _labels(drift["labels"])
    said += _embeddings(drift)
    said.append(headline_of(drift))
    if drift.get("moved"):
        said.append(str(drift["moved"]))
    return said


def _rows(rows: dict[str, int]) -> str:
    changed = {
        "stayed": rows["stayed"],
        "came": rows["came"],
        "went": rows["went"],
    }
    parts = [f"{count:,} {word}" for word, count in changed.items()]
    more = f"; {rows['relabelled']:,} of those that stayed have another label" if rows["relabelled"] else ""
    return f"It had {counted(rows['before'], 'row')} and has {rows['now']:,}: {', '.join(parts)}{more}."


def _labels(labels: dict[str, Any]) -> list[str]:
    if not labels:
        return []
    said = []
    if labels.get("renamed"):
        pairs = [f"{plain(old)} is {plain(new)}" for old, new in labels["renamed"].items() if old != new]
        said.append(f"Classes have other names, which no score goes by: {joined(pairs)}.")
    for word, classes in (("New", labels.get("appeared")), ("Gone", labels.get("vanished"))):
        if classes:
            said.append(f"{word} {'class' if len(classes) == 1 else 'classes'}: {joined(_classes(classes))}.")
    what = "Class shares" if labels["kind"] == "classes" else "The labels' distribution"
    by = "total variation" if labels["kind"] == "classes" else "Kolmogorov-Smirnov"
    said.append(f"{what} differ by {labels['distance']:.3g} ({by}){_verdict(labels['tests'])}.")
    if labels["kind"] == "numbers":
        said[-1] = said[-1].replace("distribution differ", "distribution differs")
    return said


def _classes(classes: dict[str, int]) -> list[str]:
    return [f"{plain(name)} ({counted(count, 'row')})" for name, count in classes.items()]


def _embeddings(drift: dict[str, Any]) -> list[str]:
    found = drift.get("embeddings")
    if found is None:
        return [f"Embeddings were not compared: {drift.get('no_embeddings') or 'they are not here'}."]
    shift = "far more than its spread" if found["shift"] is None else f"{found['shift']:.2g} of its spread"
    return [f"The centroid of its embeddings moved by {shift}{_verdict(found['tests'])}."]


def _verdict(tests: list[dict[str, Any]]) -> str:
    if not tests:
        return "; too few rows came or went to test whether that is chance"
    said = [
        f"those that {test['of']} are {_OTHER if is_unlikely(test) else _ALIKE} (p = {test['p_value']:.2g})"
        for test in tests
    ]
    return f"; {' and '.join(said)}"


def _task(task: str) -> str:
    return plain(task).replace("_", " ")
