"""``springboard esm import`` and ``springboard esm export``: Embedding Space Maps from and for others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say
from models.encoder.settings import Pooling

if TYPE_CHECKING:
    from features.exchange import Taken
    from models.errors import SpringboardError

__all__ = ["esm_export", "esm_import"]


def esm_import(
    refs: Annotated[
        list[str],
        typer.Argument(metavar="REF ...", help="Folders or hub ids; with --tag one base model's hub id."),
    ],
    tag: Annotated[
        bool, typer.Option("--tag", help="REF is a base model: the hub's ESMs tagged with it.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="With --tag: at most so many, the first by id.")] = 50,
    name: Annotated[
        str | None, typer.Option(help="A name, for one ESM; else a slug of the reference.")
    ] = None,
    revision: Annotated[str | None, typer.Option(help="Hub: a branch, tag or commit.")] = None,
    pooling: Annotated[
        Pooling | None, typer.Option(help="What it was made with, where its base model's type does not tell.")
    ] = None,
    same_model: Annotated[
        bool,
        typer.Option(
            "--same-model", help="The workspace's encoder is its base model, under another reference."
        ),
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let a taken name stand for this from now on.")
    ] = False,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Bring ESMs in hf-dataset-selector's format into the pool; a broken one keeps back no other."""
    from features.exchange import take_esms, take_tagged
    from features.exchange.taking import ImportOptions
    from flows.cli.render.progress import progress_bar
    from models.errors import SettingsError

    if tag and (len(refs) > 1 or name is not None or revision is not None):
        raise SettingsError(
            "--tag takes one base model, and neither --name nor --revision",
            consequence="nothing was imported",
            next_step="springboard esm import OWNER/BASE-MODEL --tag",
        )
    plan = plan_of(workspace)
    options = ImportOptions(name, revision, pooling, same_model, replace)
    with progress_bar("importing ESMs") as on_progress:
        if tag:
            taken, failed, found = take_tagged(plan, refs[0], limit, options, on_progress=on_progress)
        else:
            taken, failed = take_esms(plan, refs, options, on_progress=on_progress)
            found = len(refs)
    if failed and len(refs) == 1 and not tag:
        raise failed[refs[0]]
    _show(taken, failed, found, tag=tag, as_json=json)
    if failed:
        raise typer.Exit(1)


def esm_export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A source that is ready.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to; must not exist yet.")],
    base_model: Annotated[
        str | None,
        typer.Option(metavar="ID", help="The encoder's hub id, where params.yaml gives a folder or package."),
    ] = None,
    any_pooling: Annotated[
        bool,
        typer.Option("--any-pooling", help="Although hf-dataset-selector would embed with another pooling."),
    ] = False,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Write a source's ESM as a folder that hf-dataset-selector loads."""
    from features.exchange import export_esm

    done = export_esm(plan_of(workspace), name, folder, base_model=base_model, any_pooling=any_pooling)
    if json:
        print_json(
            {
                "source": name,
                "folder": str(done.folder),
                "base_model": done.base_model,
                "rank": done.rank,
                "bytes": done.bytes,
            }
        )
        return
    say(f"ESM of '{name}' written to {done.folder} ({done.bytes:,} bytes, in full; rank {done.rank} here)")
    say(f"  base model: {done.base_model}")


def _show(
    taken: list[Taken], failed: dict[str, SpringboardError], found: int, *, tag: bool, as_json: bool
) -> None:
    if as_json:
        print_json(
            {
                "imported": [_record(one) for one in taken],
                "failed": {reference: problem.what for reference, problem in failed.items()},
                "found": found,
            }
        )
        return
    if not taken and not failed:
        say("The hub has no ESMs for that base model.")
    for one in taken:
        entry = one.entry
        words = {
            "new": "imported",
            "updated": "stands for this map from now on",
            "unchanged": "was here already: nothing was stored",
            "same map": "is one more name for a map that is here already",
        }[one.status]
        say(f"ESM '{entry.name}' {words} (rank {entry.rank}, made from {entry.task_id})")
        if one.not_ranked:
            say(f"  not ranked here: {one.not_ranked}")
    for reference, problem in failed.items():
        say(f"Left out: {reference} ({problem.what})")
    if tag and found > len(taken) + len(failed):
        say(f"The hub has {found:,} in all; --limit takes more of them.")
    if any(one.not_ranked is None for one in taken):
        say("Their texts are not here, so no leak check is possible; rankings say so.")
        say("Next: springboard refresh")


def _record(one: Taken) -> dict[str, Any]:
    entry = one.entry
    return {
        "name": entry.name,
        "reference": entry.reference,
        "revision": entry.revision,
        "status": one.status,
        "base_model": entry.base_model,
        "pooling": entry.pooling,
        "task_id": entry.task_id,
        "task_subset": entry.task_subset,
        "width": entry.width,
        "rank": entry.rank,
        "not_ranked": one.not_ranked,
    }
