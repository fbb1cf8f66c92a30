"""Running the gate: the polars masks split the rows, Great Expectations shows what was asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import polars as pl

from features.gate.findings import Finding, GateReport, shorten
from features.gate.rules import RULES, DatasetRule, RowRule
from features.gate.waiver import Waiver
from models.errors import GateError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from features.gate.settings import GateRole, GateSettings
    from models.tasks import Task

__all__ = ["run_gate"]

_COLUMNS = ("split", "position", "text_a", "text_b", "label")
_EXAMPLES = 3
_NOTHING_RELEASED = Waiver()


def run_gate(
    rows: pl.DataFrame,
    task: Task,
    *,
    role: GateRole,
    name: str,
    settings: GateSettings,
    docs: Path | None = None,
    waiver: Waiver = _NOTHING_RELEASED,
) -> GateReport:
    """Split a dataset into rows that may pass and rows that may not, and judge the whole.

    Row rules look at every row given, so give only splits that carry labels. Dataset rules look at the rows
    that survived. Rows keep their order.

    Parameters
    ----------
    rows
        Canonical rows (``split, position, text_a, text_b, label``); not changed.
    task
        The dataset's task.
    role
        Whether it is to be a source or a target; each has its own severities.
    name
        The dataset's name, for people.
    settings
        Severities and parameters.
    docs
        Folder for the Data Docs. Without one Great Expectations is not run: the masks decide either way, and
        the import alone takes seconds. With one, a rule on which both disagree is reported as a warning.
    waiver
        What somebody released from quarantine: such rows pass, and such a dataset is not refused as a whole.

    Returns
    -------
    GateReport
        What may pass, what was refused and why.

    Raises
    ------
    GateError
        When ``rows`` lacks a canonical column or holds labels of another type than the task's.
    """
    _check_canonical(rows, task, name)
    active = list(_active(task, role, settings))
    masks = _masks(rows, task, active)
    severities = {rule.name: setting["severity"] for rule, setting in active}
    stops = [
        rule.name for rule, _ in active if rule.name in masks.columns and severities[rule.name] == "stop"
    ]
    refused_by = waiver.without_released(rows, _first_refusal(masks, stops, rows.height))
    findings = _row_findings(rows, masks, active)

    flagged = rows.with_columns(refused=refused_by.is_not_null())
    accepted = rows.filter(refused_by.is_null())
    for rule, setting in active:
        if isinstance(rule, DatasetRule):
            good, seen = rule.verdict(flagged if rule.over == "all" else accepted, task, setting)
            if not good:
                message = rule.reason.format(seen=seen, **setting)
                findings.append(Finding(rule.name, setting["severity"], "dataset", 0, message))
    if waiver.lifts(rows):
        findings = [_lifted(finding) for finding in findings]

    page = None
    if docs is not None:
        from features.gate.suite import explain

        page, disagreements = explain(
            flagged,
            masks,
            task,
            active,
            role=role,
            name=name,
            settings=settings,
            docs=docs,
            findings=findings,
        )
        findings.extend(disagreements)
    reasons = {rule.name: rule.reason.format(**setting) for rule, setting in active if rule.level == "row"}
    refused = rows.with_columns(rule=refused_by).filter(pl.col("rule").is_not_null())
    refused = refused.with_columns(reason=pl.col("rule").replace_strict(reasons, return_dtype=pl.String))
    return GateReport(name, role, accepted, refused, findings, page)


def _lifted(finding: Finding) -> Finding:
    if finding.level != "dataset" or finding.severity != "stop":
        return finding
    return replace(finding, severity="warning", message=f"{finding.message} (released from quarantine)")


def _active(
    task: Task, role: GateRole, settings: GateSettings
) -> Iterator[tuple[RowRule | DatasetRule, dict[str, Any]]]:
    for name, rule in RULES.items():
        setting = settings.rules(role).get(name, {"severity": rule.severity[role], **rule.params})
        if setting["severity"] != "off" and rule.applies(task, setting):
            yield rule, setting


def _masks(
    rows: pl.DataFrame, task: Task, active: list[tuple[RowRule | DatasetRule, dict[str, Any]]]
) -> pl.DataFrame:
    """Return one Boolean column per active row rule, True for a good row."""
    return rows.select(
        rule.mask(task, setting).alias(rule.name) for rule, setting in active if isinstance(rule, RowRule)
    )


def _first_refusal(masks: pl.DataFrame, stops: list[str], height: int) -> pl.Series:
    """Return the name of the first stopping rule a row breaks, or null."""
    if not stops:
        # Without any row rule there are no masks, and so nothing that had the rows' number.
        return pl.Series("rule", [None] * height, dtype=pl.String)
    broken = [pl.when(~pl.col(stop)).then(pl.lit(stop)) for stop in stops]
    return masks.select(pl.coalesce(broken).alias("rule")).to_series()


def _row_findings(
    rows: pl.DataFrame, masks: pl.DataFrame, active: list[tuple[RowRule | DatasetRule, dict[str, Any]]]
) -> list[Finding]:
    findings = []
    for rule, setting in active:
        if rule.level == "dataset" or masks[rule.name].all():
            continue
        bad = rows.filter(~masks[rule.name])
        findings.append(
            Finding(
                rule=rule.name,
                severity=setting["severity"],
                level="row",
                rows=bad.height,
                message=f"{rule.reason.format(**setting)}: {bad.height:,} of {rows.height:,} rows",
                examples=tuple(_example(row) for row in bad.head(_EXAMPLES).iter_rows(named=True)),
            )
        )
    return findings


def _example(row: dict[str, Any]) -> str:
    texts = " | ".join(shorten(row[column]) for column in ("text_a", "text_b") if row[column] is not None)
    return f"{row['split']} row {row['position']}: {texts or '(no text)'} [{shorten(row['label'])}]"


def _check_canonical(rows: pl.DataFrame, task: Task, name: str) -> None:
    missing = [column for column in _COLUMNS if column not in rows.columns]
    wanted = pl.Float64 if task.is_regression else pl.String
    if not missing and rows.schema["label"] == wanted:
        return
    what = f"lack {', '.join(missing)}" if missing else f"hold {cast('Any', rows.schema['label'])} labels"
    raise GateError(
        f"The rows of '{shorten(name)}' {what}, which a {task.value} dataset cannot",
        consequence="the gate was not run and nothing was stored",
        next_step="read the dataset again with `springboard source add` or `springboard target add`",
    )
