"""``springboard make STAGE``: what dvc.yaml's stages call; makes only what is missing, without Prefect."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from flows.cli.common import WorkspaceOption, plan_of

__all__ = ["Stage", "make"]


class Stage(StrEnum):
    """The stages of dvc.yaml."""

    DATASETS = "datasets"
    EMBEDDINGS = "embeddings"
    MOMENTS = "moments"
    ESMS = "esms"
    RANKINGS = "rankings"


def make(
    stage: Annotated[Stage, typer.Argument(help="A stage of dvc.yaml.")], workspace: WorkspaceOption = None
) -> None:
    """Make what a stage of dvc.yaml lacks."""
    from features.record.stages import make_stage

    for name, reason in make_stage(plan_of(workspace), stage.value).items():
        sys.stderr.write(f"springboard: {name} stays pending: {reason}\n")
