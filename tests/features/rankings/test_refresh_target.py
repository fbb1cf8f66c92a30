from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.cli import Cli
from support.workspaces import Team, add, change_params, ingest, refresh, write_rows

from features.artefacts.plan import Plan
from features.rankings import shown_ranking, work_of
from features.rankings.ranking import ordered_rows, ranking_id, read_ranking, write_ranking
from features.rankings.scoring import Scored
from features.reading import ReadOptions
from features.registry import Kind
from features.workspace import Workspace
from models.errors import ArtefactError, ScoringError
from models.scorers import SCORERS, Scorer
from models.tasks import Task


def _shown(workspace: Workspace, target: str = "t1") -> dict[str, object]:
    shown = shown_ranking(workspace, target, "logme", Plan(workspace).encoder)
    assert shown is not None
    return shown


def test_a_ranking_holds_every_source_best_first(team: Team) -> None:
    shown = _shown(team.workspace)
    rows = shown["ranking"]
    assert sorted(row["source"] for row in rows) == ["s1", "s2", "s3"]
    assert [row["rank"] for row in rows] == [1, 2, 3]
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert all(row["stderr"] > 0 for row in rows)
    assert shown["pool_size"] == 3
    assert shown["excluded"] == []


def test_the_clock_is_no_part_of_an_id(team: Team, tmp_path: Path, copy_of: Callable[..., Workspace]) -> None:
    """Two copies of a workspace that refresh on their own end with the same id, made at two times."""
    other = copy_of(team.workspace, tmp_path / "other")
    one, two = refresh(team.workspace, "t2"), refresh(other, "t2")
    assert one is not None
    assert two is not None
    assert one.ranking["created_at"] != two.ranking["created_at"]
    assert one.ranking["ranking_id"] == two.ranking["ranking_id"]
    assert one.computed == two.computed > 0


def test_a_second_refresh_has_nothing_to_do_and_a_forced_one_computes_nothing(team: Team) -> None:
    before = _shown(team.workspace)
    ledger = (team.workspace.ledgers / "rankings.jsonl").read_bytes()
    assert refresh(team.workspace, "t1") is None
    forced = refresh(team.workspace, "t1", force=True)
    assert forced is not None
    assert forced.computed == 0
    assert not forced.changed
    assert _shown(team.workspace) == before
    assert (team.workspace.ledgers / "rankings.jsonl").read_bytes() == ledger


def test_one_more_source_computes_that_pair_only(team: Team) -> None:
    """Its score and its standard error; everything else is stored already."""
    before = {row["source"]: row for row in _shown(team.workspace)["ranking"]}
    add(team.workspace, Kind.SOURCE, write_rows(team.files / "s4.csv", 4))
    ingest(team.workspace)
    done = refresh(team.workspace, "t1")
    assert done is not None
    assert done.changed
    assert done.computed == 2
    after = {row["source"]: row for row in _shown(team.workspace)["ranking"]}
    assert set(after) == {"s1", "s2", "s3", "s4"}
    for name, row in before.items():
        assert (after[name]["score"], after[name]["stderr"]) == (row["score"], row["stderr"])
        assert after[name]["previous_rank"] == row["rank"]
    assert after["s4"]["previous_rank"] is None


def test_a_pool_with_nothing_in_it_cannot_rank(workspace: Workspace, tmp_path: Path) -> None:
    add(workspace, Kind.TARGET, write_rows(tmp_path / "t.csv", 5))
    with pytest.raises(ScoringError, match="no source has an ESM") as caught:
        refresh(workspace, "t")
    assert "springboard source add" in caught.value.next_step
    assert not list(workspace.folder("rankings").glob("*.json"))


def test_a_target_nobody_named_waits_for_the_first_source_and_is_no_failure(
    workspace: Workspace, tmp_path: Path, cli: Cli
) -> None:
    add(workspace, Kind.TARGET, write_rows(tmp_path / "t.csv", 5))
    found = work_of(Plan(workspace), None, None, force=False)
    assert (found.todo, found.refused, found.fresh) == ([], {}, [])
    assert "no source has an ESM" in found.waiting["t"]
    assert work_of(Plan(workspace), ["t"], None, force=False).todo == [("t", "logme")]

    (workspace.private / "unrecorded").unlink(missing_ok=True)  # Nothing to do needs no server.
    said = cli("refresh", "-w", workspace.root)
    assert said.code == 1
    assert said.out.startswith("Not ranked yet: t (no source has an ESM")
    assert "fresh" not in said.out
    assert list(cli("refresh", "--json", "-w", workspace.root).json["waiting"]) == ["t"]


def test_settings_that_only_change_speed_leave_the_ranking_fresh(team: Team) -> None:
    workspace = change_params(
        team.workspace, encoder={"batch_size": 7}, run={"max_workers": 4, "push": False}
    )
    assert refresh(workspace, "t1") is None


@pytest.mark.parametrize(
    "sections",
    [
        {"ranking": {"center": False}},
        {"ranking": {"jackknife_groups": 5}},
        {"ranking": {"jackknife_leading": 1}},
        {"overlap": {"threshold": 0.5}},
    ],
)
def test_settings_that_change_the_ranking_make_it_stale(
    team: Team, sections: dict[str, dict[str, object]]
) -> None:
    workspace = change_params(team.workspace, **sections)
    assert refresh(workspace, "t1") is not None
    assert refresh(workspace, "t1") is None


