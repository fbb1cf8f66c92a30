from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from support.cli import Cli
from support.workspaces import Team, add, ingest, refresh, rows_of, write_rows

from features.artefacts.plan import Plan
from features.registry import Kind
from features.registry.places import kept_reference, located
from features.workspace import Workspace
from models.errors import NamingError

SPRINGBOARD = [sys.executable, "-c", "from flows.cli import main; main()"]


def _stored(workspace: Workspace) -> list[str]:
    return sorted(
        str(path) for path in workspace.data.rglob("*.*") if path.is_file() and ".git" not in path.name
    )


def _lines(workspace: Workspace) -> list[bytes]:
    return (workspace.ledgers / "registry.jsonl").read_bytes().splitlines()


def test_the_same_rows_under_any_name_format_and_order_are_stored_once(team: Team) -> None:
    before = _stored(team.workspace)
    rows = pl.read_csv(team.files / "s1.csv")
    rows.write_parquet(team.files / "one.parquet")
    rows.reverse().write_ndjson(team.files / "two.jsonl")
    rows.sample(fraction=1.0, shuffle=True, seed=1).select("label", "text").write_csv(
        team.files / "three.tsv", separator="\t"
    )
    for name in ("one.parquet", "two.jsonl", "three.tsv"):
        added = add(team.workspace, Kind.SOURCE, team.files / name)
        assert (added.status, added.twin) == ("same rows", "s1")
    assert _stored(team.workspace) == before
    plan = ingest(team.workspace)
    assert _stored(team.workspace) == before
    assert [entry.name for entry in plan.pool()] == ["s1", "s2", "s3"]
    assert refresh(team.workspace, "t1") is None


def test_adding_again_changes_nothing(team: Team) -> None:
    registered = Plan(team.workspace).registry.get(Kind.SOURCE, "s1")
    stored, lines = _stored(team.workspace), _lines(team.workspace)
    added = add(team.workspace, Kind.SOURCE, registered.reference)
    assert added.status == "unchanged"
    assert added.entry == registered
    assert (_stored(team.workspace), _lines(team.workspace)) == (stored, lines)


