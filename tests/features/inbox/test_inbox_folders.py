"""What is put into the inbox: taken once and whole, or refused once with its reason."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from support.cli import Cli
from support.inbox import age, come_in, states
from support.workspaces import add, change_params, rows_of, write_rows

from features.artefacts.plan import Plan
from features.audit import verify
from features.inbox import looking, taking
from features.inbox.looking import look
from features.quarantine.listing import held_records
from features.registry import Kind
from features.workspace import Workspace
from models.errors import OfflineError, SettingsError


def _names(workspace: Workspace, kind: Kind = Kind.SOURCE) -> dict[str, str]:
    return {name: entry.version for name, entry in Plan(workspace).registry.current(kind).items()}


def _lines(workspace: Workspace) -> int:
    path = workspace.ledgers / "intake.jsonl"
    return len(path.read_bytes().splitlines()) if path.exists() else 0


def test_files_and_folders_are_taken_once_and_what_is_the_same_costs_nothing(
    still: Workspace, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(sources / "one.csv", 1)
    write_rows(sources / "two" / "train.csv", 2)
    write_rows(sources / "two" / "test.csv", 3)
    write_rows(still.root / "inbox" / "targets" / "goal.jsonl", 4)
    shutil.copy(sources / "one.csv", sources / "one again.csv")
    done = come_in(still)
    assert {name: one.outcome.status for name, one in done.items() if one.outcome} == {
        "one.csv": "same rows",
        "one again.csv": "new",
        "two": "new",
        "goal.jsonl": "new",
    }
    versions = _names(still)
    assert set(versions) == {"one", "one-again", "two"}
    assert versions["one"] == versions["one-again"]
    assert len(list(still.folder("datasets").glob("*.parquet"))) == 3
    assert set(_names(still, Kind.TARGET)) == {"goal"}
    assert Plan(still).registry.get(Kind.SOURCE, "one").reference == "./inbox/sources/one.csv"
    # Neither read nor hashed again; a touched file is hashed, and found to be the same.
    noted = _lines(still)
    with monkeypatch.context() as patched:
        patched.setattr(looking, "content_of", pytest.fail)
        assert come_in(still) == {}
    age(sources / "one.csv", -5)
    monkeypatch.setattr(taking, "add_dataset", pytest.fail)
    assert come_in(still) == {}
    # What this machine remembered is worth nothing but time.
    (still.private / "inbox.json").unlink()
    assert come_in(still) == {}
    assert _lines(still) == noted
    assert verify(still).is_whole


def test_a_changed_file_is_a_new_version_and_one_that_went_changes_nothing(
    still: Workspace, sources: Path
) -> None:
    path = write_rows(sources / "one.csv", 1)
    come_in(still)
    before = _names(still)["one"]
    write_rows(path, 2)
    assert states(still)["one.csv"] == ("waiting", "one")
    assert come_in(still)["one.csv"].outcome.status == "updated"  # type: ignore[union-attr]
    now = _names(still)["one"]
    assert now != before
    path.unlink()
    assert come_in(still) == {}
    assert _names(still) == {"one": now}
    assert states(still)["one.csv"] == ("gone", "one")
    write_rows(path, 1)
    assert come_in(still)["one.csv"].outcome.version == before  # type: ignore[union-attr]


def test_what_is_refused_is_refused_once_with_its_reason_and_stays_where_it_is(
    still: Workspace, sources: Path, cli: Cli
) -> None:
    (sources / "broken.parquet").write_bytes(b"PAR1" + b"\0" * 100)
    (sources / "no labels.csv").write_text("text\n" + "some text\n" * 40)
    write_rows(sources / "small.csv", 1, 4)  # the gate wants 20 rows
    write_rows(sources / "good.csv", 2)
    done = come_in(still)
    refused = {name: one.outcome for name, one in done.items() if one.outcome and one.outcome.is_refusal}
    assert set(refused) == {"broken.parquet", "no labels.csv", "small.csv"}
    assert {name: one.by_gate for name, one in refused.items()}["small.csv"]
    assert set(_names(still)) == {"good"}
    assert (sources / "broken.parquet").is_file()
    noted = _lines(still)
    assert come_in(still) == {}
    assert _lines(still) == noted
    held = {record["name"]: record for record in held_records(still)}
    assert held["broken"]["what"] == "file"
    assert "broken.parquet" in held["broken"]["reason"]
    assert [record["what"] for record in held_records(still) if record["name"] == "small"] == ["all rows"]
    said = cli("quarantine", "show", "broken", "-w", still.root)
    assert said.is_clear_error("could not be read", "inbox/sources/broken.parquet", "take it away")
    # Other rules, another look; a mended file is taken.
    gate = still.settings.gate.model_dump(mode="json", exclude_none=True)
    gate["source"]["row_count"]["min_rows"] = 2
    eased = change_params(still, gate=gate)
    write_rows(sources / "broken.parquet", 5)
    took = {name: one.outcome.event for name, one in come_in(eased).items() if one.outcome}
    assert took == {"broken.parquet": "taken", "no labels.csv": "refused", "small.csv": "taken"}
    assert {record["name"] for record in held_records(eased) if record["what"] == "file"} == {"no-labels"}
    (sources / "no labels.csv").unlink()
    assert [record for record in held_records(eased) if record["what"] == "file"] == []


def test_a_refused_dataset_that_was_released_is_no_longer_refused(
    still: Workspace, sources: Path, cli: Cli
) -> None:
    write_rows(sources / "small.csv", 1, 12)
    come_in(still)
    assert states(still)["small.csv"][0] == "refused"
    said = cli("quarantine", "release", "small", "--reason", "all there is", "-w", still.root)
    assert said.code == 0, said
    assert states(still)["small.csv"] == ("taken", "small")
    assert come_in(still) == {}


def test_a_file_that_is_still_being_written_waits(workspace: Workspace) -> None:
    workspace = change_params(workspace, inbox={"settle_seconds": 600.0})
    sources = workspace.root / "inbox" / "sources"
    # Copied with its old times: the system's change time says when that was.
    path = age(write_rows(sources / "one.csv", 1), 7200)
    for name in ("two.csv.part", ".three.csv.Xy12ab", "~$four.csv", "five.csv.tmp"):
        shutil.copy(path, sources / name)
    write_rows(sources / "folder" / "train.csv", 2)
    shutil.copy(path, sources / "folder" / "test.csv.part")
    (sources / "empty").mkdir()
    seen = {one.item.place.rpartition("/")[2]: one for one in look(workspace)}
    assert {name: one.state for name, one in seen.items()} == dict.fromkeys(
        ("one.csv", "folder", "empty"), "settling"
    )
    assert 590 < (seen["one.csv"].settles_in or 0) <= 600
    assert "test.csv.part" in seen["folder"].why
    # A clock of another machine that is ahead: it looked the same some time ago, and that is enough.
    later = change_params(workspace, inbox={"settle_seconds": 0.2})
    ahead = path.stat().st_mtime + 1e6
    os.utime(path, (ahead, ahead))
    assert {one.state for one in look(later) if one.item.place.endswith("one.csv")} == {"settling"}
    waited = {one.item.place.rpartition("/")[2]: one.state for one in looking.look_when_settled(later)}
    assert waited == {"one.csv": "due", "folder": "settling", "empty": "settling"}


def test_what_changes_while_it_is_read_is_not_taken(
    still: Workspace, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_rows(sources / "one.csv", 1)
    (seen,) = look(still)
    write_rows(path, 2)
    taken = taking.take(still, seen)
    assert taken.outcome is None
    assert "changed while it was being read" in taken.waits
    assert _names(still) == {}
    # The hub, a lock or a drive that fails is nobody's fault, and is tried again.
    for problem in (OfflineError("the hub is away"), OSError(5, "Input/output error")):

        def fail(*args: object, problem: Exception = problem, **options: object) -> None:
            raise problem

        with monkeypatch.context() as patched:
            patched.setattr(taking, "add_dataset", fail)
            assert come_in(still)["one.csv"].outcome is None
    assert _lines(still) == 0

    def trip(*args: object, **options: object) -> None:
        raise ZeroDivisionError("a reader's mistake")

    with monkeypatch.context() as patched:
        patched.setattr(taking, "add_dataset", trip)
        outcome = come_in(still)["one.csv"].outcome
    assert outcome is not None
    assert (outcome.event, outcome.reason) == ("refused", "ZeroDivisionError: a reader's mistake")


def test_a_kill_between_registering_and_noting_does_nothing_twice(
    still: Workspace, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(sources / "one.csv", 1)

    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(taking.Outcomes, "note", killed)
        with pytest.raises(KeyboardInterrupt):
            come_in(still)
    assert set(_names(still)) == {"one"}
    outcome = come_in(still)["one.csv"].outcome
    assert outcome is not None
    assert outcome.status == "unchanged"
    assert len(Plan(still).registry.history) == 1


def test_two_at_once_take_it_once(still: Workspace, sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_rows(sources / "one.csv", 1)
    (first,), (second,) = look(still), look(still)
    assert taking.take(still, first).outcome is not None
    monkeypatch.setattr(taking, "add_dataset", pytest.fail)
    late = taking.take(still, second)
    assert late.outcome is not None
    assert late.outcome.name == "one"
    assert _lines(still) == 1


def test_links_out_and_things_that_are_no_files_are_refused_unread(still: Workspace, sources: Path) -> None:
    outside = write_rows(still.root / "secret" / "one.csv", 1)
    (sources / "link.csv").symlink_to(outside)
    (sources / "nowhere.csv").symlink_to(still.root / "absent.csv")
    (sources / "circle.csv").symlink_to(sources / "circle.csv")
    (sources / "folder").mkdir()
    (sources / "folder" / "train.csv").symlink_to(outside)
    os.mkfifo(sources / "pipe.csv")
    write_rows(sources / "real.csv", 2)
    (sources / "inner.csv").symlink_to("real.csv")
    done = {name: one.outcome for name, one in come_in(still).items()}
    refused = {name: one.reason for name, one in done.items() if one and one.is_refusal}
    assert set(refused) == {"link.csv", "nowhere.csv", "circle.csv", "folder", "pipe.csv"}
    assert "no plain file" in refused.pop("pipe.csv")
    assert all("leads out of the inbox or nowhere" in reason for reason in refused.values())
    assert sorted(_names(still)) == ["inner", "real"]
    assert come_in(still) == {}


HOSTILE = {
    "two words and more.csv": "two-words-and-more",
    "<script>alert(1)</script>.csv".replace("/", "_"): "script-alert-1-_script",
    "new\nline [red].csv": "new-line-red",
    "--Ünïcödé 数据.csv": "unicode-shu-ju",
    "x" * 200 + ".csv": "x" * 55 + "-",
    "🙂.csv": "dataset-",
    "train.csv": "train",
}


def test_hostile_names_become_safe_names(still: Workspace, sources: Path, cli: Cli) -> None:
    for number, name in enumerate(HOSTILE):
        write_rows(sources / name, 10 + number)
    (sources / os.fsdecode(b"bytes \xff.csv")).write_bytes((sources / "train.csv").read_bytes())
    done = {name: one.outcome for name, one in come_in(still).items()}
    odd = done.pop("bytes \\xff.csv")
    assert odd is not None
    assert odd.is_refusal
    assert "bytes that are no text" in odd.reason
    for name, slug in HOSTILE.items():
        outcome = done[name]
        assert outcome is not None
        assert outcome.event == "taken", outcome
        assert outcome.name == slug or (slug[-1] == "-" and outcome.name.startswith(slug))
    assert come_in(still) == {}
    listed = cli("watch", "list", "--json", "-w", still.root).json
    assert {record["place"].rpartition("/")[2] for record in listed} == {*HOSTILE, "bytes \\xff.csv"}
    waiting = cli("list", "quarantine", "--json", "-w", still.root).json
    assert [record["file"] for record in waiting] == ["./inbox/sources/bytes \\xff.csv"]
    assert verify(still).is_whole


def test_a_name_that_is_taken_gets_another_one_and_keeps_it(still: Workspace, sources: Path) -> None:
    add(still, Kind.SOURCE, write_rows(still.root / "elsewhere" / "reviews.csv", 1))
    write_rows(sources / "reviews.csv", 2)
    write_rows(sources / "Reviews!.csv", 3)
    names = {place: one.outcome.name for place, one in come_in(still).items() if one.outcome}
    assert len({"reviews", *names.values()}) == 3
    assert all(name.startswith("reviews-") for name in names.values())
    write_rows(sources / "reviews.csv", 4)
    assert come_in(still)["reviews.csv"].outcome.name == names["reviews.csv"]  # type: ignore[union-attr]


def test_a_file_beside_it_says_how_it_is_read(still: Workspace, sources: Path) -> None:
    rows = rows_of(1).rename({"text": "words", "label": "mood"}).with_columns(other=rows_of(2)["text"])
    rows.write_csv(sources / "a.csv")
    beside = sources / "a.csv.springboard.yaml"
    beside.write_text("{text: other, label: mood, name: moods, licence: CC0, cap: 20}")
    write_rows(sources / "b.csv", 3)
    (sources / "b.springboard.yaml").write_text("txet: text")
    write_rows(sources / "c.csv", 4)
    (sources / "c.springboard.yaml").write_text("name: [&a x, *a]")
    done = {name: one.outcome for name, one in come_in(still).items()}
    assert set(done) == {"a.csv", "b.csv", "c.csv"}
    entry = Plan(still).registry.get(Kind.SOURCE, "moods")
    assert (entry.licence, entry.cap, entry.rows) == ("CC0", 20, 20)
    assert entry.options == {"text": ["other"], "label": "mood"}
    reasons = {name: one.reason for name, one in done.items() if one}
    assert "b.springboard.yaml" in reasons["b.csv"]
    assert "'txet'" in reasons["b.csv"]
    assert "known are name, text" in reasons["b.csv"]
    assert "name" in reasons["c.csv"]
    # What it says is part of what is looked at.
    beside.write_text("{text: words, label: mood, name: moods}")
    assert come_in(still)["a.csv"].outcome.status == "updated"  # type: ignore[union-attr]


def test_a_workspace_without_an_inbox_goes_on_and_a_wrong_one_is_said(
    still: Workspace, sources: Path, cli: Cli
) -> None:
    shutil.rmtree(still.root / "inbox")
    assert look(still) == []
    assert states(change_params(still, inbox={"sources": None, "targets": None})) == {}
    same = change_params(still, inbox={"sources": "here", "targets": "./here"})
    with pytest.raises(SettingsError, match="two folders"):
        look(same)
    assert "two folders" in cli("status", "-w", same.root).out
    (still.root / "file").write_text("x")
    with pytest.raises(SettingsError, match="cannot be looked into"):
        look(change_params(still, inbox={"sources": "file", "targets": None}))
    outside = still.root.parent / "drop"
    write_rows(outside / "one.csv", 1)
    elsewhere = change_params(still, inbox={"sources": str(outside), "targets": None})
    come_in(elsewhere)
    assert Plan(still).registry.get(Kind.SOURCE, "one").reference == str(outside / "one.csv")


def test_status_and_watch_list_show_what_waits_and_what_was_refused(
    still: Workspace, sources: Path, cli: Cli
) -> None:
    where = ("-w", still.root)
    assert "Inbox" not in cli("status", *where).out
    (sources / "bad [red].csv").write_bytes(b"")
    come_in(still)
    write_rows(sources / "new.csv", 1)
    status = cli("status", *where).out
    assert "Inbox      0 taken, 1 waits, 1 refused (springboard watch list)" in status
    assert "waits: ./inbox/sources/new.csv" in status
    assert "refused: ./inbox/sources/bad [red].csv" in status
    inbox = cli("status", "--json", *where).json["inbox"]
    assert [one["place"] for one in inbox["refused"]] == ["./inbox/sources/bad [red].csv"]
    assert [one["state"] for one in cli("watch", "list", "--json", *where).json] == ["refused", "waiting"]
    assert "bad [red].csv" in cli("watch", "list", *where).out
    assert "is empty" in inbox["refused"][0]["reason"]
