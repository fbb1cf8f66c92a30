"""``springboard evaluate``: does the ranking pick the right source? Only ``--live`` needs a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from models.errors import SettingsError

__all__ = ["evaluate"]


def evaluate(
    truth: Annotated[
        Path | None,
        typer.Argument(
            metavar="TRUTH",
            help="Results: a table source,target,seed,score (.csv or .parquet); else our own.",
        ),
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Rankings: a table scorer,source,target,score; else our own."),
    ] = None,
    default: Annotated[
        str | None, typer.Option(metavar="NAME", help="The scorer that the goals are about.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write tables and drawings there; our own go beside our results."),
    ] = None,
    live: Annotated[
        bool,
        typer.Option("--live", help="Past advice of this workspace against what was reported by feedback."),
    ] = False,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Hold rankings against what fine-tuning showed: regret, its floor, agreement, gain, with intervals."""
    if live:
        _refuse_beside_live(truth, predictions, default, out)
        _show_live(plan_of(workspace), json)
        return
    from features.evaluation import evaluate as evaluated
    from features.evaluation import write_evaluation
    from features.evaluation.places import chosen_tables

    tables = chosen_tables(truth, predictions)
    if out is not None and out.exists() and not out.is_dir():
        raise _not_a_folder(out)
    found = evaluated(tables.truth, tables.predictions, default=default, must_match=predictions is not None)
    if tables.borrowed and found["predictions"]:
        note = f"the predictions are our own, '{tables.predictions}'; name yours with --predictions"
        found["notes"] = [note, *found["notes"]]
    folder = out if out is not None else tables.folder
    written = write_evaluation(found, folder, tables.truth.stem) if folder is not None else []
    if json:
        print_json(found)
        return
    from flows.cli.render.evaluation import print_evaluation

    print_evaluation(found, written)


def _not_a_folder(out: Path) -> SettingsError:
    from models.errors import SettingsError

    return SettingsError(
        f"'{out}' is a file, and --out names a folder",
        consequence="nothing was evaluated",
        next_step="name another folder; it is made if it is missing",
    )


def _refuse_beside_live(*given: object) -> None:
    from models.errors import SettingsError

    if any(one is not None for one in given):
        raise SettingsError(
            "--live goes by what this workspace's teams reported, and takes no tables",
            consequence="nothing was evaluated",
            next_step="springboard evaluate --live, or the same without --live",
        )


def _show_live(plan: Plan, as_json: bool) -> None:
    from features.feedback.live import live_report

    report = live_report(plan.workspace)
    if as_json:
        print_json(report.to_record())
        return
    from flows.cli.render.evaluation import print_live

    print_live(report)
