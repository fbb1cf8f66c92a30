"""What makes a scorer's rankings stale: all that its scores follow from, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.workspaces import Team, change_params, refresh

from features.artefacts import keys
from features.artefacts.plan import Plan
from features.rankings import freshness, stale_targets
from features.rankings.pool import Pool
from features.rankings.scoring import Scoring
from features.registry import Kind, Ledger
from features.workspace import Workspace
from models.scorers import SCORERS, Need


def _states(workspace: Workspace) -> dict[str, str]:
    plan = Plan(workspace)
    target, pool = plan.registry.get(Kind.TARGET, "t1"), Pool(plan)
    return {name: pool.state(target, name) for name in SCORERS}


def _score_keys(workspace: Workspace) -> dict[str, list[str]]:
    """The keys of the scores behind each scorer's ranking."""
    plan = Plan(workspace)
    target, members = plan.registry.get(Kind.TARGET, "t1"), Pool(plan).members
    return {name: [Scoring(plan, target, name)._member_key(member) for member in members] for name in SCORERS}


def _changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def _needing(*needs: Need) -> set[str]:
    return {name for name, scorer in SCORERS.items() if scorer.needs & set(needs)}


@pytest.mark.parametrize("step", ["embedding", "moments", "esm", "score"])
def test_a_raised_recipe_changes_the_state_of_every_scorer_whose_scores_it_changes(
    team: Team, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    states, scores = _states(team.workspace), _score_keys(team.workspace)
    monkeypatch.setattr(keys, "RECIPES", {**keys.RECIPES, step: keys.RECIPES[step] + 1})
    monkeypatch.setattr("features.rankings.pool.RECIPES", keys.RECIPES)
    assert _changed(scores, _score_keys(team.workspace)) <= _changed(states, _states(team.workspace))


@pytest.mark.parametrize("step", ["traces", "sentences"])
def test_a_recipe_of_what_few_scorers_ask_for_concerns_those(
    team: Team, monkeypatch: pytest.MonkeyPatch, tiny_encoder_folder: Path, step: str
) -> None:
    states = _states(team.workspace)
    monkeypatch.setattr(keys, "RECIPES", {**keys.RECIPES, step: 99})
    concerned = {
        "traces": _needing(Need.TARGET_FISHER, Need.TARGET_UPDATE),
        "sentences": _needing(Need.SOURCE_SENTENCE_CENTROID),
    }
    assert _changed(states, _states(team.workspace)) == concerned[step]
    assert concerned[step]


def test_settings_of_how_sources_are_sampled_concern_the_scorers_that_see_the_sample(team: Team) -> None:
    states, scores = _states(team.workspace), _score_keys(team.workspace)
    workspace = change_params(team.workspace, store={"sample_rows": 7})
    # The pool is what is on disk: other samples make every source pending, and its ESM stays.
    changed = _changed(states, _states(workspace))
    assert changed == _needing(
        Need.SOURCE_SAMPLE, Need.SOURCE_CENTROID, Need.SOURCE_TOKENS, Need.SOURCE_TOKEN_VECTORS
    )
    assert changed >= _changed(scores, _score_keys(workspace)) - _needing(Need.SOURCE_SENTENCE_CENTROID)


def test_tuning_settings_change_the_state_of_all(team: Team) -> None:
    states = _states(team.workspace)
    workspace = change_params(team.workspace, tuning={"max_steps": 2})
    assert _changed(states, _states(workspace)) == set(SCORERS)


def test_another_sentence_encoder_concerns_semb_and_one_that_is_not_there_stops_nothing(
    team: Team, tiny_encoder_folder: Path
) -> None:
    states = _states(team.workspace)
    other = change_params(team.workspace, ranking={"sentence_encoder": str(tiny_encoder_folder)})
    assert "semb" in _changed(states, _states(other))
    gone = change_params(team.workspace, ranking={"sentence_encoder": "package:no_such_package"})
    assert "t1" in stale_targets(Plan(gone), "semb")
    done = refresh(gone, "t1", "semb")
    assert done is not None
    assert done.ranking["ranking"] == []
    assert all("no_such_package" in one["reason"] for one in done.ranking["excluded"])
    assert refresh(gone, "t1", "semb") is None
    assert "t1" in stale_targets(Plan(other), "semb")


def test_only_results_that_say_something_new_make_a_target_stale(team: Team) -> None:
    refresh(team.workspace, "t1", "source_popularity")
    ledger = Ledger(team.workspace.ledgers / "transfers.jsonl")
    # A result on the target itself is not one on another target.
    ledger.append({"source": "s1", "target": "t1", "score": 0.9, "baseline": 0.5})
    assert "t1" not in stale_targets(Plan(team.workspace), "source_popularity")
    stamped = ledger.append({"source": "s1", "target": "t2", "score": 0.9, "baseline": 0.5})
    (found,) = [one for one in freshness(Plan(team.workspace), "source_popularity") if one.target == "t1"]
    assert (found.stale_since, found.reason) == (stamped["at"], "there are new transfer results")


def test_a_broken_ledger_of_results_concerns_the_scorers_that_read_it(team: Team) -> None:
    path = team.workspace.ledgers / "transfers.jsonl"
    path.write_text("no record\n", encoding="utf-8")
    assert stale_targets(Plan(team.workspace), "logme") == ["t2"]
    done = refresh(team.workspace, "t1", "source_popularity")
    assert done is not None
    assert done.ranking["ranking"] == []
    assert all("transfers.jsonl" in one["reason"] for one in done.ranking["excluded"])
    path.unlink()
    assert "t1" in stale_targets(Plan(team.workspace), "source_popularity")
