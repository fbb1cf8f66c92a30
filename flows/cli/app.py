"""Putting the command together, and what every error comes to: exit codes 0 fine, 1 "no", 2 bad use or input."""

from __future__ import annotations

import errno
import os
import select
import sys
from typing import NoReturn, TextIO

import typer

from flows.cli import (
    add,
    alerts,
    audit,
    demo,
    drift,
    esm,
    evaluate,
    explain,
    feedback,
    fresh,
    ingest,
    init,
    listing,
    maintain,
    make,
    metrics,
    pool,
    quarantine,
    rank,
    rebuild,
    refresh,
    releases,
    remotes,
    report,
    restore,
    scorers,
    serve,
    status,
    watch,
)
from flows.cli.common import version_option
from flows.cli.render.error import print_error
from models.errors import SpringboardError

__all__ = ["app", "main"]

app = typer.Typer(
    name="springboard",
    help="Which source dataset first? Rankings of intermediate tasks for every registered target, kept fresh.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
source_app = typer.Typer(help="Datasets offered as intermediate tasks.", no_args_is_help=True)
target_app = typer.Typer(help="Datasets somebody wants to solve.", no_args_is_help=True)
esm_app = typer.Typer(help="Embedding Space Maps from and for others.", no_args_is_help=True)
pool_app = typer.Typer(help="Ready-made pools of sources.", no_args_is_help=True)
quarantine_app = typer.Typer(help="What the gate refused, until somebody decides.", no_args_is_help=True)
watch_app = typer.Typer(help="What is taken in by itself when it changes.", no_args_is_help=True)
alerts_app = typer.Typer(help="What was told, and to whom.", no_args_is_help=True)
list_app = typer.Typer(help="What the workspace holds.", no_args_is_help=True)
app.add_typer(source_app, name="source")
app.add_typer(target_app, name="target")
app.add_typer(esm_app, name="esm")
app.add_typer(pool_app, name="pool")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(watch_app, name="watch")
app.add_typer(alerts_app, name="alerts")
app.add_typer(list_app, name="list")

app.command("init")(init.init)
source_app.command("add")(add.source_add)
app.command("ingest")(ingest.ingest)
target_app.command("add")(add.target_add)
target_app.command("fresh")(fresh.target_fresh)
esm_app.command("import")(esm.esm_import)
esm_app.command("export")(esm.esm_export)
pool_app.command("list")(pool.pool_list)
pool_app.command("add")(pool.pool_add)
pool_app.command("export")(pool.pool_export)
app.command("refresh")(refresh.refresh)
app.command("rank")(rank.rank)
app.command("explain")(explain.explain)
app.command("drift")(drift.drift)
app.command("scorers")(scorers.scorers)
app.command("evaluate")(evaluate.evaluate)
app.command("feedback", context_settings=feedback.NEGATIVE_NUMBERS)(feedback.feedback)
for _verb in ("list", "show", "release", "drop"):
    quarantine_app.command(_verb)(getattr(quarantine, f"quarantine_{_verb}"))
for _kind in ("sources", "targets", "rankings", "quarantine", "feedback"):
    list_app.command(_kind)(getattr(listing, f"list_{_kind}"))
source_app.command("list")(listing.list_sources)
target_app.command("list")(listing.list_targets)
for _verb in ("add", "list", "remove"):
    watch_app.command(_verb)(getattr(watch, f"watch_{_verb}"))
for _verb in ("list", "send", "test"):
    alerts_app.command(_verb)(getattr(alerts, f"alerts_{_verb}"))
app.command("status")(status.status)
app.command("audit")(audit.audit)
app.command("metrics")(metrics.metrics)
app.command("report")(report.report)
app.command("releases")(releases.releases)
app.command("diff")(releases.diff)
app.command("restore")(restore.restore)
app.command("pin")(restore.pin)
app.command("unpin")(restore.unpin)
app.command("push")(remotes.push)
app.command("pull")(remotes.pull)
app.command("rebuild")(rebuild.rebuild)
app.command("maintain")(maintain.maintain)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("make", hidden=True)(make.make)


@app.callback()
def _options(version: bool = version_option) -> None:
    """Options of the command itself."""


def main() -> None:
    """Run the command and exit with its code; an error of ours is three lines on stderr, never a traceback."""
    # Boxes are for people who look at them; into a pipe or a log goes plain text.
    app.rich_markup_mode = "rich" if sys.stdout.isatty() and sys.stderr.isatty() else None
    try:
        app()
    except SpringboardError as problem:
        _fail(problem, 2)
    except KeyboardInterrupt:
        _fail(_interrupted(), 130)
    except SystemExit as leaving:
        # typer makes exit code 1 of a pipe that nobody reads any more; what the command itself answered stands.
        if not (isinstance(leaving.__context__, BrokenPipeError) and _nobody_reads_on()):
            _write_out_what_is_left()
            raise
        # Somebody piped us into head: not an error, and nothing more can be said there.
        _say_no_more(sys.stdout)
        sys.exit(0)
    except OSError as problem:
        ours = from_os_error(problem)
        if ours is None:
            raise
        _fail(ours, 2)


def _fail(problem: SpringboardError, code: int) -> NoReturn:
    try:
        print_error(problem)
    except BrokenPipeError:
        _say_no_more(sys.stderr)
    sys.exit(code)


def _nobody_reads_on() -> bool:
    """Whether it is standard output whose reader has gone, and not a pipe that the work itself needs."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), select.POLLOUT)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _write_out_what_is_left() -> None:
    # Python itself would do it too late to be told that nobody reads on: it complains, and ends with code 120.
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _say_no_more(sys.stdout)


def _say_no_more(stream: TextIO) -> None:
    # Python writes out what is left when it ends, and would exit with a code of its own where it cannot.
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _interrupted() -> SpringboardError:
    return SpringboardError(
        "interrupted",
        consequence="what was finished is kept, the rest was not stored",
        next_step="type the same command again: it goes on where it stopped",
    )


def from_os_error(problem: OSError) -> SpringboardError | None:
    """Our words for what the operating system refuses; None for what should be seen as a bug."""
    where = f" ('{problem.filename}')" if problem.filename else ""
    # Python looks for a temporary folder by writing to each; on a full disk it finds none.
    no_room = problem.errno == errno.ENOENT and "No usable temporary directory" in str(problem)
    if no_room or problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return SpringboardError(
            f"the disk is full{where}",
            consequence="the file that did not fit was not stored; what was finished before is kept",
            next_step="make room and type the same command again",
        )
    if problem.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return SpringboardError(
            f"permission denied{where}",
            consequence="nothing was stored there",
            next_step="give this user the right to write there, or choose another --workspace",
        )
    return None
