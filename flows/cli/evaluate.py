"""``springboard evaluate``: does the ranking pick the right source? Needs no workspace and starts nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.common import AsJson, print_json

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
    json: AsJson = False,
) -> None:
    """Hold rankings against what fine-tuning showed: regret, its floor, agreement, gain, with intervals."""
    from features.evaluation import evaluate as evaluated
    from features.evaluation import write_evaluation
    from features.evaluation.places import chosen_tables

    tables = chosen_tables(truth, predictions)
    found = evaluated(tables.truth, tables.predictions, default=default, must_match=predictions is not None)
    folder = out if out is not None else tables.folder
    written = write_evaluation(found, folder, tables.truth.stem) if folder is not None else []
    if json:
        print_json(found)
        return
    from flows.cli.render.evaluation import print_evaluation

    print_evaluation(found, written)
