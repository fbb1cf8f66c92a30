"""Asking the rules a second time, through Great Expectations, and showing the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from features.gate.findings import Finding
from features.gate.rules import RowRule
from features.gate.session import bad_rows, pandas_frame, validate

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from features.gate.rules import DatasetRule
    from features.gate.settings import GateRole, GateSettings
    from models.tasks import Task

__all__ = ["ask", "explain", "rows_to_pandas"]

Active = list[tuple["RowRule | DatasetRule", dict[str, Any]]]


def explain(
    flagged: pl.DataFrame,
    masks: pl.DataFrame,
    task: Task,
    active: Active,
    *,
    role: GateRole,
    name: str,
    settings: GateSettings,
    docs: Path,
    findings: list[Finding],
) -> tuple[Path, list[Finding]]:
    """Validate the rows through Great Expectations and write the page of the Data Docs.

    Parameters
    ----------
    flagged
        Canonical rows plus ``refused``: whether the masks refused the row.
    masks
        One Boolean column per row rule, True for a good row.
    task, active
        The dataset's task, and its active rules with their settings.
    role, name, settings, docs, findings
        For the page.

    Returns
    -------
    tuple
        The page, and a warning for every rule on which the mask and Great Expectations disagree.
    """
    from features.gate.docs import write_page

    by_rule = ask(flagged, task, active)
    disagreements = []
    for rule, _ in active:
        results = by_rule.get(rule.name, [])
        if isinstance(rule, RowRule):
            theirs = set().union(*(bad_rows(result) for result in results))
            differing = theirs ^ set(np.flatnonzero(~masks[rule.name].to_numpy()).tolist())
        else:
            good = all(result.success for result in results)
            known_bad = any(found.rule == rule.name for found in findings)
            differing = {0} if good == known_bad else set()
        if differing:
            disagreements.append(_disagreement(rule, len(differing)))
    verdict = {
        "name": name,
        "role": role,
        "task": task.value,
        "rows": flagged.height,
        "refused": int(flagged["refused"].sum()),
        "stopped": any(found.level == "dataset" and found.severity == "stop" for found in findings),
    }
    page = write_page(
        docs,
        [result for results in by_rule.values() for result in results],
        verdict=verdict,
        findings=[*findings, *disagreements],
        keep=settings.keep_pages,
    )
    return page, disagreements


def ask(flagged: pl.DataFrame, task: Task, active: Active) -> dict[str, list[Any]]:
    """Put every active rule to Great Expectations.

    Parameters
    ----------
    flagged
        Canonical rows plus ``refused``.
    task, active
        As in :func:`explain`.

    Returns
    -------
    dict of str to list
        Results by rule name. Row rules and rules over all rows see all rows; the others the accepted ones.
    """
    survivors = flagged.filter(~pl.col("refused"))
    everything = [(rule, setting) for rule, setting in active if _sees_all(rule)]
    accepted = [(rule, setting) for rule, setting in active if not _sees_all(rule)]
    return _validate(flagged, task, everything) | _validate(survivors, task, accepted)


def rows_to_pandas(rows: pl.DataFrame, task: Task) -> pd.DataFrame:
    """Turn canonical rows into the frame the expectations see.

    ``row_id`` is the row's number, ``label_shown`` the label as text (None when missing): a pandas column of
    numbers cannot tell a missing label from a NaN.
    """
    columns: dict[str, Any] = {name: rows[name].to_list() for name in ("split", "text_a", "text_b")}
    columns["row_id"] = range(rows.height)
    columns["label_shown"] = rows["label"].cast(pl.String).to_list()
    if task.is_regression:
        columns["label"] = [np.nan if label is None else label for label in rows["label"].to_list()]
    if "refused" in rows.columns:
        columns["refused"] = rows["refused"].cast(pl.Int64).to_list()
    return pandas_frame(columns)


def _validate(rows: pl.DataFrame, task: Task, active: Active) -> dict[str, list[Any]]:
    frame = rows_to_pandas(rows, task)
    expectations = []
    for rule, setting in active:
        for column, values in rule.helper(frame, task, setting).items():
            frame[column] = values
        for expectation in rule.expectations(task, setting):
            words = rule.reason.format(seen="too few or too many", **setting)
            expectation.meta = {"rule": rule.name}
            expectation.description = f"{rule.name} ({setting['severity']}): refused when {words}"
            expectations.append(expectation)
    by_rule: dict[str, list[Any]] = {}
    for result in validate(frame, expectations) if expectations else []:
        by_rule.setdefault(result.expectation_config.meta["rule"], []).append(result)
    return by_rule


def _sees_all(rule: RowRule | DatasetRule) -> bool:
    return isinstance(rule, RowRule) or rule.over == "all"


def _disagreement(rule: RowRule | DatasetRule, rows: int) -> Finding:
    concerned = rows if rule.level == "row" else 0
    return Finding(
        rule=rule.name,
        severity="warning",
        level="dataset",
        rows=concerned,
        message=f"Great Expectations and the polars mask disagree on {rule.name}; the mask decided",
    )
