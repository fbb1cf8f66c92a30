"""Watched references: asked about cheaply, taken when they changed, and never in the way of the rest."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from support.cli import Cli
from support.hub_answers import HubAnswers
from support.inbox import come_in, states
from support.workspaces import write_rows

from features.artefacts.plan import Plan
from features.audit import verify
from features.inbox.looking import look
from features.reading.formats.folder import read_file_alone
from features.registry import Kind
from features.workspace import Workspace

A, B, C = (letter * 40 for letter in "abc")


@dataclass
class Hub:
    """A hub that answers which commit a branch stands for, and what each commit holds."""

    url: str = ""
    branches: dict[tuple[str, str], str] = field(default_factory=dict)
    rows: dict[str, Path] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    broken: bool = False

    def read(self, hub_id: str, options: Any, on_progress: Any) -> Any:
        published = read_file_alone(self.rows[options.revision], replace(options, revision=None), on_progress)
        return replace(
            published, origin={**published.origin, "kind": "hub", "resolved": hub_id, "licence": "cc0-1.0"}
        )


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    found = Hub()

    class Handler(HubAnswers, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            if found.broken:
                return self._refuse(503, "Unavailable")
            match = re.match(r"/api/datasets/([^/]+/[^/?]+)(?:/revision/([^/?]+))?\?expand=sha", self.path)
            commit = found.branches.get((match[1], match[2] or "main")) if match else None
            if commit is None:
                return self._refuse(404, "RevisionNotFound")
            return self._json({"id": match[1] if match else "", "sha": commit})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    for number, commit in enumerate((A, B), 1):
        found.rows[commit] = write_rows(tmp_path / "hub" / f"{number}.csv", number)
    found.rows[C] = found.rows[B]
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", found.url)
    monkeypatch.setattr("features.reading.formats.hub.read_hub", found.read)
    yield found
    server.shutdown()
    server.server_close()


def test_a_branch_is_followed_commit_by_commit(still: Workspace, cli: Cli, hub: Hub) -> None:
    where = ("-w", still.root)
    hub.branches["org/set", "main"] = A
    said = cli("watch", "add", "hf://datasets/org/set", "--source", "--licence", "CC0", *where)
    assert said.code == 0, said
    assert "source org/set is watched from now on" in said.out
    assert (
        "already: nothing was stored"
        in cli("watch", "add", "org/set", "--source", "--licence", "CC0", *where).out
    )
    assert hub.asked == []
    assert states(still)["set"] == ("waiting", "")
    assert come_in(still)["set"].outcome.status == "new"  # type: ignore[union-attr]
    entry = Plan(still).registry.get(Kind.SOURCE, "org-set")
    assert (entry.reference, entry.options, entry.licence) == ("org/set", {"revision": A}, "CC0")
    # One question, and nothing else, while the branch stands still.
    hub.asked.clear()
    assert come_in(still) == {}
    assert hub.asked == ["/api/datasets/org/set?expand=sha"]
    hub.branches["org/set", "main"] = B
    assert come_in(still)["set"].outcome.status == "updated"  # type: ignore[union-attr]
    assert Plan(still).registry.get(Kind.SOURCE, "org-set").options == {"revision": B}
    # A commit that leaves the rows as they were is looked at once and registers nothing.
    hub.branches["org/set", "main"] = C
    assert come_in(still)["set"].outcome.status == "unchanged"  # type: ignore[union-attr]
    assert come_in(still) == {}
    assert len(Plan(still).registry.history) == 2
    assert "watched no more" in cli("watch", "remove", "org/set", *where).out
    assert states(still) == {}
    assert look(still) == []
    assert "org-set" in Plan(still).registry.current(Kind.SOURCE)
    assert verify(still).is_whole


def test_without_the_hub_the_rest_goes_on_and_the_list_says_since_when(
    still: Workspace, cli: Cli, hub: Hub, tmp_path: Path
) -> None:
    where = ("-w", still.root)
    hub.branches["org/set", "main"] = A
    cli("watch", "add", "org/set", "--target", *where)
    come_in(still)
    hub.broken = True
    hub.asked.clear()
    cli(
        "watch",
        "add",
        write_rows(tmp_path / "export" / "one.csv", 7),
        "--source",
        "--name",
        "nightly",
        *where,
    )
    for number in range(4):
        cli("watch", "add", f"org/other{number}", "--source", *where)
    assert {name: one.outcome.name for name, one in come_in(still).items() if one.outcome} == {
        "one.csv": "nightly"
    }
    assert len(hub.asked) == 3  # Each would wait for its time-out; the others are not even asked.
    listed = {one["place"]: one for one in cli("watch", "list", "--json", *where).json}
    assert listed["org/set"]["state"] == "offline"
    assert re.match(r"offline, as of \d{4}-\d\d-\d\d \d\d:\d\d UTC: ", listed["org/set"]["reason"])
    assert listed["org/other3"]["reason"].startswith("offline, and never answered yet")
    assert "not asked: org/set (offline, as of" in cli("status", *where).out
    hub.broken = False
    hub.branches["org/set", "main"] = B
    assert come_in(still)["set"].outcome.status == "updated"  # type: ignore[union-attr]


def test_branches_are_told_apart_and_what_the_hub_does_not_have_is_said_once(
    still: Workspace, cli: Cli, hub: Hub
) -> None:
    where = ("-w", still.root)
    hub.branches |= {("org/set", "main"): A, ("org/set", "next"): B}
    for more in ((), ("--revision", "next"), ("--revision", "gone"), ("--revision", A, "--name", "pinned")):
        assert cli("watch", "add", "org/set", "--source", *more, *where).code == 0
    come_in(still)
    names = {record["variant"]: record for record in cli("watch", "list", "--json", *where).json}
    assert names[""]["name"] == "org-set"
    assert names["revision next"]["name"].startswith("org-set-")
    assert names["revision gone"]["state"] == "refused"
    assert "no revision 'gone'" in names["revision gone"]["reason"]
    # The same rows as the main branch's, under a name of their own.
    assert names[f"revision {A}"]["name"] == "pinned"
    hub.asked.clear()
    assert come_in(still) == {}
    assert sorted(hub.asked) == [
        "/api/datasets/org/set/revision/gone?expand=sha",
        "/api/datasets/org/set/revision/next?expand=sha",
        "/api/datasets/org/set?expand=sha",
    ]
    hub.branches["org/set", "gone"] = C
    assert list(come_in(still)) == ["set"]
    removed = cli("watch", "remove", "org/set", "--revision", "next", "--json", *where).json["removed"]
    assert [one["revision"] for one in removed] == ["next"]


def test_what_cannot_be_watched_is_said_at_once(still: Workspace, cli: Cli, tmp_path: Path) -> None:
    where = ("-w", still.root)
    path = write_rows(tmp_path / "one.csv", 1)
    for words, told in (
        ((path,), "--source, or --target"),
        ((path, "--source", "--target"), "both were said"),
        ((tmp_path / "absent.csv", "--source"), "There is no file"),
        (("two words", "--source"), "There is no file"),
        ((path, "--source", "--revision", "main"), "this is a file or folder"),
        ((path, "--source", "--name", "Not A Name"), "cannot be taken"),
        ((path, "--target", "--tuned-model", "x"), "belongs to a source"),
    ):
        assert cli("watch", "add", *words, *where).is_clear_error(told), words
    assert cli("watch", "remove", path, *where).is_clear_error("not on the watch list")
    assert not (still.ledgers / "watches.jsonl").exists()
    assert cli("watch", "list", "--json", *where).json == []


def test_a_watched_file_is_taken_when_it_changes(still: Workspace, cli: Cli, tmp_path: Path) -> None:
    path = write_rows(still.root / "exports" / "train.csv", 1)
    assert cli("watch", "add", path, "--target", "--cap", "30", "-w", still.root).code == 0
    assert come_in(still)["train.csv"].outcome.name == "exports"  # type: ignore[union-attr]
    assert Plan(still).registry.get(Kind.TARGET, "exports").rows == 30
    write_rows(path, 2)
    assert come_in(still)["train.csv"].outcome.status == "updated"  # type: ignore[union-attr]
    path.unlink()
    assert come_in(still) == {}
    assert states(still)["train.csv"] == ("gone", "exports")
