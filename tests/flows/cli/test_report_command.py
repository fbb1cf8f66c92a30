from __future__ import annotations

from pathlib import Path

from support.cli import Cli
from support.workspaces import Team


def test_report_writes_the_pages_and_shows_the_targets(team: Team, cli: Cli, tmp_path: Path) -> None:
    where = ("-w", team.workspace.root)
    said = cli("report", *where)
    assert said.code == 0
    assert "2 targets, 1 of them stale; 3 sources, 0 entries in quarantine." in said.out
    assert f"Pages     {team.workspace.root}/reports/site/index.html" in said.out
    assert "\x1b" not in said.out
    again = cli("report", "--json", *where).json
    assert (again["written"], again["removed"]) == (2, 0)
    assert [row["status"] for row in again["targets"]] == ["fresh", "stale"]
    elsewhere = cli("report", "--out", tmp_path / "public", *where)
    assert (tmp_path / "public" / "index.html").is_file()
    assert elsewhere.code == 0
    refused = cli("report", "--out", team.files, *where)
    assert refused.is_clear_error("is not empty and holds no report", "Nothing was written", "--out")
