"""What is recorded of a report, for every kind of source, and how it is taken back."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from support.exchange_esms import write_esm
from support.workspaces import Team, add, change_params, ingest, refresh, write_rows

from features.artefacts.plan import Plan
from features.exchange import take_esms
from features.feedback import (
    Report,
    feedback_records,
    record_feedback,
    stale_through_feedback,
    withdraw_feedback,
)
from features.pools import add_pool, export_pool
from features.rankings import shown_ranking
from features.rankings.transfers import Transfers
from features.record import unrecorded
from features.registry import Kind, Ledger
from features.workspace import Workspace
from models.errors import ArtefactError, GateError, NamingError, SettingsError


def _report(workspace: Workspace, source: str, score: str = "0.9", target: str = "t1", **said: Any) -> Any:
    (done,) = record_feedback(Plan(workspace), [Report(target, source, score, "0.8", **said)])
    return done


def _lines(workspace: Workspace) -> list[dict[str, Any]]:
    return Ledger(workspace.ledgers / "transfers.jsonl").read()


def test_a_record_says_who_what_and_what_had_been_advised(team: Team) -> None:
    workspace = team.workspace
    (workspace.private / "unrecorded").unlink(missing_ok=True)
    plan = Plan(workspace)
    shown = shown_ranking(workspace, "t1", "logme", plan.encoder)
    assert shown is not None
    row = next(row for row in shown["ranking"] if row["source"] == "s2")
    done = _report(workspace, "s2", seed="3", note=" two epochs ")
    (line,) = _lines(workspace)
    assert done.record == line
    assert {name: line[name] for name in ("source", "target", "score", "baseline", "seed")} == {
        "source": "s2",
        "target": "t1",
        "score": 0.9,
        "baseline": 0.8,
        "seed": 3,
    }
    assert (line["rank"], line["tier"], line["advised_score"]) == (row["rank"], row["tier"], row["score"])
    assert (line["ranking_id"], line["ranked"]) == (shown["ranking_id"], 3)
    assert (line["scorer"], line["encoder"]) == ("logme", plan.encoder)
    assert line["source_version"] == plan.registry.get(Kind.SOURCE, "s2").version
    assert line["target_version"] == plan.registry.get(Kind.TARGET, "t1").version
    assert (line["metric"], line["note"]) == ("accuracy", "two epochs")
    assert line["by"]
    assert unrecorded(workspace)
    assert done.gain == pytest.approx(0.1)


def test_of_a_target_that_was_never_ranked_there_was_no_advice(team: Team) -> None:
    line = _report(team.workspace, "s1", target="t2").record
    assert [line[name] for name in ("ranking_id", "ranked", "rank", "tier", "advised_score")] == [None] * 5


def test_a_ranking_whose_file_is_missing_keeps_no_report_back(team: Team) -> None:
    for path in team.workspace.folder("rankings").glob("*.json"):
        path.unlink()
    line = _report(team.workspace, "s1").record
    assert line["ranking_id"] is not None
    assert (line["ranked"], line["rank"]) == (None, None)


def test_a_source_that_the_ranking_left_out_has_no_rank(team: Team) -> None:
    workspace = team.workspace
    # Under the same texts, with labels of its own, so that it is another dataset and leaks all the same.
    leaky = team.files / "leaky.csv"
    leaky.write_text((team.files / "t1.csv").read_text().replace("pos", "neg", 3), encoding="utf-8")
    add(workspace, Kind.SOURCE, leaky)
    ingest(workspace)
    done = refresh(workspace, "t1")
    assert done is not None
    assert "leaky" in {one["source"] for one in done.ranking["excluded"]}
    line = _report(workspace, "leaky").record
    assert (line["ranking_id"], line["ranked"], line["rank"]) == (done.ranking["ranking_id"], 3, None)


def test_a_second_name_of_the_same_rows_is_found_in_the_ranking_and_is_the_same_pair(team: Team) -> None:
    workspace = team.workspace
    add(workspace, Kind.SOURCE, team.files / "s1.csv", name="again")
    first = _report(workspace, "s1", "0.85", seed="1")
    second = _report(workspace, "again", "0.95", seed="2")
    assert second.record["source"] == "again"
    assert second.record["rank"] == first.record["rank"] is not None
    assert (second.seeds, second.gain) == (2, pytest.approx(0.1))
    replaced = _report(workspace, "again", "0.81", seed="1")
    assert (replaced.status, replaced.seeds) == ("replaced", 2)


def test_the_same_report_once_more_stores_nothing(team: Team) -> None:
    workspace = team.workspace
    assert _report(workspace, "s1", seed="1").status == "new"
    before = (workspace.ledgers / "transfers.jsonl").read_bytes()
    assert _report(workspace, "s1", seed="1").status == "unchanged"
    assert (workspace.ledgers / "transfers.jsonl").read_bytes() == before
    assert _report(workspace, "s1", seed="1", note="but noted").status == "replaced"
    assert _report(workspace, "s1", seed="2").status == "new"


def test_a_refused_dataset_and_an_imported_esm_can_be_reported(
    team: Team, tmp_path: Path, tiny_encoder_folder: Path
) -> None:
    workspace = change_params(team.workspace, encoder={"pooling": "pooler"})
    with pytest.raises(GateError):
        add(workspace, Kind.SOURCE, write_rows(team.files / "few.csv", 5, n=3))
    line = _report(workspace, "few").record
    assert (line["source_version"], line["rank"]) == (None, None)

    folders = [str(write_esm(tmp_path / name, str(tiny_encoder_folder))) for name in ("afar", "afar-too")]
    take_esms(Plan(workspace), folders)
    ingest(workspace)
    done = refresh(workspace, "t1")
    assert done is not None
    ranks = {row["source"]: row["rank"] for row in done.ranking["ranking"]}
    said = _report(workspace, "afar", "0.7", seed="1").record
    assert (said["rank"], said["ranked"]) == (ranks["afar"], 4)
    # Another name for the same map: the same source.
    assert _report(workspace, "afar-too", "0.9", seed="2").gain == pytest.approx(0.0)
    assert Transfers(Plan(workspace)).gains.keys() == {"few", "afar"}


def test_a_source_of_a_ready_made_pool_can_be_reported_under_either_name(
    team: Team, workspace: Workspace, tmp_path: Path
) -> None:
    newcomer = workspace
    export_pool(Plan(team.workspace), tmp_path / "tiny", name="tiny", title="Three")
    add(newcomer, Kind.TARGET, team.files / "t1.csv")
    add_pool(Plan(newcomer), tmp_path / "tiny")
    done = refresh(newcomer, "t1")
    assert done is not None
    ranks = {row["source"]: row["rank"] for row in done.ranking["ranking"]}
    line = _report(newcomer, "s2").record
    assert (line["rank"], line["ranked"]) == (ranks["s2"], 3)
    # Its rows are added here under another name, and are not ingested: the pool's source stands in the ranking.
    add(newcomer, Kind.SOURCE, team.files / "s2.csv", name="mine")
    assert _report(newcomer, "mine", "0.7", seed="1").record["rank"] == ranks["s2"]
    assert len(Transfers(Plan(newcomer)).gains) == 1


def test_unknown_names_are_refused_with_suggestions_and_nothing_is_stored(team: Team) -> None:
    workspace = team.workspace
    with pytest.raises(GateError):
        add(workspace, Kind.SOURCE, write_rows(team.files / "few.csv", 5, n=3))
    for report, hint in [
        (Report("t11", "s1", "0.9", "0.8"), "Did you mean t"),
        (Report("t1", "s33", "0.9", "0.8"), "Did you mean s"),
        (Report("t1", "fews", "0.9", "0.8"), "Did you mean few"),
        (Report("s1", "s2", "0.9", "0.8"), "springboard list targets"),
    ]:
        with pytest.raises(NamingError) as caught:
            record_feedback(Plan(workspace), [Report("t1", "s1", "0.9", "0.8"), report])
        assert hint in caught.value.next_step
    for name in ("none", "None", " none "):
        with pytest.raises(NamingError, match="baseline"):
            _report(workspace, name)
    assert _lines(workspace) == []


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "\x1b[31mred", "a\nb", "s1; drop table", "x" * 100_000, "\udce9", "‮s1"]
)
def test_hostile_names_are_data(team: Team, name: str) -> None:
    for report in (Report("t1", name, "0.9", "0.8"), Report(name, "s1", "0.9", "0.8")):
        with pytest.raises(NamingError) as caught:
            record_feedback(Plan(team.workspace), [report])
        assert len(str(caught.value)) < 500
    assert _lines(team.workspace) == []


def test_a_note_is_kept_as_it_is_on_one_line_of_the_ledger(team: Team) -> None:
    note = 'a "quoted"\nnote \x1b[31m, é, \u2028, {"event": "withdrawn"}'
    _report(team.workspace, "s1", note=note)
    assert _lines(team.workspace)[0]["note"] == note
    assert (team.workspace.ledgers / "transfers.jsonl").read_bytes().count(b"\n") == 1
    with pytest.raises(SettingsError, match="1,001 characters"):
        _report(team.workspace, "s1", note="x" * 1001)


def test_the_targets_own_rows_are_no_source(team: Team) -> None:
    add(team.workspace, Kind.SOURCE, team.files / "t1.csv", name="copy")
    with pytest.raises(SettingsError, match="nothing was transferred"):
        _report(team.workspace, "copy")
    assert _report(team.workspace, "copy", target="t2").status == "new"


def test_a_withdrawal_needs_something_in_force(team: Team) -> None:
    workspace = team.workspace
    with pytest.raises(SettingsError, match="is in force"):
        withdraw_feedback(Plan(workspace), "t1", "s1")
    with pytest.raises(NamingError, match="s9"):
        withdraw_feedback(Plan(workspace), "t1", "s9")
    _report(workspace, "s1", "0.9", seed="1")
    _report(workspace, "s1", "0.7", seed="2")
    with pytest.raises(SettingsError, match="with seed 3 is in force"):
        withdraw_feedback(Plan(workspace), "t1", "s1", seed=3)
    before = (workspace.ledgers / "transfers.jsonl").read_bytes()
    (taken,) = withdraw_feedback(Plan(workspace), "t1", "s1", seed=2, note="wrong split")
    assert (taken["seed"], taken["score"]) == (2, 0.7)
    # Append-only: what was there is there.
    assert (workspace.ledgers / "transfers.jsonl").read_bytes().startswith(before)
    assert Transfers(Plan(workspace)).gains == {"s1": {"t1": pytest.approx(0.1)}}
    listed = [(one["number"], one["status"], one["seed"]) for one in feedback_records(Plan(workspace))]
    assert listed == [(3, "withdrawal", 2), (2, "withdrawn", 2), (1, "in force", 1)]
    assert len(withdraw_feedback(Plan(workspace), "t1", "s1")) == 1
    assert Transfers(Plan(workspace)).gains == {}


def test_a_name_that_nobody_knows_any_more_can_be_withdrawn(team: Team) -> None:
    Ledger(team.workspace.ledgers / "transfers.jsonl").append(
        {"source": "gone", "target": "t1", "score": 0.5, "baseline": 0.4}
    )
    assert len(withdraw_feedback(Plan(team.workspace), "t1", "gone")) == 1


def test_rankings_that_go_by_past_results_become_stale_and_follow(team: Team) -> None:
    workspace = team.workspace
    refresh(workspace, "t1", "source_popularity")
    assert stale_through_feedback(Plan(workspace)) == {}
    _report(workspace, "s1", "0.85", target="t2")
    _report(workspace, "s3", "0.95", target="t2", seed="1")
    assert stale_through_feedback(Plan(workspace)) == {"source_popularity": ["t1"]}
    done = refresh(workspace, "t1", "source_popularity")
    assert done is not None
    assert [row["source"] for row in done.ranking["ranking"]] == ["s3", "s1"]
    assert refresh(workspace, "t1", "source_popularity") is None
    # A second seed moves the mean below the other's, a withdrawal brings it back.
    _report(workspace, "s3", "0.55", target="t2", seed="2")
    moved = refresh(workspace, "t1", "source_popularity")
    assert moved is not None
    assert [row["source"] for row in moved.ranking["ranking"]] == ["s1", "s3"]
    withdraw_feedback(Plan(workspace), "t2", "s3", seed=2)
    assert stale_through_feedback(Plan(workspace)) == {"source_popularity": ["t1"]}
    back = refresh(workspace, "t1", "source_popularity")
    assert back is not None
    assert back.ranking["ranking_id"] == done.ranking["ranking_id"]
    # Rankings by what does not go by past results are as fresh as before.
    assert refresh(workspace, "t1") is None


def test_a_half_written_last_line_is_no_record_and_goes_with_the_next(team: Team) -> None:
    workspace = team.workspace
    _report(workspace, "s1")
    with (workspace.ledgers / "transfers.jsonl").open("ab") as file:
        file.write(b'{"at": "2026-01-01T00:00:00+00:00", "source": "s2", "targ')
    assert len(feedback_records(Plan(workspace))) == 1
    _report(workspace, "s3")
    assert [line["source"] for line in _lines(workspace)] == ["s1", "s3"]


def test_a_broken_ledger_is_said_before_anything_is_stored(team: Team) -> None:
    path = team.workspace.ledgers / "transfers.jsonl"
    path.write_text("no record\n", encoding="utf-8")
    with pytest.raises(ArtefactError, match="line 1 of"):
        _report(team.workspace, "s1")
    with pytest.raises(ArtefactError, match="line 1 of"):
        withdraw_feedback(Plan(team.workspace), "t1", "s1")
    assert path.read_text(encoding="utf-8") == "no record\n"


def _report_many(root: Path, source: str, count: int) -> None:
    for seed in range(count):
        record_feedback(Plan(Workspace(root)), [Report("t1", source, "0.9", "0.8", str(seed))])


def test_processes_that_report_at_once_lose_nothing_and_repeat_nothing(team: Team) -> None:
    # Threads that other tests started (Prefect's, torch's) do not survive a fork: spawn.
    context = multiprocessing.get_context("spawn")
    jobs = [(source, 5) for source in ("s1", "s2", "s2")]
    workers = [context.Process(target=_report_many, args=(team.workspace.root, *job)) for job in jobs]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    # Two processes reported the very same of s2, and the second to come found it recorded.
    said = sorted((line["source"], line["seed"]) for line in _lines(team.workspace))
    assert said == sorted((source, seed) for source in ("s1", "s2") for seed in range(5))
