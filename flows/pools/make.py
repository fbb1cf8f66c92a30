"""Making a shipped pool with the product's own commands, in pieces if need be.

Every source is added and ingested in a scratch workspace that git ignores; what is ready stays ready, so that a run
that was stopped, or whose minutes were over, goes on where it was. When nothing is missing the pool is written::

    SPRINGBOARD_DATASETS=../shared/datasets python -m flows.pools.make minilm --minutes 60
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml

from features.artefacts.plan import Plan
from features.intake import AddOptions, add_dataset
from features.pools import ExportedPool, export_pool
from features.reading import ReadOptions
from features.registry import Kind
from features.workspace import Workspace, init_workspace
from flows.pools.sources import PoolSource, datasets_folder, pool_sources
from models.errors import SettingsError, SpringboardError

if TYPE_CHECKING:
    from models.tasks import OnProgress

__all__ = ["Making", "fill", "main", "scratch_workspace", "write_pool"]

ROOT = Path(__file__).resolve().parents[2]
_TITLE = "Openly licensed English datasets"
_LONGEST_SECONDS = 1e9


@dataclass
class Making:
    """How far a pool is: ``ready`` sources, ``refused`` ones (name -> why), and those ``missing`` yet."""

    ready: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def scratch_workspace(root: Path, settings: Mapping[str, Mapping[str, Any]]) -> Workspace:
    """The workspace that a pool is made in, new or as an earlier run left it.

    Parameters
    ----------
    root
        Its folder.
    settings
        Sections of params.yaml, where other than the product's defaults.

    Raises
    ------
    SettingsError
        An earlier run had other settings: one pool is made with one.
    """
    if not (root / "params.yaml").exists():
        workspace = init_workspace(root)
        workspace.params_file.write_text(_edited(workspace, settings), encoding="utf-8")
        return Workspace(root)
    workspace = Workspace(root)
    if yaml.safe_load(_edited(workspace, settings)) != _params(workspace):
        raise SettingsError(
            f"the workspace '{root}' was begun with other settings than {_words(settings) or 'the defaults'}",
            consequence="nothing was made: all of a pool is made with the same",
            next_step="give the settings it was begun with, or another --workspace",
        )
    return workspace


def _params(workspace: Workspace) -> dict[str, Any]:
    params: dict[str, Any] = yaml.safe_load(workspace.params_file.read_text(encoding="utf-8"))
    return params


def _edited(workspace: Workspace, settings: Mapping[str, Mapping[str, Any]]) -> str:
    params = _params(workspace)
    for section, values in settings.items():
        params[section] |= values
    return str(yaml.safe_dump(params, sort_keys=False))


def _words(settings: Mapping[str, Mapping[str, Any]]) -> str:
    return ", ".join(
        f"{section}.{key}: {value}" for section, part in settings.items() for key, value in part.items()
    )


def fill(
    workspace: Workspace,
    sources: Sequence[PoolSource],
    datasets: Path,
    *,
    seconds: float = _LONGEST_SECONDS,
    on_progress: OnProgress | None = None,
) -> Making:
    """Add and ingest what is missing, one source after the other, starting none after so many seconds.

    What the gate refuses, and what fails, is noted and does not keep back the others; a later run tries it again.
    """
    ends = time.monotonic() + seconds
    making = Making()
    for number, source in enumerate(sources, start=1):
        if _is_ready(workspace, source.slug):
            making.ready.append(source.slug)
        elif time.monotonic() >= ends:
            making.missing.append(source.slug)
        else:
            _make(workspace, source, datasets, making)
        if on_progress is not None:
            on_progress(number, len(sources))
    return making


def _is_ready(workspace: Workspace, name: str) -> bool:
    plan = Plan(workspace)
    entry = plan.registry.current(Kind.SOURCE).get(name)
    return entry is not None and plan.is_ready(entry)


def _make(workspace: Workspace, source: PoolSource, datasets: Path, making: Making) -> None:
    from flows.cli.ingest import run_ingest

    started = time.monotonic()
    try:
        _add(workspace, source, datasets)
        failed = run_ingest(Plan(workspace), [source.slug])["failed"]
        if not failed:
            _embed_sentences(workspace, source.slug)
    except SpringboardError as problem:
        failed = {source.slug: problem.what}
    if failed:
        making.refused[source.slug] = failed[source.slug]
        _tell(f"{source.slug}: {failed[source.slug]}")
    else:
        making.ready.append(source.slug)
        _tell(f"{source.slug}: {time.monotonic() - started:.0f} s")


def _add(workspace: Workspace, source: PoolSource, datasets: Path) -> None:
    text = ("text_a", "text_b") if source.task.is_pair else ("text",)
    read = ReadOptions(text=text, label="label", task=source.task)
    options = AddOptions(read=read, name=source.slug, licence=source.licence)
    add_dataset(workspace, Kind.SOURCE, str((datasets / source.slug).resolve()), options)


def _embed_sentences(workspace: Workspace, name: str) -> None:
    """The centroid by the sentence encoder, where that is another: scorers ask for it, and pools hold no rows."""
    from features.artefacts.sentences import sentence_centroid

    plan = Plan(workspace)
    sentence_centroid(plan, plan.registry.get(Kind.SOURCE, name))


def _tell(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


def write_pool(
    workspace: Workspace, name: str, sources: Sequence[PoolSource], out: Path, title: str = _TITLE
) -> ExportedPool:
    """Write what is ready as a pool, with where each dataset is from.

    Raises
    ------
    ArtefactError
        Nothing is ready, or an artefact is broken.
    """
    ready = [one for one in sources if _is_ready(workspace, one.slug)]
    about = {one.slug: one.about for one in ready}
    return export_pool(Plan(workspace), out, name=name, names=[*about], title=title, about=about)


def main(
    pool: Annotated[str, typer.Argument(help="What the pool is called.")] = "minilm",
    minutes: Annotated[float, typer.Option(min=0, help="Start no source after so many.")] = 1e6,
    rows: Annotated[
        int | None, typer.Option(min=20, help="Of each dataset at most; else params.yaml's.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Else params.yaml's.")] = None,
    learning_rate: Annotated[float | None, typer.Option(min=0, help="Else params.yaml's.")] = None,
    encoder: Annotated[str | None, typer.Option(help="A reference; else params.yaml's.")] = None,
    keep_models: Annotated[
        bool, typer.Option("--keep-models", help="Keep the tuned models in the scratch workspace.")
    ] = False,
    only: Annotated[list[str] | None, typer.Option(help="These datasets of the list and no others.")] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Write the pool though some is missing.")
    ] = False,
    workspace: Annotated[
        Path | None, typer.Option(help="Scratch; else .springboard/pools/NAME here.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Else features/pools/shipped/NAME.")] = None,
) -> None:
    """Make a pool, or a piece of it; exits with 1 while something is missing."""
    root = (workspace or ROOT / ".springboard" / "pools" / pool).absolute()
    # A server and database of the making's own: nothing of a team's Prefect is touched.
    os.environ.setdefault("PREFECT_HOME", str(root.parent / f".{root.name}-prefect"))
    sources = [one for one in pool_sources() if not only or one.slug in only]
    place = scratch_workspace(root, _settings(rows, epochs, learning_rate, encoder, keep_models))
    making = fill(place, sources, datasets_folder(), seconds=60 * minutes)
    _tell(f"{len(making.ready)} ready, {len(making.refused)} refused, {len(making.missing)} to be made")
    if making.missing and not partial:
        raise typer.Exit(1)
    done = write_pool(place, pool, sources, out or ROOT / "features" / "pools" / "shipped" / pool)
    _tell(f"{done.folder}: {len(done.manifest.sources)} sources, {done.manifest.bytes:,} bytes")
    if making.missing:
        raise typer.Exit(1)


def _settings(
    rows: int | None,
    epochs: int | None,
    learning_rate: float | None,
    encoder: str | None,
    keep_models: bool,
) -> dict[str, dict[str, Any]]:
    given: dict[str, dict[str, Any]] = {"run": {"push": False, "retries": 0}}
    if keep_models:
        given["run"]["keep_tuned_models"] = True
    if rows is not None:
        given["caps"] = {"source_rows": rows}
    tuning = {"epochs": epochs, "learning_rate": learning_rate}
    if given_tuning := {name: value for name, value in tuning.items() if value is not None}:
        given["tuning"] = given_tuning
    if encoder is not None:
        given["encoder"] = {"ref": encoder}
    return given


if __name__ == "__main__":
    try:
        typer.run(main)
    except SpringboardError as problem:
        from flows.cli.render.error import print_error

        print_error(problem)
        sys.exit(2)
