"""``springboard status`` stands in columns; ``source list`` and ``target list`` are what people type first."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from support.cli import Cli
from support.workspaces import Team, rows_of

from features.artefacts.plan import Plan
from features.inbox.watches import Watches
from features.registry import Kind, Ledger
from features.runs import Outcome, begin, finish
from features.workspace import Workspace


def test_every_label_of_status_stands_before_the_same_column(team: Team, cli: Cli) -> None:
    refusal = {"name": "bad", "role": "source", "reference": "x", "reasons": ["r"], "rows": 3}
    Ledger(team.workspace.ledgers / "quarantine.jsonl").append({**refusal, "refused_by_rule": {}})
    finish(begin(team.workspace, "ingest", None, 60), Outcome({"s9": "broken"}))
    (team.workspace.root / "inbox" / "sources" / "waits.csv").write_text("text,label\n", encoding="utf-8")
    said = cli("status", "--max-age", "100d", "--workspace", team.workspace.root)
    lines = said.out.splitlines()
    labels = [line[:11].strip() for line in lines]
    assert {"Workspace", "Sources", "Targets", "Inbox", "Quarantine", "Failing"} <= set(labels)
    assert all(line[10] == " " and line[11] != " " for line in lines)


def test_sources_and_targets_are_listed_under_their_own_words_too(team: Team, cli: Cli) -> None:
    where = ("--workspace", team.workspace.root)
    for kind in ("source", "target"):
        listed = cli(kind, "list", *where)
        assert (listed.code, listed.out) == (0, cli("list", f"{kind}s", *where).out)
    assert [one["name"] for one in cli("target", "list", "--json", *where).json] == ["t1", "t2"]


def _headless(path: Path) -> Path:
    """Rows whose first line looks like names, and is none."""
    rows = pl.DataFrame({"text": ["text", *rows_of(7)["text"]], "label": ["pos", *rows_of(7)["label"]]})
    rows.write_csv(path, include_header=False)
    return path


def test_whether_the_first_line_holds_names_may_be_said(
    workspace: Workspace, cli: Cli, tmp_path: Path
) -> None:
    where, path = ("--workspace", workspace.root), _headless(tmp_path / "rows.csv")
    read = ("--text", "column_1", "--label", "column_2")
    for kind in (Kind.SOURCE, Kind.TARGET):
        said = cli(kind.value, "add", path, "--no-header", *read, "--json", *where)
        assert (said.code, said.json["rows"]) == (0, 41), said.err
        assert Plan(workspace).registry.get(kind, "rows").options["header"] is False
    assert cli("watch", "add", path, "--source", "--no-header", *where).code == 0
    (watch,) = Watches(workspace).current().values()
    assert watch.options == {"read": {"header": False}}
    assert cli("source", "add", path, "--name", "other", "--header", "--json", *where).json["rows"] == 40
