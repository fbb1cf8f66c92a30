"""Which versions of a target to compare, and keeping what was found: once, as a line of a ledger."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import polars as pl

from features.artefacts.files import read_arrays, read_table
from features.drift.comparing import compare
from features.drift.outlook import outlook_of
from features.rankings.history import RankingLedger
from features.registry.entries import Entry, Kind
from features.registry.ledger import Ledger
from models.errors import ArtefactError

if TYPE_CHECKING:
    from pathlib import Path

    from features.artefacts.plan import Plan

__all__ = ["drift_of", "kept_drifts", "note_drift", "note_drifts"]


def drift_of(plan: Plan, target: Entry) -> dict[str, Any] | None:
    """What became of a target's rows since it was last ranked with others.

    What a refresh has found is read; else it is found now, and not kept.

    Returns
    -------
    dict or None
        JSON: ``target``, ``before`` and ``version`` (of the rows), ``encoder``, ``task`` (before and now), what
        :func:`features.drift.comparing.compare` gives, ``no_embeddings`` (why there are none), ``outlook`` of
        :func:`features.drift.outlook.outlook_of`, ``at`` where it was kept, and ``moved``: what became of the leading
        tier, where the target was ranked since. None where it never had other rows.

    Raises
    ------
    ArtefactError
        The rows of a version are not here.
    """
    before = _before(plan, target)
    if before is None:
        return None
    kept = _kept(plan, before.version, target)
    found = _compared(plan, before, target) if kept is None else kept
    return {**found, "moved": _moved(plan, before, target)}


def kept_drifts(plan: Plan) -> dict[str, dict[str, Any]]:
    """Target -> what a refresh has found of its present rows, as :func:`drift_of`; nothing is computed."""
    found = {}
    for target in plan.registry.current(Kind.TARGET).values():
        before = _before(plan, target)
        kept = None if before is None else _kept(plan, before.version, target)
        if before is not None and kept is not None:
            found[target.name] = {**kept, "moved": _moved(plan, before, target)}
    return found


def note_drifts(plan: Plan) -> dict[str, dict[str, Any]]:
    """Keep what became of every target's rows whose present ones are embedded, and that nobody has kept yet.

    What cannot be compared because its files are not here is passed over: :func:`drift_of` says why.

    Returns
    -------
    dict
        Target -> what was newly kept, as :func:`drift_of`.
    """
    found = {}
    for target in plan.registry.current(Kind.TARGET).values():
        if not plan.path("embeddings", plan.embedding_key(target.version, Kind.TARGET)).exists():
            continue
        with suppress(ArtefactError):
            noted = note_drift(plan, target)
            if noted is not None:
                found[target.name] = noted
    return found


def note_drift(plan: Plan, target: Entry) -> dict[str, Any] | None:
    """Keep what became of a target's rows, unless that is kept already or there is nothing to compare.

    Call it once the target's present rows are embedded. Two processes at once keep it once.

    Returns
    -------
    dict or None
        As :func:`drift_of`; None where nothing new was kept.

    Raises
    ------
    ArtefactError
        The rows of a version are not here.
    """
    from features.audit import note
    from features.record.recorder import mark_unrecorded

    before = _before(plan, target)
    if before is None or _kept(plan, before.version, target) is not None:
        return None
    with plan.workspace.lock("drift"):
        if _kept(plan, before.version, target) is not None:
            return None
        found = _compared(plan, before, target)
        ledger = _ledger(plan)
        mark_unrecorded(plan.workspace)
        record = ledger.append(found)
        on = {"target": target.name, "before": before.version, "version": target.version}
        note(plan.workspace, "target compared", on, ledger=ledger, record=record)
    return {**record, "moved": _moved(plan, before, target)}


def _ledger(plan: Plan) -> Ledger:
    return Ledger(plan.workspace.ledgers / "drift.jsonl")


def _kept(plan: Plan, before: str, target: Entry) -> dict[str, Any] | None:
    wanted = (target.name, before, target.version, plan.encoder)
    for line in reversed(_ledger(plan).read()):
        if (line["target"], line["before"], line["version"], line["encoder"]) == wanted:
            return dict(line)
    return None


def _before(plan: Plan, target: Entry) -> Entry | None:
    """The registration of the rows that the target was last ranked with, or else had last."""
    others = [
        one
        for one in plan.registry.history
        if one.kind is Kind.TARGET and one.name == target.name and one.version != target.version
    ]
    if not others:
        return None
    by_version = {one.version: one for one in others}
    scorer = plan.workspace.settings.ranking.scorer
    for line in reversed(RankingLedger(plan.workspace).lines(target.name, scorer, plan.encoder)):
        if line["target_version"] in by_version:
            return by_version[line["target_version"]]
    return others[-1]


def _compared(plan: Plan, before: Entry, target: Entry) -> dict[str, Any]:
    embeddings, why = _embeddings(plan, before.version, target.version)
    rows = [read_table(plan.path("datasets", one.version)) for one in (before, target)]
    numbers = [one.task.is_regression for one in (before, target)]
    found: dict[str, Any]
    if numbers[0] == numbers[1]:
        seed = plan.workspace.settings.ranking.seed
        found = compare(rows[0], rows[1], numbers=numbers[0], embeddings=embeddings, seed=seed)
    else:
        # Classes and numbers have nothing to compare.
        texts = [one.with_columns(label=pl.lit("")) for one in rows]
        found = compare(texts[0], texts[1], numbers=False, embeddings=embeddings) | {"labels": {}}
    line = _ranked_with(plan, target, before.version)
    outlook = outlook_of(plan, line, found)
    tasks = [before.task.value, target.task.value]
    return {
        "target": target.name,
        "before": before.version,
        "version": target.version,
        "encoder": plan.encoder,
        "task": tasks,
        **found,
        "no_embeddings": why,
        "outlook": {**outlook, "may_move": outlook["may_move"] or tasks[0] != tasks[1]},
    }


def _embeddings(plan: Plan, before: str, now: str) -> tuple[Any, str]:
    paths = [plan.path("embeddings", plan.embedding_key(version, Kind.TARGET)) for version in (before, now)]
    if not paths[1].exists():
        return None, "the present rows are not embedded yet (springboard refresh)"
    if not paths[0].exists():
        return None, "the earlier rows were never embedded by this encoder, or their file is not here"
    return (_vectors(paths[0]), _vectors(paths[1])), ""


def _vectors(path: Path) -> Any:
    return read_arrays(path, ["vectors"])["vectors"]


def _ranked_with(plan: Plan, target: Entry, version: str) -> dict[str, Any] | None:
    scorer = plan.workspace.settings.ranking.scorer
    lines = RankingLedger(plan.workspace).lines(target.name, scorer, plan.encoder)
    return next((line for line in reversed(lines) if line["target_version"] == version), None)


def _moved(plan: Plan, before: Entry, target: Entry) -> str:
    """What became of the leading tier, where the target was ranked with both versions of its rows."""
    from features.rankings.changes import changes_between
    from features.rankings.ranking import read_ranking

    lines = [_ranked_with(plan, target, version) for version in (before.version, target.version)]
    try:
        folder = plan.workspace.folder("rankings")
        old, new = (read_ranking(folder, line["ranking_id"]) for line in lines if line is not None)
    except (ArtefactError, ValueError):
        return ""
    return changes_between(old, new).leading_sentence
