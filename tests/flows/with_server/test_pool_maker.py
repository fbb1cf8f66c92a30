"""Making a shipped pool: which datasets the rule lets in, in pieces, with what their licences ask for."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest
from support.workspaces import rows_of

from features.pools import read_manifest
from features.workspace import Workspace
from flows.pools import sources as listing
from flows.pools.make import fill, scratch_workspace, write_pool
from flows.pools.sources import PoolSource, is_open, pool_sources, read_catalog
from models.errors import SettingsError, WorkspaceError
from models.tasks import Task

pytestmark = pytest.mark.long

COLUMNS = [
    "slug",
    "title",
    "task_type",
    "source_repo",
    "source_path",
    "commit",
    "licence",
    "licence_tier",
    "citation",
]


@pytest.mark.parametrize(
    ("tier", "licence", "open_"),
    [
        ("A", "CC BY 4.0", True),
        ("A", "CC BY 4.0 (data)", True),
        ("A", "CC BY-SA 3.0 ES", True),
        ("A", "MIT", True),
        ("A", "Apache-2.0", True),
        ("B", "MIT", False),
        ("C", "CC BY 4.0", False),
        ("A", "CC BY-NC 4.0", False),
        ("A", "CC BY-NC 4.0 (LICENSE); README says CC BY-SA 4.0", False),
        ("A", "CC BY-ND 4.0", False),
        ("A", "GPL-3.0", False),
        ("A", "free for general research use (README)", False),
        ("A", "", False),
    ],
)
def test_the_rule_lets_in_what_anybody_may_pass_on(tier: str, licence: str, open_: bool) -> None:
    assert is_open({"licence_tier": tier, "licence": licence}) is open_


def test_the_list_that_is_written_down_keeps_the_rule_and_names_everybody() -> None:
    listed = pool_sources()
    assert len(listed) >= 30
    assert [one.slug for one in listed] == sorted({one.slug for one in listed})
    for one in listed:
        assert is_open({"licence_tier": "A", "licence": one.licence}), one.slug
        assert one.title, one.slug
        assert one.citation, one.slug
        assert len(one.commit) == 40, one.slug
        assert one.about.reference.startswith(f"https://{one.repository}/tree/{one.commit}"), one.slug


def _write_datasets(folder: Path) -> Path:
    """Three open datasets, the last of one class only, and a closed one."""
    kinds = {"films": "MIT", "pairs": "CC BY 4.0", "dull": "Apache-2.0", "closed": "GPL-3.0"}
    folder.mkdir()
    with (folder / "catalog.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for slug, licence in kinds.items():
            task = "pair_classification" if slug == "pairs" else "classification"
            about = [f"The {slug}", task, f"github.com/x/{slug}", "data", "c" * 40, licence, "A", "X 2020"]
            writer.writerow([slug, *about])
    for number, slug in enumerate(kinds, start=1):
        (folder / slug).mkdir()
        for offset, split in enumerate(("train", "test")):
            rows = rows_of(10 * number + offset)
            if slug == "pairs":
                rows = rows.rename({"text": "text_a"}).with_columns(text_b=pl.lit("good film the book"))
            if slug == "dull":
                rows = rows.with_columns(label=pl.lit("pos"))
            rows.write_parquet(folder / slug / f"{split}.parquet")
    return folder


@pytest.fixture
def datasets(tmp_path: Path) -> Path:
    return _write_datasets(tmp_path / "datasets")


@pytest.fixture
def sources(datasets: Path) -> list[PoolSource]:
    return read_catalog(datasets / "catalog.csv")


@pytest.fixture
def scratch(workspace: Workspace) -> Workspace:
    return scratch_workspace(workspace.root, {})


def test_the_catalogue_gives_the_open_ones_in_order(sources: list[PoolSource]) -> None:
    assert [one.slug for one in sources] == ["dull", "films", "pairs"]
    assert sources[2].task is Task.PAIR_CLASSIFICATION
    assert sources[1].about.reference == f"https://github.com/x/films/tree/{'c' * 40}/data"


def test_a_pool_is_made_in_pieces_and_by_the_products_own_ingest(
    prefect_server: None, scratch: Workspace, sources: list[PoolSource], datasets: Path, tmp_path: Path
) -> None:
    none = fill(scratch, sources, datasets, seconds=0)
    assert none.missing == ["dull", "films", "pairs"]
    first = fill(scratch, sources[:2], datasets)
    assert (first.ready, first.missing) == (["films"], [])
    assert "single" in first.refused["dull"] or "class" in first.refused["dull"]
    # What is ready is not made again, although there is no time for anything.
    assert fill(scratch, sources, datasets, seconds=0).ready == ["films"]
    second = fill(scratch, sources, datasets)
    assert second.ready == ["films", "pairs"]
    done = write_pool(scratch, "tiny", sources, tmp_path / "out")
    manifest = read_manifest(tmp_path / "out")
    assert manifest == done.manifest
    told = {one.name: (one.about.licence, one.about.citation, one.task.value) for one in manifest.sources}
    assert told == {
        "films": ("MIT", "X 2020", "classification"),
        "pairs": ("CC BY 4.0", "X 2020", "pair_classification"),
    }
    assert write_pool(scratch, "tiny", sources, tmp_path / "out").written == []
    log = scratch.root / "dvc.lock"
    assert "data/moments" in log.read_text(encoding="utf-8")


def test_one_pool_is_made_with_one_set_of_settings(tmp_path: Path) -> None:
    settings = {"tuning": {"epochs": 2}, "caps": {"source_rows": 300}}
    made = scratch_workspace(tmp_path / "w", settings)
    assert made.settings.tuning.epochs == 2
    assert made.settings.caps.source_rows == 300
    assert scratch_workspace(tmp_path / "w", settings).root == made.root
    with pytest.raises(SettingsError, match=r"other settings than tuning\.epochs: 3"):
        scratch_workspace(tmp_path / "w", {"tuning": {"epochs": 3}})


def test_no_datasets_is_a_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPRINGBOARD_DATASETS", str(tmp_path))
    with pytest.raises(WorkspaceError, match="the real datasets are not in") as refused:
        listing.datasets_folder()
    assert "SPRINGBOARD_DATASETS" in str(refused.value.next_step)
