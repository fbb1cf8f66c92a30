"""A refresh says what became of a target's rows, and whether the ranking may move by it."""

from __future__ import annotations

import types

import pytest
from support.cli import Cli
from support.workspaces import Team, add, rows_of

from features.registry import Kind


def test_a_refresh_compares_a_target_that_has_other_rows_and_shows_it(
    prefect_server: None, team: Team, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = ("-w", team.workspace.root)
    path = team.files / "t1.csv"
    rows_of(60, 44).write_csv(path)
    add(team.workspace, Kind.TARGET, path, name="t1", replace=True)
    # Recording is DVC's and git's, and not what this is about.
    recorded = types.SimpleNamespace(with_options=lambda **again: lambda root, message: None)
    monkeypatch.setattr("flows.refresh.record_state", recorded)
    said = cli("refresh", *where)
    assert said.code == 0, said
    assert "New rows: t1. The ranking " in said.out
    assert "(springboard drift t1)" in said.out
    assert said.out.count("New rows:") == 1  # t2 has had the same rows ever since
    pages = team.workspace.reports / "site" / "targets"
    (page,) = (path.read_text() for path in pages.glob("t1*.html"))
    assert "What became of its rows" in page
    assert "It had 40 rows and has 44: 0 stayed, 44 came, 40 went." in page
    (other,) = (path.read_text() for path in pages.glob("t2*.html"))
    assert "What became of its rows" not in other
    # Told once; a run that does nothing has nothing to tell.
    assert cli("refresh", "--force", "--json", *where).json["drift"] == {}
    assert cli("drift", "t1", "--json", *where).json["at"]
