"""``springboard source add`` and ``springboard target add``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say
from models.tasks import Task

if TYPE_CHECKING:
    from features.intake import Added, AddOptions
    from features.registry import Kind

__all__ = ["read_options", "source_add", "target_add"]

Ref = Annotated[
    str, typer.Argument(metavar="REF", help="A hub id, a parquet/csv/tsv/jsonl file, or a folder of splits.")
]
Name = Annotated[str | None, typer.Option(help="A name; else a slug of the reference.")]
Text = Annotated[str | None, typer.Option(metavar="COL[,COL]", help="The text column, or two for pairs.")]
Label = Annotated[str | None, typer.Option(metavar="COL", help="The label column.")]
TaskOption = Annotated[Task | None, typer.Option("--task", help="The task type.")]
Split = Annotated[str | None, typer.Option(help="The training split, where it is not called train.")]
Subset = Annotated[str | None, typer.Option(help="Hub: the configuration.")]
Revision = Annotated[str | None, typer.Option(help="Hub: a branch, tag or commit.")]
Missing = Annotated[
    list[str] | None,
    typer.Option("--missing-label", metavar="VALUE", help="A label that means none; may be repeated."),
]
Delimiter = Annotated[str | None, typer.Option(help="Of a delimited file, where it is not found rightly.")]
Encoding = Annotated[str | None, typer.Option(help="Of a text file, where it is not found rightly.")]
Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header",
        help="Of a delimited file: its first line holds names, where it is not found rightly.",
    ),
]
Streaming = Annotated[bool | None, typer.Option("--streaming/--download", help="Hub: read row by row.")]
MaxRows = Annotated[
    int | None, typer.Option(min=1, help="Hub, streaming: stop each split after so many rows.")
]
Replace = Annotated[bool, typer.Option("--replace", help="Let a taken name stand for this from now on.")]
Licence = Annotated[str | None, typer.Option(help="The data's licence, where the reference does not say it.")]
Cap = Annotated[
    int | None, typer.Option(min=8, help="How many rows are used at most; else params.yaml's number.")
]
Tuned = Annotated[
    str | None, typer.Option("--tuned-model", metavar="REF", help="A model already tuned on this source.")
]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-overlap",
        metavar="SOURCE",
        help="Rank this source although it shares texts; may be repeated.",
    ),
]
Fresh = Annotated[
    str | None,
    typer.Option(
        "--fresh",
        metavar="AGE|none",
        help="Promise: its ranking is refreshed within 24h, 90m, 7d of going stale.",
    ),
]


def source_add(
    ref: Ref,
    name: Name = None,
    text: Text = None,
    label: Label = None,
    task: TaskOption = None,
    split: Split = None,
    subset: Subset = None,
    revision: Revision = None,
    missing_label: Missing = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    header: Header = None,
    streaming: Streaming = None,
    max_rows: MaxRows = None,
    licence: Licence = None,
    cap: Cap = None,
    replace: Replace = False,
    tuned_model: Tuned = None,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Register a dataset as a source: read, map and gate it now; `springboard ingest` computes."""
    from features.registry import Kind

    read = read_options(
        text,
        label,
        task,
        split,
        subset,
        revision,
        missing_label,
        delimiter,
        encoding,
        header,
        streaming,
        max_rows,
    )
    added = _add(Kind.SOURCE, ref, _options(read, name, licence, cap, replace, tuned_model), workspace)
    _show(added, json, "springboard ingest")


