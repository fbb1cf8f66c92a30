from __future__ import annotations

import io
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console
from support.cli import Cli
from support.workspaces import rows_of, write_rows

from features.audit import note
from features.audit.chain import log_file
from features.workspace import Workspace
from flows.cli.audit import audit


def test_an_addition_and_a_refusal_are_in_the_log_with_who_and_on_what(
    workspace: Workspace, tmp_path: Path, cli: Cli
) -> None:
    at = ("--workspace", workspace.root)
    said = cli("audit", *at)
    assert (said.code, said.out) == (0, "There is no audit log yet: the first change starts one.\n")
    assert cli("source", "add", write_rows(tmp_path / "good.csv", 1), *at).code == 0
    rows_of(2).with_columns(label=pl.lit("pos")).write_csv(tmp_path / "bad.csv")
    assert cli("source", "add", tmp_path / "bad.csv", *at).code == 2
    assert cli("source", "add", tmp_path / "bad.csv", *at).code == 2
    said = cli("audit", "--json", *at)
    assert (said.code, said.json["whole"], said.json["lines"]) == (0, True, 3)
    _, good, bad = said.json["entries"]
    assert (good["what"], good["on"]["name"], good["status"]) == ("source registered", "good", "new")
    assert (bad["what"], bad["on"]["name"]) == ("dataset refused by the gate", "bad")
    assert good["by"]["account"]
    said = cli("audit", *at)
    assert said.code == 0
    assert all(word in said.out for word in ("source registered", "good", "is whole: 3 lines"))


def test_a_broken_log_is_exit_1_and_says_where(workspace: Workspace, cli: Cli) -> None:
    for number in range(3):
        note(workspace, "tried", {"name": f"[/red]{number}"})
    path = log_file(workspace)
    path.write_bytes(path.read_bytes().replace(b"[/red]0", b"[/red]9"))
    said = cli("audit", "--workspace", workspace.root)
    assert said.code == 1
    assert all(
        part in said.out
        for part in ("BROKEN, in 1 place:", "line 3: it does not follow from line 2", "that means")
    )
    said = cli("audit", "--json", "--last", 1, "--workspace", workspace.root)
    assert (said.code, said.json["problems"][0]["line"], len(said.json["entries"])) == (1, 3, 1)


def test_lines_are_shown_since_a_time_and_the_whole_is_verified_all_the_same(
    workspace: Workspace, cli: Cli
) -> None:
    line = [note(workspace, "tried", {"name": f"s{number}"}) for number in range(3)][1]
    said = cli("audit", "--json", "--since", line["at"], "--workspace", workspace.root)
    assert (said.json["lines"], [e["on"].get("name") for e in said.json["entries"]]) == (4, ["s1", "s2"])
    assert cli("audit", "--since", "no-time", "--workspace", workspace.root).is_clear_error("no-time")


def test_eighty_columns_have_the_deed_and_all_that_it_was_done_to(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = "there is no column besides 'column_1' that could hold the label of anything"
    note(workspace, "inbox entry refused", {"name": "readme-md", "reason": reason})
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    monkeypatch.setattr("flows.cli.render.console.stdout_console", lambda: console)
    audit(workspace=workspace.root)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    lines = [line.rstrip() for line in shown.splitlines()]
    assert max(map(len, lines)) <= 80
    assert f"inbox entry refused: readme-md ({reason})" in " ".join(shown.split())
    assert any(line.startswith("       by ") for line in lines)
