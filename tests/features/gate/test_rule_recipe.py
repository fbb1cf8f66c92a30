"""Follows docs/recipes/adding-a-rule.md to the letter: its code blocks are the rule that is added."""

from __future__ import annotations

import importlib.util
import re
import textwrap
from pathlib import Path

import polars as pl
import pytest

from features.gate import GateSettings, default_params, run_gate
from features.gate import rules as registry
from models.tasks import Task

RECIPE = Path(__file__).parents[3] / "docs" / "recipes" / "adding-a-rule.md"


@pytest.fixture
def added(tmp_path, monkeypatch):
    blocks = re.findall(r"```python\n(.*?)```", RECIPE.read_text(encoding="utf-8"), flags=re.DOTALL)
    path = tmp_path / "shouting_text.py"
    path.write_text("\n\n".join(textwrap.dedent(block) for block in blocks), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("shouting_text", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(registry._RULES, module.RULE.name, module.RULE)
    return module.RULE


def dataset() -> pl.DataFrame:
    texts = [f"an ordinary sentence, number {i}" for i in range(40)] + ["Buy now! ! ! ! ! !", "Really!!!!!"]
    return pl.DataFrame(
        {
            "split": ["train"] * len(texts),
            "position": range(len(texts)),
            "text_a": texts,
            "text_b": pl.Series([None] * len(texts), dtype=pl.String),
            "label": ["a", "b"] * (len(texts) // 2),
        }
    )


def test_the_added_rule_is_asked_on_both_sides(added, tmp_path) -> None:
    options = {"name": "mine", "settings": GateSettings(), "docs": tmp_path}
    target = run_gate(dataset(), Task.CLASSIFICATION, role="target", **options)
    assert target.refused.select("rule", "reason", "text_a").rows() == [
        ("shouting_text", "the text holds more than 5 exclamation marks", "Buy now! ! ! ! ! !")
    ]
    assert [finding.rule for finding in target.findings] == ["shouting_text"]  # so both sides agree
    assert "shouting_text (stop)" in target.docs_page.read_text(encoding="utf-8")
    source = run_gate(dataset(), Task.CLASSIFICATION, role="source", **options)
    assert source.refused.is_empty()
    assert [finding.severity for finding in source.findings] == ["warning"]


def test_the_added_rule_is_in_the_settings(added) -> None:
    assert default_params()["target"]["shouting_text"] == {"severity": "stop", "max_marks": 5}
    assert GateSettings(source={"shouting_text": {"max_marks": 2}}).source["shouting_text"]["max_marks"] == 2


def test_every_path_the_recipe_names_exists() -> None:
    named = set(re.findall(r"(?:features|tests)/[\w/]+\.py", RECIPE.read_text(encoding="utf-8")))
    assert len(named) >= 3
    assert [path for path in named if not (RECIPE.parents[2] / path).exists()] == []
    assert "_MODULES" in (RECIPE.parents[2] / "features/gate/rules/__init__.py").read_text(encoding="utf-8")
