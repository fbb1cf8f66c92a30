"""Releasing what the gate refused: the rows join their dataset as a new version, and pass from then on."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from features.artefacts.cards import Card
from features.artefacts.files import read_table, read_table_card, write_table
from features.artefacts.plan import Plan
from features.audit import who
from features.gate.rules import blank_text, missing_label, missing_second_text, missing_text
from features.gate.waiver import content_digest
from features.quarantine.decisions import Decisions, Lifted
from features.quarantine.reasons import checked_reason
from features.quarantine.waiting import Waiting, waiting_of
from features.reading.canonical import cap_rows, dataset_version
from features.reading.wording import listed, shown
from features.record.recorder import mark_unrecorded
from features.registry.entries import Kind
from models.errors import ArtefactError, GateError, SettingsError
from models.tasks import OnProgress, Task, silent

if TYPE_CHECKING:
    from features.registry.entries import Entry
    from features.workspace.layout import Workspace

__all__ = ["Released", "release"]

_NEEDED = (missing_text.RULE, missing_second_text.RULE, blank_text.RULE, missing_label.RULE)
"""The rules that say what no task can do without."""


@dataclass(frozen=True)
class Released:
    """What a release did.

    Attributes
    ----------
    entry
        What the name stands for from now on.
    before
        The version it stood for, or None where the dataset was refused as a whole.
    rows
        How many rows were released; of a whole dataset those that no rule of rows objected to.
    by_rule
        Rule -> how many of them it had refused.
    left
        Rule -> how many rows wait still.
    unusable
        How many of the chosen rows cannot be used whatever anybody decides: without a text or a label.
    """

    entry: Entry
    before: str | None
    rows: int
    by_rule: dict[str, int]
    left: dict[str, int]
    unusable: int


def release(
    workspace: Workspace,
    name: str,
    reason: str,
    *,
    role: str | None = None,
    rows: Sequence[str] = (),
    rules: Sequence[str] = (),
    on_progress: OnProgress = silent,
) -> Released:
    """Release what waits in quarantine under a name.

    Rows of an accepted dataset join it as a new version; the gate lets these rows pass from then on. Of a dataset that
    was refused as a whole the refusal is lifted, for just the rows that it held: it is read again from its
    reference, and registered; rows that a rule of rows refused go on waiting.

    Parameters
    ----------
    workspace
        The workspace.
    name, role
        As for :func:`features.quarantine.waiting.waiting_of`.
    reason
        Why; kept with whoever decided.
    rows, rules
        Only these rows (as ``springboard quarantine show`` names them), or those refused by these rules; all when
        neither is given.
    on_progress
        Called as a refused dataset is read.

    Raises
    ------
    NamingError, SettingsError
        Nothing waits there, a row or rule is not among what waits, or there is no reason.
    GateError
        The reference of a refused dataset no longer gives the rows that were refused.
    ArtefactError
        The dataset's file is missing or broken.
    """
    reason = checked_reason(reason)
    waiting = waiting_of(workspace, name, role)
    if not waiting.stopped:
        return _release_rows(workspace, waiting, reason, rows, rules)
    if rows or rules:
        raise SettingsError(
            f"{waiting.role} {shown(name)} was refused as a whole, so that its rows cannot be released one by one",
            consequence="nothing was released",
            next_step=f"springboard quarantine release {name} --reason TEXT first, then its rows",
        )
    return _release_whole(workspace, waiting, reason, on_progress)


def _release_rows(
    workspace: Workspace, waiting: Waiting, reason: str, rows: Sequence[str], rules: Sequence[str]
) -> Released:
    with workspace.lock("registry"):
        # What waits is looked at again under the lock: another process may have released it meanwhile.
        waiting = waiting_of(workspace, waiting.name, waiting.role)
        plan = Plan(workspace)
        kind = Kind(waiting.role)
        entry = plan.registry.get(kind, waiting.name)
        chosen = _chosen(waiting, rows, rules)
        usable = chosen.filter(_usable(chosen, entry.task))
        if usable.is_empty() or (rows and len(usable) < len(chosen)):
            raise _no_use(waiting, chosen, entry.task)
        lifted = Lifted(reason, who(workspace), Counter(usable["digest"]), Counter(usable["rule"]))
        return _join(plan, entry, waiting, usable, lifted, len(chosen) - len(usable))


def _chosen(waiting: Waiting, rows: Sequence[str], rules: Sequence[str]) -> pl.DataFrame:
    for what, wanted, known in (("row", rows, "row"), ("rule", rules, "rule")):
        unknown = sorted(set(wanted) - set(waiting.rows[known]))
        if unknown:
            raise SettingsError(
                f"no {what} {listed(unknown)} waits under {shown(waiting.name)}",
                consequence="nothing was released",
                next_step=f"springboard quarantine show {waiting.name} names rows and rules",
            )
    if not rows and not rules:
        return waiting.rows
    return waiting.rows.filter(pl.col("row").is_in(list(rows)) | pl.col("rule").is_in(list(rules)))


def _usable(rows: pl.DataFrame, task: Task) -> pl.Series:
    """Which rows have the texts and the label that their task needs; what counts as none is for the gate's rules."""
    needed = [rule.mask(task, {}) for rule in _NEEDED if rule.applies(task, {})]
    present = rows.select(usable=pl.all_horizontal(needed))["usable"]
    if not task.is_regression:
        return present
    return present & pl.Series([_is_number(label) for label in rows["label"]], dtype=pl.Boolean)