def target_add(
    ref: Ref,
    name: Name = None,
    text: Text = None,
    label: Label = None,
    task: TaskOption = None,
    split: Split = None,
    subset: Subset = None,
    revision: Revision = None,
    missing_label: Missing = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    header: Header = None,
    streaming: Streaming = None,
    max_rows: MaxRows = None,
    licence: Licence = None,
    cap: Cap = None,
    replace: Replace = False,
    allow_overlap: Allow = None,
    fresh: Fresh = None,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Register a dataset as a target: read, map and gate it now; `springboard refresh` ranks."""
    from features.intake import allow_overlaps
    from features.registry import Kind
    from features.registry.promises import age_promised, promise_freshness

    read = read_options(
        text,
        label,
        task,
        split,
        subset,
        revision,
        missing_label,
        delimiter,
        encoding,
        header,
        streaming,
        max_rows,
    )
    registry = plan_of(workspace).registry
    for source in allow_overlap or []:
        registry.offered(source)  # A misspelt one is said before anything is stored.
    if fresh is not None:
        age_promised(fresh)
    added = _add(Kind.TARGET, ref, _options(read, name, licence, cap, replace, None), workspace)
    if allow_overlap:
        allow_overlaps(plan_of(workspace).workspace, added.entry.name, allow_overlap)
    if fresh is not None:
        place = plan_of(workspace)
        promise_freshness(place.workspace, place.registry, added.entry.name, fresh)
    _show(added, json, "springboard refresh")


def read_options(
    text: str | None,
    label: str | None,
    task: Task | None,
    split: str | None,
    subset: str | None,
    revision: str | None,
    missing: list[str] | None,
    delimiter: str | None,
    encoding: str | None,
    header: bool | None,
    streaming: bool | None,
    max_rows: int | None,
) -> Any:
    """How a dataset is read, from what was typed."""
    from features.reading import ReadOptions

    return ReadOptions(
        text=tuple(text.split(",")) if text else (),
        label=label,
        task=task,
        split=split,
        subset=subset,
        revision=revision,
        missing_labels=tuple(missing or ()),
        delimiter=delimiter,
        encoding=encoding,
        header=header,
        streaming=streaming,
        max_rows=max_rows,
    )


def _options(
    read: Any, name: str | None, licence: str | None, cap: int | None, replace: bool, tuned_model: str | None
) -> AddOptions:
    from features.intake import AddOptions

    return AddOptions(
        read=read, name=name, licence=licence, cap=cap, replace=replace, tuned_model=tuned_model
    )


def _add(kind: Kind, ref: str, options: AddOptions, workspace: Path | None) -> Added:
    from features.intake import add_dataset
    from flows.cli.render.progress import progress_bar

    plan = plan_of(workspace)
    with progress_bar(f"reading {ref if len(ref) <= 200 else ref[:199] + '…'}") as on_progress:
        return add_dataset(plan.workspace, kind, ref, options, on_progress=on_progress)


def _show(added: Added, as_json: bool, next_step: str) -> None:
    entry = added.entry
    if as_json:
        print_json(
            {
                "kind": entry.kind.value,
                "name": entry.name,
                "version": entry.version,
                "task": entry.task.value,
                "rows": entry.rows,
                "status": added.status,
                "same_rows_as": added.twin,
                "mapping": added.dataset.mapping.show(),
                "gate": added.report.summary(),
            }
        )
        return
    words = {
        "new": f"{entry.kind.value} '{entry.name}' added",
        "updated": f"{entry.kind.value} '{entry.name}' stands for new rows from now on",
        "unchanged": f"{entry.kind.value} '{entry.name}' has these rows already: nothing was stored",
        "same rows": f"'{entry.name}' is one more name for the rows of '{added.twin}': nothing is stored twice",
    }
    say(words[added.status])
    for line in added.dataset.mapping.show():
        say(f"  {line}")
    say(f"  rows: {entry.rows} of version {entry.version[:12]}")
    refused = len(added.report.refused)
    if refused:
        say(f"  quarantine: {refused} rows (springboard list quarantine)")
    for line in _notes(added):
        say(f"  note: {line}")
    if added.status in ("new", "updated"):
        say(f"Next: {next_step}")


def _notes(added: Added) -> list[str]:
    notes = [str(note) for note in added.dataset.origin.get("notes") or ()]  # type: ignore[union-attr]
    if added.pooled:
        notes.append(
            f"a ready-made pool has these rows as '{added.pooled}', which is ranked until this one is ingested"
        )
    return notes + [finding.message for finding in added.report.findings if finding.severity == "warning"]
