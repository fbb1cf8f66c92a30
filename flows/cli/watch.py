"""``springboard watch ...``: references that the schedule looks at again and again, and what lies in the inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.add import (
    Cap,
    Delimiter,
    Encoding,
    Header,
    Label,
    Licence,
    MaxRows,
    Missing,
    Name,
    Ref,
    Replace,
    Split,
    Streaming,
    Subset,
    TaskOption,
    Text,
    Tuned,
    read_options,
)
from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say
from flows.cli.completing import watched_names

if TYPE_CHECKING:
    from features.inbox.watches import Watch
    from features.workspace import Workspace

__all__ = ["watch_add", "watch_list", "watch_remove"]

_WIDE = 120
"""A terminal of so many columns has room for everything."""

AsSource = Annotated[bool, typer.Option("--source", help="It is offered as an intermediate task.")]
AsTarget = Annotated[bool, typer.Option("--target", help="It is what somebody wants to solve.")]
Follow = Annotated[str | None, typer.Option(help="Hub: the branch, tag or commit to follow; else main.")]


def watch_add(
    ref: Ref,
    source: AsSource = False,
    target: AsTarget = False,
    revision: Follow = None,
    name: Name = None,
    text: Text = None,
    label: Label = None,
    task: TaskOption = None,
    split: Split = None,
    subset: Subset = None,
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
    """Watch a hub dataset, a file or a folder: every ingest takes in what changed there."""
    from features.inbox.options import options_to
    from features.inbox.watches import Watches
    from features.intake import AddOptions

    place = plan_of(workspace).workspace
    # Which revision is followed is said of the watch; each commit that is read is said of the dataset.
    read = read_options(
        text,
        label,
        task,
        split,
        subset,
        None,
        missing_label,
        delimiter,
        encoding,
        header,
        streaming,
        max_rows,
    )
    options = AddOptions(
        read=read, name=name, licence=licence, cap=cap, replace=replace, tuned_model=tuned_model
    )
    watch = _checked(place, ref, revision, source, target, options_to(options))
    status = Watches(place).add(watch)
    if json:
        print_json({"status": status, **watch.to_record(), "variant": watch.variant})
        return
    words = {
        "new": "is watched from now on",
        "changed": "is watched with these options from now on",
        "unchanged": "is watched already: nothing was stored",
    }
    say(f"{watch.kind.value} {_shown(watch)} {words[status]}")
    say("Next: springboard ingest takes it in; so does the schedule")


def _checked(
    place: Workspace, ref: str, revision: str | None, source: bool, target: bool, options: dict[str, Any]
) -> Watch:
    """What is to be watched, with everything that can be known to be wrong said now and not by a schedule at night."""
    from features.inbox.watches import Watch
    from features.reading.reference import hub_id_of, local_path_of
    from features.registry import Kind
    from features.registry.names import check_name
    from features.registry.places import kept_reference
    from models.errors import SettingsError

    if source == target:
        raise SettingsError(
            "a dataset is watched as a source or as a target, and both were said"
            if source
            else "it was not said what the dataset is to be",
            consequence="nothing was stored",
            next_step="springboard watch add REF --source, then the same with --target, where it is to be both"
            if source
            else "springboard watch add REF --source, or --target",
        )
    if "name" in options:
        check_name(options["name"])
    kind = Kind.SOURCE if source else Kind.TARGET
    if "tuned_model" in options and kind is Kind.TARGET:
        raise SettingsError(
            "--tuned-model belongs to a source",
            consequence="nothing was stored",
            next_step="springboard watch add without it",
        )
    path = local_path_of(ref)
    if path is None:
        return Watch(kind, hub_id_of(ref) or ref, True, revision, options)
    if revision is not None:
        raise SettingsError(
            "--revision is of a hub dataset, and this is a file or folder",
            consequence="nothing was stored",
            next_step="springboard watch add without it",
        )
    return Watch(kind, kept_reference(place, ref, is_local=True), False, None, options)


def _shown(watch: Watch) -> str:
    return f"{watch.reference} ({watch.variant})" if watch.variant else watch.reference


def watch_list(json: AsJson = False, workspace: WorkspaceOption = None) -> None:
    """What is watched and what lies in the inbox, with what became of each."""
    from features.inbox.listing import inbox_records
    from flows.cli.render.console import stdout_console
    from flows.cli.render.table import print_table

    records = inbox_records(plan_of(workspace).workspace)
    if json:
        print_json(records)
        return
    columns = ["state", "kind", "place", "variant", "name", "at", "reason"]
    if not any(record["variant"] for record in records):
        columns.remove("variant")
    console = stdout_console()
    # A narrow terminal has room for where and what; why stands below, where it can be read.
    narrow = console.is_terminal and console.width < _WIDE
    shown = [column for column in columns if not (narrow and column in ("at", "reason"))]
    print_table(
        shown,
        [[_cell(column, record[column]) for column in shown] for record in records],
        empty="The inbox is empty and nothing is watched. Next: springboard watch add REF --source|--target",
        wrap=("place", "name", "reason"),
        console=console,
    )
    if narrow:
        for record in records:
            if record["reason"]:
                say(f"  {record['place']}: {record['reason']}")


def _cell(column: str, value: Any) -> Any:
    return str(value)[:16].replace("T", " ") if column == "at" and value else value or ""


def watch_remove(
    ref: Annotated[
        str,
        typer.Argument(
            metavar="REF",
            help="As `springboard watch list` shows it, or the name given.",
            autocompletion=watched_names,
        ),
    ],
    source: AsSource = False,
    target: AsTarget = False,
    revision: Annotated[
        str | None, typer.Option(help="Only what follows this branch, tag or commit.")
    ] = None,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Watch a reference no more; the datasets that came from it stay."""
    from features.inbox.watches import Watches
    from features.registry import Kind

    kind = None if source == target else Kind.SOURCE if source else Kind.TARGET
    removed = Watches(plan_of(workspace).workspace).remove(ref, kind, revision)
    if json:
        print_json({"removed": [watch.to_record() for watch in removed]})
        return
    for watch in removed:
        say(f"{watch.kind.value} {_shown(watch)} is watched no more; what came from it stays")
