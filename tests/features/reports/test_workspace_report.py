from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest
from support.workspaces import Team, add, change_params, ingest, refresh, write_rows

from features.artefacts.plan import Plan
from features.registry import Kind
from features.reports import overview_to_markdown
from features.reports.slugs import slug_of
from features.reports.workspace import overview_of_workspace, report_workspace
from models.errors import SettingsError


def text_of(path: Path) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", path.read_text(encoding="utf-8")).split())


def test_a_workspace_is_shown_whole_and_a_second_report_writes_the_first_page_alone(team: Team) -> None:
    workspace = team.workspace
    site = report_workspace(Plan(workspace)).page.parent
    index = text_of(site / "index.html")
    assert "t2 classification, 40 rows stale never ranked" in index
    assert "first ranking" in index
    source = text_of(site / "sources" / f"{slug_of('s3')}.html")
    for said in ("Largest class", "The gate refused none of 40 rows.", "Error on held-out rows", "of 3"):
        assert said in source
    assert 'href="../../data_docs/source-s3' in (site / "sources" / f"{slug_of('s3')}.html").read_text()
    maps = pl.read_parquet(site / "map.parquet")
    assert set(maps["by"]) == {"esm", "centroid"}
    assert len(maps) == 6
    again = report_workspace(Plan(workspace))
    assert again.written == 2  # index.html and index.json say when they were written
    assert again.same > 20

    add(workspace, Kind.SOURCE, write_rows(team.files / "s4.csv", 4))
    ingest(workspace)
    refresh(workspace, "t1")
    written = report_workspace(Plan(workspace))
    assert written.written < written.same + written.written
    (target,) = (site / "targets").glob("*.json")
    told = json.loads(target.read_text())
    assert told["changes"][0]["came"] == ["s4"]
    assert [move["cause"] for move in told["changes"][0]["moves"] if move["source"] == "s4"] == [
        "new in the pool"
    ]
    assert len(told["history"]) == 2
    assert "1 source came: s4." in text_of(target.with_suffix(".html"))


def test_the_same_overview_feeds_terminal_page_and_artifact(team: Team) -> None:
    plan = Plan(team.workspace)
    overview = overview_of_workspace(plan)
    report_workspace(plan)
    page = text_of(team.workspace.reports / "site" / "index.html")
    markdown = overview_to_markdown(overview)
    for row in overview.targets:
        assert (row.name in page, row.name in markdown) == (True, True)
    assert overview.sentence in page
    assert overview.sentence in markdown
    assert {row.name: row.status for row in overview.targets} == {"t1": "fresh", "t2": "stale"}


def test_a_lost_file_costs_its_part_of_the_pages_and_no_more(team: Team) -> None:
    plan = Plan(team.workspace)
    entry = plan.registry.get(Kind.SOURCE, "s1")
    plan.path("datasets", entry.version).unlink()
    plan.path("embeddings", plan.source_keys(entry).embedding).write_bytes(b"broken")
    site = report_workspace(plan).page.parent
    page = text_of(site / "sources" / f"{slug_of('s1')}.html")
    assert "Nothing is known of its rows" in page
    assert "Error on held-out rows" in page
    maps = pl.read_parquet(site / "map.parquet")
    assert set(maps.filter(pl.col("by") == "centroid")["source"]) == {"s2", "s3"}
    assert set(maps.filter(pl.col("by") == "esm")["source"]) == {"s1", "s2", "s3"}


def test_another_folder_takes_the_site_unless_it_holds_other_things(team: Team, tmp_path: Path) -> None:
    plan = Plan(team.workspace)
    out = tmp_path / "public"
    assert report_workspace(plan, out).page == out / "index.html"
    assert report_workspace(plan, out).written == 2
    assert not (team.workspace.reports / "site").exists()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    (tmp_path / "file").write_text("x")
    for taken in ("home", "file"):
        with pytest.raises(SettingsError, match=taken):
            report_workspace(plan, tmp_path / taken)
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["letter.txt"]


def test_a_target_that_another_scorer_does_not_take_is_not_called_stale(team: Team) -> None:
    workspace = change_params(team.workspace, ranking={"scorer": "etran_regression"})
    overview = overview_of_workspace(Plan(workspace))
    assert {row.status for row in overview.targets} == {"not scored"}
    assert overview.stale == ()
