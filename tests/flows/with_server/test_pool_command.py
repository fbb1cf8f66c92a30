"""``springboard pool``: a newcomer's own table against a pool, by typed commands alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from support.cli import Cli
from support.workspaces import Team, change_params, write_rows

from features.pools.layout import MANIFEST
from features.record.dvc import repro
from features.workspace import Workspace


@pytest.fixture
def newcomer(_empty: Workspace, tmp_path: Path, copy_of: Callable[[Workspace, Path], Workspace]) -> Workspace:
    return copy_of(_empty, tmp_path / "newcomer")


@pytest.fixture
def pool(team: Team, cli: Cli, tmp_path: Path) -> Path:
    said = cli("pool", "export", tmp_path / "tiny", "--title", "Three", "--json", "-w", team.workspace.root)
    assert said.code == 0
    assert (said.json["name"], said.json["sources"], said.json["left_out"]) == ("tiny", 3, {})
    assert said.json["bytes"] == sum(
        path.stat().st_size for path in (tmp_path / "tiny").glob("*.safetensors")
    )
    return tmp_path / "tiny"


def _files(workspace: Workspace) -> dict[str, set[str]]:
    return {
        kind: {path.name for path in workspace.folder(kind).iterdir()}
        for kind in ("pools", "esms", "sketches")
    }


def test_a_newcomers_table_is_ranked_by_typed_commands(
    prefect_server: None, newcomer: Workspace, pool: Path, cli: Cli, tmp_path: Path
) -> None:
    at = ("-w", newcomer.root)
    added = cli("pool", "add", pool, "--json", *at)
    assert added.code == 0
    assert {one["status"] for one in added.json["sources"]} == {"new"}
    assert added.json["published"] == 9
    again = cli("pool", "add", pool, *at)
    assert (again.code, "nothing was stored" in again.out) == (0, True)
    assert cli("target", "add", write_rows(tmp_path / "mine.csv", 77), *at).code == 0
    assert cli("target", "add", write_rows(tmp_path / "copied.csv", 2), *at).code == 0
    assert "Nothing is pending." in cli("ingest", *at).out
    refreshed = cli("refresh", "--json", *at)
    assert refreshed.code == 0, refreshed.err
    ranked = cli("rank", "mine", "--json", *at).json
    versions = {one["name"]: one["version"] for one in added.json["sources"]}
    assert {row["source"]: row["source_version"] for row in ranked["ranking"]} == versions
    assert ranked["excluded"] == []
    assert ranked["pool_size"] == 3
    leaked = cli("rank", "copied", "--json", *at).json
    assert [one["source"] for one in leaked["excluded"]] == ["s2"]
    assert "distinct texts (100.0%)" in leaked["excluded"][0]["reason"]
    lacking = cli("refresh", "mine", "--scorer", "taskemb", "--json", *at)
    assert lacking.json["rankings"][0]["excluded"] == 3
    assert (
        "without it" in lacking.json["rankings"][0]["reason"]
        or "3 reasons" in lacking.json["rankings"][0]["reason"]
    )
    sources = cli("list", "sources", "--json", *at).json
    assert [(one["name"], one["status"], one["pool"]) for one in sources] == [
        ("s1", "ready", "tiny"),
        ("s2", "ready", "tiny"),
        ("s3", "ready", "tiny"),
    ]
    _is_recorded_and_stays(newcomer)
    assert cli("rebuild", *at).code == 0
    assert cli("status", *at).code == 0


def _is_recorded_and_stays(workspace: Workspace) -> None:
    lock = yaml.safe_load((workspace.root / "dvc.lock").read_text(encoding="utf-8"))
    outs = {out["path"]: out["nfiles"] for stage in lock["stages"].values() for out in stage["outs"]}
    assert (outs["data/pools"], outs["data/esms"]) == (3, 3)
    before = _files(workspace)
    repro(workspace.root)
    assert _files(workspace) == before
    for kind in ("pools", "esms"):
        for path in workspace.folder(kind).iterdir():
            path.unlink()
    dvc = [sys.executable, "-m", "dvc", "checkout", "--force"]
    subprocess.run(dvc, cwd=workspace.root, check=True, capture_output=True)
    assert _files(workspace) == before


def test_a_refused_pool_is_a_clear_error_and_exit_code_2(newcomer: Workspace, pool: Path, cli: Cli) -> None:
    at = ("-w", newcomer.root)
    assert cli("pool", "add", "no-such-pool", *at).is_clear_error("no pool 'no-such-pool'", "pool list")
    raw = json.loads((pool / MANIFEST).read_text(encoding="utf-8"))
    (pool / MANIFEST).write_text(json.dumps({**raw, "layout": 99}), encoding="utf-8")
    assert cli("pool", "add", pool, *at).is_clear_error("layout 99", "newer Springboard")
    (pool / MANIFEST).write_text(json.dumps(raw), encoding="utf-8")
    change_params(newcomer, encoder={"pooling": "first"})
    assert cli("pool", "add", pool, *at).is_clear_error(raw["encoder"], "encoder.pooling: mean")


def test_what_is_listed_of_a_pool(
    pool: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from features.pools import finding

    monkeypatch.chdir(tmp_path)  # In no workspace.
    monkeypatch.setattr(finding, "shipped_folder", lambda: tmp_path / "nothing")
    assert cli("pool", "list").out.strip() == "No pool comes with this build."
    assert cli("pool", "list", "--json").json == []
    monkeypatch.setattr(finding, "shipped_folder", lambda: pool.parent)
    (one,) = cli("pool", "list", "--json").json
    assert (one["name"], one["title"], one["sources"]) == ("tiny", "Three", 3)
    shown = cli("pool", "list").out
    assert all(text in shown for text in ("tiny", "Three", one["encoder_label"], one["made_at"][:10]))
    sources = cli("pool", "list", "tiny", "--json").json["sources"]
    assert [source["name"] for source in sources] == ["s1", "s2", "s3"]
    assert "licence" in cli("pool", "list", "tiny").out