def _is_number(label: str | None) -> bool:
    try:
        return label is not None and math.isfinite(float(label))
    except ValueError:
        return False


def _no_use(waiting: Waiting, chosen: pl.DataFrame, task: Task) -> SettingsError:
    bad = chosen.filter(~_usable(chosen, task))
    return SettingsError(
        f"{listed(bad['row'], 5)} of {waiting.role} {shown(waiting.name)} cannot be used: "
        f"no text or no label that {task.replace('_', ' ')} takes",
        consequence="nothing was released",
        next_step="mend the file and add it again, or springboard quarantine drop",
    )


def _join(
    plan: Plan, entry: Entry, waiting: Waiting, rows: pl.DataFrame, lifted: Lifted, unusable: int
) -> Released:
    from features.intake.add import note_registered, refuse_pooled_name

    path = plan.path("datasets", entry.version)
    old, card = read_table(path), read_table_card(path)
    label = pl.Float64 if entry.task.is_regression else pl.String
    new = rows.select("position", "text_a", "text_b", pl.col("label").cast(label))
    # The cap chooses by content, so that capping what is left of the first rows and the new ones is capping them all.
    joined = cap_rows(pl.concat([old.select(new.columns), new]), entry.cap, entry.cap_seed)
    version = dataset_version(joined, entry.task)
    refuse_pooled_name(plan, entry.kind, entry.name, version)
    mark_unrecorded(plan.workspace)
    if not plan.path("datasets", version).exists():
        write_table(plan.path("datasets", version), joined, _card(card, version, joined, entry.task, lifted))
    link = Decisions(plan.workspace).link(entry.kind.value, entry.name)
    more: dict[str, Any] = {"released": lifted.to_record()}
    if link is not None and link.is_known:
        more["quarantine"] = link.file
    registered = plan.registry.register(replace(entry, version=version, rows=len(joined)), **more)
    note_registered(
        plan.workspace, plan.registry, registered, "updated", len(waiting.rows) - len(rows), **more
    )
    left: Counter[str] = Counter(waiting.rows["rule"]) - Counter(rows["rule"])
    return Released(registered, entry.version, len(rows), dict(lifted.by_rule), dict(left), unusable)


def _card(card: Card, version: str, rows: pl.DataFrame, task: Task, lifted: Lifted) -> Card:
    from features.intake.profile import profile_of

    count = sum(lifted.rows.values())
    gate = dict(card.facts.get("gate") or {})
    if gate:
        gate["accepted"], gate["refused"] = gate["accepted"] + count, gate["refused"] - count
        left: Counter[str] = Counter(gate["refused_by_rule"])
        left.subtract(lifted.by_rule)
        gate["refused_by_rule"] = {rule: rows for rule, rows in left.items() if rows > 0}
    gate["released"] = int(gate.get("released", 0)) + count
    facts = {**card.facts, **profile_of(rows, task), "gate": gate}
    return Card("dataset", version, inputs=card.inputs, settings=card.settings, facts=facts)


def _release_whole(workspace: Workspace, waiting: Waiting, reason: str, on_progress: OnProgress) -> Released:
    from features.intake.add import add_dataset
    from features.intake.options import AddOptions, read_options_from
    from features.registry.places import located

    refusal = waiting.refusal
    if refusal is None or waiting.rows.is_empty():
        raise ArtefactError(
            f"of {waiting.role} {shown(waiting.name)} "
            + ("the ledger does not hold the refusal" if refusal is None else "the refused rows are missing"),
            consequence="nothing was released",
            next_step="dvc pull and git pull bring back what was recorded; or add it again",
        )
    again = AddOptions(
        read=read_options_from(refusal.get("options") or {}),
        name=waiting.name,
        tuned_model=refusal.get("tuned_model"),
        licence=refusal.get("licence"),
        cap=refusal.get("cap"),
        replace=bool(refusal.get("replace")),
    )
    lifted = Lifted(reason, who(workspace), whole=content_digest(waiting.rows))
    reference = located(workspace, refusal["kept"]) if "kept" in refusal else refusal["reference"]
    kind = Kind(waiting.role)
    before = Plan(workspace).registry.current(kind).get(waiting.name)
    try:
        added = add_dataset(workspace, kind, reference, again, lifted=lifted, on_progress=on_progress)
    except GateError as problem:
        raise GateError(
            f"'{refusal['reference']}' does not give the rows that were refused: {problem.what}",
            consequence="nothing was released",
            next_step=f"springboard {kind.value} add with the same options as before; then release what is refused",
        ) from problem
    passed = waiting.rows.filter(pl.col("rule") == "dataset")
    left = Counter(added.report.refused["rule"])
    return Released(
        added.entry, before.version if before else None, len(passed), {"dataset": len(passed)}, dict(left), 0
    )
