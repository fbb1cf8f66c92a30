from __future__ import annotations

from typing import Any

import pytest
from support.workspaces import Team, change_params, ingest

from features.artefacts.esms import make_esm, read_esm
from features.artefacts.files import read_arrays, read_arrays_card
from features.artefacts.plan import Plan
from features.workspace import Workspace
from models.errors import ArtefactError, SettingsError
from models.esm import Moments, fit_with_curve


def _made(workspace: Workspace) -> tuple[Plan, str]:
    plan = Plan(workspace)
    return plan, make_esm(plan, plan.chosen(["s1"])[0])


def test_the_card_holds_the_curve_of_ranks_and_the_bytes(team: Team) -> None:
    ingest(team.workspace)
    plan, key = _made(team.workspace)
    facts = read_arrays_card(plan.path("esms", key)).facts
    esm = read_esm(plan, key, facts["dim"])
    assert facts["rank"] == esm.rank == 4
    assert len(facts["rank_curve"]) == 5
    assert facts["rank_curve"][4] == pytest.approx(facts["heldout_error"], abs=1e-6)
    stored = read_arrays(plan.path("esms", key))
    assert facts["bytes"] == sum(stored[name].nbytes for name in "uvb")


def test_auto_stores_the_rank_it_chose_within_the_budget(team: Team) -> None:
    ingest(team.workspace)
    esm = {"rank": "auto", "max_bytes": 600, "tolerance": 0.3}
    plan, key = _made(change_params(team.workspace, esm=esm))
    card = read_arrays_card(plan.path("esms", key))
    assert card.settings["max_bytes"] == 600
    assert card.settings["tolerance"] == 0.3
    assert card.facts["bytes"] <= 600
    source = plan.chosen(["s1"])[0]
    moments = Moments.from_arrays(read_arrays(plan.path("moments", plan.source_keys(source).moments)))
    strengths = plan.workspace.settings.esm.strengths
    again = fit_with_curve(moments, rank="auto", max_bytes=600, tolerance=0.3, strengths=strengths)
    assert card.facts["rank"] == again.esm.rank
    assert len(card.facts["rank_curve"]) == again.curve.size


def test_a_budget_that_holds_no_map_leaves_the_source_pending(team: Team) -> None:
    ingest(team.workspace)
    with pytest.raises(ArtefactError, match=r"fits into 10 bytes"):
        _made(change_params(team.workspace, esm={"rank": "auto", "max_bytes": 10}))


@pytest.mark.parametrize(
    "esm", [{"rank": 0}, {"rank": "best"}, {"rank": 2.5}, {"max_bytes": 0}, {"tolerance": 1.0}]
)
def test_settings_that_make_no_sense_are_refused_by_name(team: Team, esm: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=f"esm.{next(iter(esm))}"):
        _ = change_params(team.workspace, esm=esm).settings
