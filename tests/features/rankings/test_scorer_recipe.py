"""Follows docs/recipes/adding-a-scorer.md with the code that stands there."""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from support.workspaces import Team, refresh

from features.artefacts.plan import Plan
from features.rankings import shown_ranking
from models.errors import ScoringError, SettingsError
from models.scorers import registry
from models.tasks import Task

RECIPE = Path(__file__).parents[3] / "docs" / "recipes" / "adding-a-scorer.md"


@pytest.fixture
def scorer(monkeypatch: pytest.MonkeyPatch) -> Any:
    block = re.search(r"```python\n(.*?)```", RECIPE.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    code = re.sub(r"^   ", "", block[1], flags=re.MULTILINE)
    module: dict[str, Any] = {}
    exec(compile(code, str(RECIPE), "exec"), module)  # noqa: S102 - our own documentation
    made = module["SCORER"]
    with_it = MappingProxyType({**registry.SCORERS, made.name: made})
    monkeypatch.setattr(registry, "SCORERS", with_it)
    return made


def test_step_1_gives_the_share_of_variance_between_classes(scorer: Any) -> None:
    x = np.array([[0.0], [1.0], [4.0], [5.0]])
    assert scorer.score(x, ["a", "a", "b", "b"], Task.CLASSIFICATION) == pytest.approx(16 / 17)
    with pytest.raises(ScoringError):
        scorer.score(x, [0.1, 0.2, 0.3, 0.4], Task.REGRESSION)


def test_it_ranks_with_it_beside_the_default(scorer: Any, team: Team) -> None:
    done = refresh(team.workspace, "t1", "class_spread")
    assert done is not None
    encoder = Plan(team.workspace).encoder
    shown = shown_ranking(team.workspace, "t1", "class_spread", encoder)
    assert shown is not None
    rows = shown["ranking"]
    assert len(rows) == 3
    assert all(0 < row["score"] < 1 and row["stderr"] > 0 for row in rows)
    assert rows == sorted(rows, key=lambda row: -row["score"])
    default = shown_ranking(team.workspace, "t1", "logme", encoder)
    assert default is not None
    assert default["ranking_id"] != shown["ranking_id"]


def test_without_step_1_there_is_no_such_scorer(team: Team) -> None:
    with pytest.raises(SettingsError, match="class_spread"):
        refresh(team.workspace, "t1", "class_spread")