def test_new_content_of_a_reference_is_an_update_and_the_old_files_stay(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = write_rows(tmp_path / "live.csv", 1)
    first = add(workspace, Kind.SOURCE, path)
    write_rows(path, 2)
    second = add(workspace, Kind.SOURCE, path)
    assert second.status == "updated"
    assert second.entry.version != first.entry.version
    for one in (first, second):
        assert Plan(workspace).path("datasets", one.entry.version).exists()
    # Back to what it was: the old version's file is taken again.
    write_rows(path, 1)
    stored = _stored(workspace)
    assert add(workspace, Kind.SOURCE, path).entry.version == first.entry.version
    assert _stored(workspace) == stored


def test_a_taken_name_is_not_taken_over_without_being_told(workspace: Workspace, tmp_path: Path) -> None:
    first = add(workspace, Kind.SOURCE, write_rows(tmp_path / "a.csv", 1), name="x")
    other = write_rows(tmp_path / "b.csv", 2)
    lines = _lines(workspace)
    with pytest.raises(NamingError, match=r"already stands for.*a\.csv") as caught:
        add(workspace, Kind.SOURCE, other, name="x")
    assert "--replace" in caught.value.next_step
    assert _lines(workspace) == lines
    assert add(workspace, Kind.SOURCE, other, name="x", replace=True).entry.version != first.entry.version


def test_a_moved_file_is_read_from_its_new_place_once_told(workspace: Workspace, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.csv", 1)
    add(workspace, Kind.SOURCE, path, name="x")
    moved = path.rename(tmp_path / "moved.csv")
    assert add(workspace, Kind.SOURCE, moved, name="x", replace=True).entry.reference == str(moved)
    assert Plan(workspace).registry.get(Kind.SOURCE, "x").reference == str(moved)


def test_two_files_of_one_name_in_two_folders_are_two(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typed as the same relative path from two folders, the second must not take the first one's name."""
    for number in (1, 2):
        write_rows(tmp_path / f"team{number}" / "reviews.csv", number)
    monkeypatch.chdir(tmp_path / "team1")
    add(workspace, Kind.SOURCE, "reviews.csv")
    monkeypatch.chdir(tmp_path / "team2")
    with pytest.raises(NamingError, match="team1"):
        add(workspace, Kind.SOURCE, "reviews.csv")


def test_references_mean_the_same_from_any_folder(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(tmp_path / "here" / "a.csv", 1)
    write_rows(workspace.root / "files" / "b.csv", 2)
    monkeypatch.chdir(tmp_path / "here")
    assert kept_reference(workspace, "a.csv", is_local=True) == str(tmp_path / "here" / "a.csv")
    assert kept_reference(workspace, "../here/./a.csv", is_local=True) == str(tmp_path / "here" / "a.csv")
    assert (
        kept_reference(workspace, str(workspace.root / "files" / "b.csv"), is_local=True) == "./files/b.csv"
    )
    assert kept_reference(workspace, "org/name", is_local=False) == "org/name"
    assert located(workspace, "./files/b.csv") == str(workspace.root / "files" / "b.csv")
    assert located(workspace, "org/name") == "org/name"


def test_a_link_is_kept_as_the_place_that_was_named(workspace: Workspace, tmp_path: Path) -> None:
    for number in (1, 2):
        write_rows(tmp_path / f"v{number}.csv", number)
    link = tmp_path / "latest.csv"
    link.symlink_to("v1.csv")
    add(workspace, Kind.SOURCE, link)
    link.unlink()
    link.symlink_to("v2.csv")
    assert add(workspace, Kind.SOURCE, link).status == "updated"


@pytest.mark.parametrize(
    "name", ["../x", "x" * 300, "[red]x[/red]", "<script>", "a b", "", "-x", "Ü", "x\n", "a/b", "'; DROP"]
)
def test_a_name_that_cannot_be_one_is_refused_before_anything_is_read(
    workspace: Workspace, cli: Cli, name: str
) -> None:
    said = cli("source", "add", "/nowhere/at/all.csv", f"--name={name}", "--workspace", workspace.root)
    assert said.is_clear_error("cannot be taken", "--name")
    assert len(said.err) < 1000
    assert not (workspace.ledgers / "registry.jsonl").exists()


@pytest.mark.parametrize("name", ["t1x", "T1", "../t1", "t" * 300, "[red]"])
def test_an_unknown_target_is_said_with_a_near_name(team: Team, cli: Cli, name: str) -> None:
    said = cli("rank", name, "--workspace", team.workspace.root)
    assert said.is_clear_error("no target is registered", "springboard list targets")
    assert ("Did you mean t1" in said.err) == (name in ("t1x", "T1", "../t1"))


def test_processes_that_add_at_once_lose_nothing_and_share_no_name(
    workspace: Workspace, tmp_path: Path
) -> None:
    """Twice the same file, and another by the same name: the file or the other has it, once."""
    files = [write_rows(tmp_path / f"f{number}.csv", number) for number in (1, 2)]
    typed = [[str(files[0])], [str(files[0])], [str(files[1]), "--name=f1"]]
    running = [
        subprocess.Popen(
            [*SPRINGBOARD, "source", "add", *words, "-w", str(workspace.root)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for words in typed
    ]
    errors = [one.communicate(timeout=180)[1] for one in running]
    assert [one.returncode for one in running] in ([0, 0, 2], [2, 2, 0])
    refused = [" ".join(error.split()) for one, error in zip(running, errors, strict=True) if one.returncode]
    assert all("already stands for" in error for error in refused)
    assert list(Plan(workspace).registry.current(Kind.SOURCE)) == ["f1"]
    assert len(_lines(workspace)) == 1
    assert not list(workspace.data.rglob("*.part"))


def test_an_interrupted_add_says_so_and_registers_nothing(workspace: Workspace, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.csv", 1, n=2000)
    command = [*SPRINGBOARD, "source", "add", str(path), "-w", str(workspace.root)]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    time.sleep(1.5)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in err
    assert not (workspace.ledgers / "registry.jsonl").exists()
    assert not list(workspace.data.rglob("*.part"))


def test_odd_file_names_are_data(workspace: Workspace, tmp_path: Path, cli: Cli) -> None:
    names = [
        "ünïcødé 日本.csv",
        "[red]x[/red].csv",
        "a'; drop table.csv",
        "</script>.csv".replace("/", "_"),
        "-flag.csv",
    ]
    for number, name in enumerate(names):
        said = cli(
            "source", "add", write_rows(tmp_path / name, number), "--workspace", workspace.root, "--json"
        )
        assert said.code == 0, said.err
    listed = cli("list", "sources", "--workspace", workspace.root)
    assert listed.code == 0
    assert len(Plan(workspace).registry.current(Kind.SOURCE)) == len(names)


def test_a_file_name_that_is_no_text_is_read_and_shown(
    workspace: Workspace, tmp_path: Path, cli: Cli
) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.csv")
    rows_of(3).write_csv(tmp_path / "plain.csv")
    shutil.copy(tmp_path / "plain.csv", path)
    assert cli("source", "add", path, "--workspace", workspace.root).code == 0
    assert cli("list", "sources", "--workspace", workspace.root).code == 0
    assert cli("list", "sources", "--json", "--workspace", workspace.root).code == 0
