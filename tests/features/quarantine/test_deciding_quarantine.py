"""Showing, releasing and dropping what the gate refused; Great Expectations is told to keep out for speed."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from support.cli import Cli
from support.workspaces import add, rows_of

from features.artefacts.files import read_table
from features.artefacts.plan import Plan
from features.audit import verify
from features.exchange.imports import Imports
from features.gate import run_gate
from features.intake import add as intake
from features.intake import restore_datasets
from features.quarantine import drop, release, remove_dropped, waiting_of
from features.quarantine import dropping as dropping_module
from features.reading import ReadOptions
from features.registry import Kind, Registry
from features.reports.records import quarantine_records
from features.workspace import Workspace
from models.errors import GateError, NamingError, SettingsError


@pytest.fixture(autouse=True)
def _masks_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def gate(*words: object, docs: object = None, **options: object) -> object:
        return run_gate(*words, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("features.intake.add.run_gate", gate)


def _dirty(path: Path, seed: int = 1) -> Path:
    """40 good rows, 3 that repeat one of them, and one without a label."""
    good = rows_of(seed)
    bad = pl.DataFrame({"text": ["bad a b c"], "label": [None]}, schema=good.schema)
    pl.concat([good, good[[4, 4, 6]], bad]).write_csv(path)
    return path


@pytest.fixture
def dirty(workspace: Workspace, tmp_path: Path) -> tuple[Workspace, Path]:
    path = _dirty(tmp_path / "dirty.csv")
    add(workspace, Kind.SOURCE, path)
    return workspace, path


def _version(workspace: Workspace, name: str = "dirty") -> str:
    return Plan(workspace).registry.get(Kind.SOURCE, name).version


def test_released_rows_join_the_dataset_and_are_not_refused_again(dirty: tuple[Workspace, Path]) -> None:
    workspace, path = dirty
    before = _version(workspace)
    assert waiting_of(workspace, "dirty").by_rule == {"duplicate_row": 3, "missing_label": 1}
    done = release(workspace, "dirty", "three votes are three votes", rules=["duplicate_row"])
    assert (done.rows, done.by_rule, done.left) == (3, {"duplicate_row": 3}, {"missing_label": 1})
    assert done.before == before != done.entry.version == _version(workspace)
    rows = read_table(Plan(workspace).path("datasets", done.entry.version))
    assert (len(rows), done.entry.rows) == (43, 43)
    again = add(workspace, Kind.SOURCE, path)
    assert (again.status, again.entry.version) == ("unchanged", done.entry.version)
    assert again.report.refused["rule"].to_list() == ["missing_label"]
    Plan(workspace).path("datasets", done.entry.version).unlink()
    assert restore_datasets(workspace) == {}
    assert read_table(Plan(workspace).path("datasets", done.entry.version)).equals(rows)
    (noted,) = [e for e in verify(workspace).entries if e["what"] == "released from quarantine"]
    assert (noted["reason"], noted["by_rule"]) == ("three votes are three votes", {"duplicate_row": 3})
    assert verify(workspace).is_whole


def test_rows_are_released_one_by_one_and_count(dirty: tuple[Workspace, Path]) -> None:
    workspace, path = dirty
    twice = waiting_of(workspace, "dirty").rows.filter(pl.col("digest").is_duplicated())
    assert len(twice) == 2
    row = str(twice["row"][0])
    for left in (2, 1):
        version = release(workspace, "dirty", "wanted", rows=[row]).entry.version
        waiting = waiting_of(workspace, "dirty")
        assert waiting.by_rule.get("duplicate_row") == left
        assert add(workspace, Kind.SOURCE, path).entry.version == version
        row = str(waiting.rows["row"][0])
    assert [r["rows"] for r in quarantine_records(Plan(workspace))] == [2]
    # A file that changes for other reasons keeps what was decided.
    pl.concat([pl.read_csv(path), rows_of(7, 2)]).write_csv(path)
    added = add(workspace, Kind.SOURCE, path)
    assert (added.status, added.entry.rows) == ("updated", 44)
    assert waiting_of(workspace, "dirty").by_rule == {"duplicate_row": 1, "missing_label": 1}


def test_rows_without_a_label_cannot_be_released(dirty: tuple[Workspace, Path]) -> None:
    workspace, _ = dirty
    before = (workspace.ledgers / "registry.jsonl").read_bytes()
    with pytest.raises(SettingsError, match="no text or no label"):
        release(workspace, "dirty", "please", rules=["missing_label"])
    assert (workspace.ledgers / "registry.jsonl").read_bytes() == before
    done = release(workspace, "dirty", "all that can be used")
    assert (done.rows, done.unusable, done.left) == (3, 1, {"missing_label": 1})


@pytest.mark.parametrize("blank", ["", " \t", "\u200b"])
def test_rows_whose_text_shows_nothing_cannot_be_released(
    workspace: Workspace, tmp_path: Path, blank: str
) -> None:
    # An empty field of a CSV is an empty text, not a missing one.
    good = rows_of(1)
    bad = pl.DataFrame({"text": [blank], "label": [good["label"][0]]}, schema=good.schema)
    pl.concat([good, good[[4]], bad]).write_csv(tmp_path / "blank.csv")
    add(workspace, Kind.SOURCE, tmp_path / "blank.csv")
    assert waiting_of(workspace, "blank").by_rule == {"duplicate_row": 1, "blank_text": 1}
    with pytest.raises(SettingsError, match="no text or no label"):
        release(workspace, "blank", "please", rules=["blank_text"])
    done = release(workspace, "blank", "all that can be used")
    assert (done.rows, done.unusable, done.left) == (1, 1, {"blank_text": 1})


def test_pairs_with_one_blank_side_cannot_be_released(workspace: Workspace, tmp_path: Path) -> None:
    good = rows_of(1).with_columns(text_b=pl.col("text").str.to_uppercase()).rename({"text": "text_a"})
    bad = good.head(2).with_columns(text_b=pl.Series(["\u200b", None]))
    pl.concat([good, good[[4]], bad]).write_parquet(tmp_path / "pairs.parquet")
    add(workspace, Kind.SOURCE, tmp_path / "pairs.parquet", read=ReadOptions(text=("text_a", "text_b")))
    assert set(waiting_of(workspace, "pairs").by_rule) >= {"blank_text", "missing_second_text"}
    done = release(workspace, "pairs", "all that can be used")
    assert (done.rows, done.unusable) == (1, 2)
    rows = read_table(Plan(workspace).path("datasets", done.entry.version))
    assert rows["text_b"].str.contains("[A-Z]").all()


def test_numbers_come_back_as_the_same_numbers(workspace: Workspace, tmp_path: Path) -> None:
    rows = rows_of(3).with_columns(label=pl.int_range(40) / 7)
    pl.concat([rows, rows.head(2)]).write_csv(tmp_path / "n.csv")
    add(workspace, Kind.SOURCE, tmp_path / "n.csv")
    done = release(workspace, "n", "they count twice")
    assert add(workspace, Kind.SOURCE, tmp_path / "n.csv").entry.version == done.entry.version


def test_the_cap_holds_and_chooses_as_if_nothing_had_been_refused(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = _dirty(tmp_path / "dirty.csv")
    add(workspace, Kind.SOURCE, path, cap=25)
    done = release(workspace, "dirty", "wanted", rules=["duplicate_row"])
    assert done.entry.rows == 25
    assert add(workspace, Kind.SOURCE, path, cap=25).status == "unchanged"


def test_a_refused_dataset_is_released_for_just_the_rows_it_held(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "few.csv"
    rows = rows_of(5, 8).rename({"text": "body", "label": "says"})
    rows.write_csv(path)
    with pytest.raises(GateError):
        _add_few(workspace, path)
    waiting = waiting_of(workspace, "few")
    assert (waiting.stopped, waiting.by_rule) == (True, {"dataset": 8})
    with pytest.raises(SettingsError, match="refused as a whole"):
        release(workspace, "few", "one of them", rows=[waiting.rows["row"][0]])
    done = release(workspace, "few", "there are no more of them")
    assert (done.before, done.rows, done.entry.rows, done.left) == (None, 8, 8, {})
    assert quarantine_records(Plan(workspace)) == []
    assert _add_few(workspace, path).status == "unchanged"
    with pytest.raises(NamingError, match="nothing waits"):
        release(workspace, "few", "again")
    rows.head(7).write_csv(path)
    with pytest.raises(GateError):
        _add_few(workspace, path)
    assert waiting_of(workspace, "few").stopped
    assert verify(workspace).is_whole


def _add_few(workspace: Workspace, path: Path) -> intake.Added:
    options = intake.AddOptions(read=ReadOptions(text=("body",), label="says"))
    return intake.add_dataset(workspace, Kind.SOURCE, str(path), options)


def test_a_refused_dataset_whose_file_changed_is_not_released(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    rows_of(5, 8).write_csv(path)
    with pytest.raises(GateError):
        add(workspace, Kind.TARGET, path)
    rows_of(6, 8).write_csv(path)
    held = sorted(workspace.folder("quarantine").iterdir())
    with pytest.raises(GateError, match="does not give the rows that were refused"):
        release(workspace, "few", "wanted")
    assert Plan(workspace).registry.current(Kind.TARGET) == {}
    assert sorted(workspace.folder("quarantine").iterdir()) == held
    assert waiting_of(workspace, "few").stopped


def test_dropped_rows_are_gone_and_stay_gone_and_the_record_stays(dirty: tuple[Workspace, Path]) -> None:
    workspace, path = dirty
    version = _version(workspace)
    done = drop(workspace, "dirty", "of no use")
    assert (done.rows, done.by_rule) == (4, {"duplicate_row": 3, "missing_label": 1})
    assert list(workspace.folder("quarantine").glob("*.parquet")) == []
    assert quarantine_records(Plan(workspace)) == []
    assert add(workspace, Kind.SOURCE, path).entry.version == version
    assert list(workspace.folder("quarantine").glob("*.parquet")) == []
    record = json.loads((workspace.ledgers / "registry.jsonl").read_text().splitlines()[-1])
    assert (record["event"], record["rows"], record["reason"]) == ("quarantine dropped", 4, "of no use")
    assert verify(workspace).entries[-1]["what"] == "quarantine dropped"
    with pytest.raises(NamingError, match="nothing waits") as refused:
        drop(workspace, "dirty", "again")
    assert "did you mean" not in refused.value.next_step


def test_other_rows_refused_beside_the_same_accepted_ones_wait_too(dirty: tuple[Workspace, Path]) -> None:
    workspace, path = dirty
    release(workspace, "dirty", "wanted", rules=["duplicate_row"])
    drop(workspace, "dirty", "of no use")
    assert add(workspace, Kind.SOURCE, path).status == "unchanged"
    assert quarantine_records(Plan(workspace)) == []
    rows = pl.read_csv(path)
    other = rows.tail(1).with_columns(text=pl.lit("good d e f"))
    pl.concat([rows, other]).write_csv(path)
    version = _version(workspace)
    assert add(workspace, Kind.SOURCE, path).entry.version == version
    assert waiting_of(workspace, "dirty").rows["text_a"].to_list() == ["good d e f"]
    assert [r["rows"] for r in quarantine_records(Plan(workspace))] == [1]
    lines = (workspace.ledgers / "registry.jsonl").read_bytes()
    assert add(workspace, Kind.SOURCE, path).status == "unchanged"
    assert (workspace.ledgers / "registry.jsonl").read_bytes() == lines


def test_a_drop_that_was_killed_is_finished_later(
    dirty: tuple[Workspace, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, _ = dirty
    with monkeypatch.context() as killed:
        killed.setattr(dropping_module, "remove_dropped", lambda workspace: 0)
        drop(workspace, "dirty", "of no use")
    assert len(list(workspace.folder("quarantine").glob("*.parquet"))) == 1
    assert quarantine_records(Plan(workspace)) == []
    assert (remove_dropped(workspace), remove_dropped(workspace)) == (1, 0)


def test_a_release_that_was_killed_before_its_line_changed_nothing_and_can_be_typed_again(
    dirty: tuple[Workspace, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, _ = dirty
    before = _version(workspace)
    with monkeypatch.context() as killed:
        killed.setattr(Registry, "register", _killed)
        with pytest.raises(KeyboardInterrupt):
            release(workspace, "dirty", "wanted", rules=["duplicate_row"])
    assert _version(workspace) == before
    assert waiting_of(workspace, "dirty").by_rule["duplicate_row"] == 3
    assert release(workspace, "dirty", "wanted", rules=["duplicate_row"]).rows == 3


def _killed(*_words: object, **_more: object) -> None:
    raise KeyboardInterrupt


def test_a_registration_from_before_there_were_links_can_be_decided_too(
    dirty: tuple[Workspace, Path],
) -> None:
    workspace, path = dirty
    ledger = workspace.ledgers / "registry.jsonl"
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    ledger.write_text(
        "".join(json.dumps({k: v for k, v in x.items() if k != "quarantine"}) + "\n" for x in lines)
    )
    done = release(workspace, "dirty", "wanted", rules=["duplicate_row"])
    assert add(workspace, Kind.SOURCE, path).entry.version == done.entry.version
    assert waiting_of(workspace, "dirty").by_rule == {"missing_label": 1}


def test_a_source_and_a_target_of_one_name_are_told_apart(dirty: tuple[Workspace, Path]) -> None:
    workspace, path = dirty
    add(workspace, Kind.TARGET, path)
    with pytest.raises(SettingsError, match="both wait"):
        waiting_of(workspace, "dirty")
    source = _version(workspace)
    done = release(workspace, "dirty", "wanted", role="target", rules=["duplicate_row"])
    assert done.entry.kind is Kind.TARGET
    assert _version(workspace) == source
    assert waiting_of(workspace, "dirty", "source").by_rule["duplicate_row"] == 3


def test_a_refused_esm_can_be_dropped(workspace: Workspace) -> None:
    Imports(workspace).note_refusal("broken", "org/broken", "config.json is missing")
    assert [r["role"] for r in quarantine_records(Plan(workspace))] == ["esm"]
    assert drop(workspace, "broken", "not worth mending").role == "esm"
    assert quarantine_records(Plan(workspace)) == []


def test_the_verbs(dirty: tuple[Workspace, Path], cli: Cli) -> None:
    workspace, _ = dirty
    at = partial(cli, "quarantine")
    where = ("--workspace", workspace.root)
    assert at("list", "--json", *where).json == cli("list", "quarantine", "--json", *where).json
    said = at("show", "dirty", "--size", 3, "--page", 2, "--json", *where)
    assert (said.json["page"], said.json["pages"], len(said.json["rows"])) == (2, 2, 1)
    assert said.json["rows"][0]["rule"] == "missing_label"
    said = at("show", "dirty", "--rule", "duplicate_row", *where)
    assert (said.code, "missing_label (1)" in said.out, "Page" in said.out) == (0, True, False)
    assert at("show", "dirt", *where).is_clear_error("nothing waits in quarantine", "dirty")
    assert at("show", "dirty", "--rule", "nope", *where).is_clear_error("nope", "duplicate_row")
    assert at("release", "dirty", "--reason", " ", *where).is_clear_error("no reason")
    assert at("release", "dirty", "--row", "nope", "--reason", "x", *where).is_clear_error("nope")
    assert at("release", "dirty", *where).code == 2
    assert at("drop", "dirty", "--role", "pet", "--reason", "x", *where).is_clear_error("pet")
    said = at("release", "dirty", "--rule", "duplicate_row", "--reason", "they count", "--json", *where)
    assert (said.code, said.json["released"], said.json["left"]) == (0, 3, {"missing_label": 1})
    said = at("drop", "dirty", "--reason", "of no use", *where)
    assert (said.code, "1 row of source 'dirty'" in said.out) == (0, True)