def test_only_the_leading_sources_get_an_error_and_the_rest_share_the_last_tier(team: Team) -> None:
    workspace = change_params(team.workspace, ranking={"jackknife_leading": 1})
    refresh(workspace, "t1")
    rows = _shown(workspace)["ranking"]
    assert [row["stderr"] is None for row in rows] == [False, True, True]
    assert rows[1]["tier"] == rows[2]["tier"] == max(row["tier"] for row in rows)


@pytest.mark.parametrize("edit", ["score", "order", "excluded", "pool", "base"])
def test_an_edited_ranking_is_noticed_and_made_anew_by_force(team: Team, cli: Cli, edit: str) -> None:
    before = _shown(team.workspace)
    path = team.workspace.folder("rankings") / f"{before['ranking_id']}.json"
    ranking = json.loads(path.read_text())
    if edit == "score":
        ranking["ranking"][0]["score"] += 1e-9
    elif edit == "order":
        ranking["ranking"].reverse()
    elif edit == "excluded":
        ranking["excluded"] = [{"source": "s9", "reason": "because"}]
    elif edit == "pool":
        ranking["pool_size"] = 300
    else:
        ranking["base_score"]["score"] -= 1.0
    path.write_text(json.dumps(ranking))
    said = cli("rank", "t1", "--workspace", team.workspace.root)
    assert said.is_clear_error("does not match its id", "refresh --force")
    refresh(team.workspace, "t1", force=True)
    assert _shown(team.workspace) == before


@pytest.mark.parametrize("content", [b"", b'{"format": 1, ', b"[]", b"5", b"\xff\xfe", None])
def test_a_ranking_file_that_is_broken_or_gone_is_said_and_made_anew(
    team: Team, cli: Cli, content: bytes | None
) -> None:
    before = _shown(team.workspace)
    path = team.workspace.folder("rankings") / f"{before['ranking_id']}.json"
    path.unlink() if content is None else path.write_bytes(content)
    said = cli("rank", "t1", "--workspace", team.workspace.root)
    assert said.is_clear_error("missing" if content is None else "broken", "springboard refresh --force")
    refresh(team.workspace, "t1", force=True)
    assert _shown(team.workspace) == before


def test_equal_scores_are_ordered_by_name() -> None:
    rows = ordered_rows([Scored(name, "v", "e", 0.5) for name in ("b", "c", "a")])
    assert [row["source"] for row in rows] == ["a", "b", "c"]


def test_a_ranking_is_written_once(tmp_path: Path) -> None:
    ranking = {
        "target": "t",
        "target_version": "v",
        "encoder": "e",
        "scorer": "logme",
        "settings": {},
        "pool_size": 0,
        "base_score": {},
        "ranking": [],
        "excluded": [],
        "created_at": "2026-11-22T10:00:00+00:00",
    }
    ranking["ranking_id"] = ranking_id(ranking)
    path = write_ranking(tmp_path, ranking)
    again = write_ranking(tmp_path, {**ranking, "created_at": "2027-01-01T00:00:00+00:00"})
    assert again == path
    assert read_ranking(tmp_path, ranking["ranking_id"])["created_at"].startswith("2026")
    with pytest.raises(ArtefactError, match="missing"):
        read_ranking(tmp_path, "0" * 32)


@pytest.fixture
def error_scorer(monkeypatch: pytest.MonkeyPatch) -> str:
    """A made-up error: LogME with its sign turned, so that lower is better."""
    logme = SCORERS["logme"]
    error = Scorer(
        name="error",
        title="minus LogME",
        paper="made up",
        tasks=frozenset({Task.CLASSIFICATION}),
        compute=lambda inputs: -logme.compute(inputs, center=True),
        higher_is_better=False,
    )
    monkeypatch.setattr("models.scorers.registry.SCORERS", {"logme": logme, "error": error})
    return "error"


def test_a_scorer_for_which_lower_is_better_ranks_the_same_way_round(team: Team, error_scorer: str) -> None:
    refresh(team.workspace, "t1", error_scorer)
    encoder = Plan(team.workspace).encoder
    by_error = shown_ranking(team.workspace, "t1", error_scorer, encoder)
    assert by_error is not None
    rows, logme_rows = by_error["ranking"], _shown(team.workspace)["ranking"]
    assert [row["source"] for row in rows] == [row["source"] for row in logme_rows]
    assert [row["tier"] for row in rows] == [row["tier"] for row in logme_rows]
    for row, by_logme in zip(rows, logme_rows, strict=True):
        assert row["score"] == pytest.approx(-by_logme["score"], abs=1e-6)
        assert row["stderr"] == pytest.approx(by_logme["stderr"], rel=1e-6)


def test_two_scorers_do_not_disturb_each_other(team: Team, error_scorer: str) -> None:
    before = _shown(team.workspace)
    refresh(team.workspace, "t1", error_scorer)
    assert _shown(team.workspace) == before
    assert refresh(team.workspace, "t1", "logme") is None


def test_a_scorer_that_does_not_take_the_task_says_so_and_leaves_the_ranking(
    team: Team, error_scorer: str, tmp_path: Path
) -> None:
    rows = write_rows(tmp_path / "numbers.csv", 50).read_text().replace("pos", "1.5").replace("neg", "0.25")
    (tmp_path / "numbers.csv").write_text(rows)
    add(team.workspace, Kind.TARGET, tmp_path / "numbers.csv", read=ReadOptions(task=Task.REGRESSION))
    with pytest.raises(ScoringError, match="does not score regression"):
        refresh(team.workspace, "numbers", error_scorer)
    done = refresh(team.workspace, "numbers")
    assert done is not None
    assert len(done.ranking["ranking"]) == 3
