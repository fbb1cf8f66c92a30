"""``springboard quarantine ...``: what the gate refused, until somebody decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say
from flows.cli.completing import held_names
from flows.cli.listing import list_quarantine

if TYPE_CHECKING:
    import polars as pl

    from features.quarantine import Waiting

__all__ = ["quarantine_drop", "quarantine_list", "quarantine_release", "quarantine_show"]

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="As `springboard quarantine list` shows it.", autocompletion=held_names
    ),
]
Role = Annotated[
    str | None, typer.Option(metavar="source|target", help="Where a source and a target of that name wait.")
]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; it is kept with who decided.")]
Rules = Annotated[
    list[str] | None, typer.Option("--rule", help="Only what this rule refused; may be repeated.")
]

quarantine_list = list_quarantine


def quarantine_show(
    name: Name,
    role: Role = None,
    rule: Rules = None,
    page: Annotated[int, typer.Option(min=1, help="Which page.")] = 1,
    size: Annotated[int, typer.Option(min=1, help="Rows a page.")] = 20,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Show the rows that wait under a name, and the rule that refused each."""
    from features.quarantine import waiting_of

    waiting = waiting_of(plan_of(workspace).workspace, name, _checked_role(role))
    rows = _of_rules(waiting, rule)
    pages = max(1, -(-len(rows) // size))
    shown = rows.slice((page - 1) * size, size)
    if json:
        print_json(
            {
                "name": waiting.name,
                "role": waiting.role,
                "refused_as_a_whole": waiting.stopped,
                "reasons": list(waiting.reasons),
                "by_rule": waiting.by_rule,
                "rows_waiting": len(waiting.rows),
                "page": page,
                "pages": pages,
                "rows": shown.drop("digest").to_dicts(),
            }
        )
        return
    _print_waiting(waiting, shown, page, pages)


def _checked_role(role: str | None, *, esm: bool = False) -> str | None:
    from features.reading.wording import shown
    from models.errors import SettingsError

    known = ("source", "target", *(["esm"] if esm else []))
    if role is not None and role not in known:
        raise SettingsError(
            f"--role {shown(role)} is none of {', '.join(known)}",
            consequence="nothing was done",
            next_step="springboard quarantine list shows names with their roles",
        )
    return role


def _of_rules(waiting: Waiting, rules: list[str] | None) -> pl.DataFrame:
    import polars as pl

    from features.reading.wording import listed
    from models.errors import SettingsError

    if not rules:
        return waiting.rows
    unknown = sorted(set(rules) - set(waiting.by_rule))
    if unknown:
        raise SettingsError(
            f"no row of '{waiting.name}' waits for the rule {listed(unknown)}",
            consequence="nothing was shown",
            next_step=f"rules that rows wait for: {', '.join(waiting.by_rule)}",
        )
    return waiting.rows.filter(pl.col("rule").is_in(rules))


def _print_waiting(waiting: Waiting, shown: pl.DataFrame, page: int, pages: int) -> None:
    from features.wording import counted
    from flows.cli.render.table import print_table

    if waiting.stopped:
        say(f"{waiting.role} '{waiting.name}' was refused as a whole: {'; '.join(waiting.reasons)}")
    counts = ", ".join(f"{rule} ({count:,})" for rule, count in waiting.by_rule.items())
    say(f"{counted(len(waiting.rows), 'row')} of {waiting.role} '{waiting.name}': {counts or 'none here'}")
    if waiting.stopped and "dataset" in waiting.by_rule:
        say("  'dataset' stands for rows that no rule of rows objected to")
    rows = [
        [row["row"], row["rule"], row["split"], row["position"], row["label"], _text(row)]
        for row in shown.iter_rows(named=True)
    ]
    print_table(
        ["row", "rule", "split", "position", "label", "text"],
        rows,
        empty="No rows on this page.",
        keep=("row", "rule"),
    )
    if pages > 1:
        say(f"Page {page:,} of {pages:,} (--page N, --size N, --rule RULE)")
    say(
        f"Next: springboard quarantine release {waiting.name} --reason TEXT, or drop {waiting.name} --reason TEXT"
    )


def _text(row: dict[str, Any]) -> str:
    texts = [text for text in (row["text_a"], row["text_b"]) if text is not None]
    return " | ".join(texts)[:500] or "(no text)"


def quarantine_release(
    name: Name,
    reason: Reason,
    role: Role = None,
    row: Annotated[
        list[str] | None, typer.Option("--row", metavar="ROW", help="Only this row, as `show` names it.")
    ] = None,
    rule: Rules = None,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Let refused rows join their dataset as a new version, or a refused dataset in."""
    from features.quarantine import release
    from flows.cli.render.progress import progress_bar

    with progress_bar(f"reading {name}") as on_progress:
        done = release(
            plan_of(workspace).workspace,
            name,
            reason,
            role=_checked_role(role),
            rows=row or (),
            rules=rule or (),
            on_progress=on_progress,
        )
    entry = done.entry
    if json:
        print_json(
            {
                "name": entry.name,
                "role": entry.kind.value,
                "released": done.rows,
                "by_rule": done.by_rule,
                "left": done.left,
                "unusable": done.unusable,
                "version": entry.version,
                "previous_version": done.before,
                "rows": entry.rows,
            }
        )
        return
    from features.wording import counted

    what = f"{entry.kind.value} '{entry.name}'"
    if done.before is None:
        say(f"Released: {what} is registered with {counted(entry.rows, 'row')}")
    else:
        say(f"Released: {counted(done.rows, 'row')} joined {what}, which has {entry.rows:,} from now on")
    say(f"  version {entry.version[:12]}" + (f", before {done.before[:12]}" if done.before else ""))
    if done.before == entry.version:
        say("  the cap chose the same rows as before: the released ones may pass, and are not used")
    if done.left:
        say(f"  still waiting: {', '.join(f'{rule} ({count:,})' for rule, count in done.left.items())}")
    if done.unusable:
        say(f"  {done.unusable:,} of them cannot be used: no text or no label")
    say(f"Next: springboard {'ingest' if entry.kind.value == 'source' else 'refresh'}")


def quarantine_drop(
    name: Name,
    reason: Reason,
    role: Annotated[
        str | None,
        typer.Option(metavar="source|target|esm", help="Where several of that name wait."),
    ] = None,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Delete what waits under a name; the record of it stays."""
    from features.quarantine import drop

    done = drop(plan_of(workspace).workspace, name, reason, role=_checked_role(role, esm=True))
    if json:
        print_json(
            {
                "name": done.name,
                "role": done.role,
                "dropped": done.rows,
                "by_rule": done.by_rule,
                "files": list(done.files),
            }
        )
        return
    if done.role == "esm":
        say(f"Dropped: the refused ESM '{done.name}'")
        return
    from features.wording import counted

    say(f"Dropped: {counted(done.rows, 'row')} of {done.role} '{done.name}'; the record of them stays")
    say("  earlier releases hold them still (dvc gc forgets what no release needs)")
