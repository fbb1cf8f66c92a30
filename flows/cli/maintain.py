"""``springboard maintain``: the upkeep that the schedule does too, and the integrity check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say

if TYPE_CHECKING:
    from features.maintenance import Maintained

__all__ = ["maintain"]


def maintain(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and check; nothing is changed.")
    ] = False,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Tidy up, merge LanceDB's files, take out what nobody needs, check everything; exit 1 where something is wrong."""
    from features.maintenance import maintain as keep_in_shape

    done = keep_in_shape(plan_of(workspace).workspace, dry_run=dry_run)
    if json:
        print_json(done.to_record())
    else:
        _show(done)
    if not done.is_whole:
        raise typer.Exit(1)


def _show(done: Maintained) -> None:
    if done.dry_run:
        say("Nothing is changed; this is what a run would do.")
    for line in _lines(done):
        say(line)
    if done.is_whole:
        say("Integrity  every file, ledger and table is as it was recorded")
        return
    say(f"Integrity  {len(done.problems):,} problem{'s' if len(done.problems) != 1 else ''}")
    for problem in done.problems:
        say(f"  {problem.where}: {problem.what}")
        say(f"    next: {problem.next_step}")


def _lines(done: Maintained) -> list[str]:
    from features.wording import counted, joined, plain

    gone = "to go" if done.dry_run else "gone"
    lines = []
    if (served := done.served) is not None:
        files = " -> ".join(dict.fromkeys(f"{count:,}" for count in served.files))
        left = "to publish" if done.dry_run else "published"
        rows = f"; {counted(served.published, 'row')} of a killed run {left}" if served.published else ""
        lines.append(f"LanceDB    files of the largest table: {files}{rows}")
    if (tidied := done.tidied) is not None:
        counts = [
            (tidied.parts + tidied.scratch, "leftover of killed runs", "leftovers of killed runs"),
            (tidied.stores, "half of a rebuild", "halves of rebuilds"),
            (tidied.pages, "old page", "old pages"),
            (tidied.logs, "beginning of a log", "beginnings of logs"),
        ]
        words = [counted(count, one, many) for count, one, many in counts if count]
        what = f"{joined(words)} ({tidied.bytes / 1e6:,.1f} MB)" if words else "nothing"
        lines.append(f"Leftovers  {gone}: {what}")
    if (collected := done.collected) is not None:
        words = [_of_kind(count, kind) for kind, count in sorted(collected.removed.items())]
        size = f"{collected.bytes / 1e6:,.1f} MB"
        what = f"{joined(words)} ({size}; DVC's cache keeps them)" if words else "nothing"
        lines.append(f"data/      {gone}: {what}; not needed and still to wait: {collected.waiting:,}")
        if collected.not_cached:
            lines.append(
                f"           kept, for DVC's cache lacks them: {plain(joined(collected.not_cached))}"
            )
    if done.mended:
        words = [_of_kind(count, kind) for kind, count in sorted(done.mended.items())]
        lines.append(f"Damaged    put back from DVC's cache: {joined(words)}")
    if done.release:
        lines.append(f"Release    {done.release[:12]}")
    return lines


def _of_kind(count: int, kind: str) -> str:
    """How many files of a folder, in words: folders of data/ are called by the plural."""
    one = {"sketches": "sketch", "moments": "moments"}.get(kind, kind.removesuffix("s"))
    return f"{count:,} {one if count == 1 else kind}"
