from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tiny_encoder import write_tiny
from support.workspaces import Team, change_params

from features.artefacts import keys
from features.artefacts.keys import content_hash, key_of
from features.artefacts.plan import Plan, SourceKeys
from features.registry import Kind
from features.workspace import Workspace

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def _keys(workspace: Workspace, name: str = "s1") -> SourceKeys:
    plan = Plan(workspace)
    return plan.source_keys(plan.registry.get(Kind.SOURCE, name))


def _changed(before: SourceKeys, after: SourceKeys) -> set[str]:
    return {name for name in ("embedding", "moments", "esm") if getattr(before, name) != getattr(after, name)}


@given(JSON)
def test_a_hash_depends_on_content_only(value: Any) -> None:
    def shuffled(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: shuffled(node[key]) for key in reversed(node)}
        return [shuffled(one) for one in node] if isinstance(node, list) else node

    assert content_hash(value) == content_hash(shuffled(value))
    assert content_hash([value]) != content_hash([value, value])


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        content_hash(float("nan"))
    with pytest.raises(TypeError):
        content_hash(object())


@pytest.mark.parametrize(
    ("sections", "changed"),
    [
        ({"tuning": {"epochs": 5}}, {"moments", "esm"}),
        ({"tuning": {"seed": 1}}, {"moments", "esm"}),
        ({"tuning": {"method": "lora"}}, {"moments", "esm"}),
        ({"esm": {"folds": 3}}, {"moments", "esm"}),
        ({"esm": {"rank": 2}}, {"esm"}),
        ({"esm": {"rank": "auto"}}, {"esm"}),
        ({"esm": {"max_bytes": 5_000}}, set()),
        ({"esm": {"tolerance": 0.2}}, set()),
        ({"esm": {"strengths": [0.5]}}, {"esm"}),
        ({"store": {"sample_rows": 5}}, {"embedding"}),
        ({"encoder": {"pooling": "first"}}, {"embedding", "moments", "esm"}),
        ({"encoder": {"max_length": 16}}, {"embedding", "moments", "esm"}),
        ({"encoder": {"batch_size": 3}}, set()),
        ({"ranking": {"center": False}}, set()),
        ({"overlap": {"threshold": 0.5}}, set()),
        ({"run": {"max_workers": 2}}, set()),
        ({"caps": {"source_rows": 20}}, set()),
    ],
)
def test_a_setting_changes_the_keys_of_what_follows_from_it(
    team: Team, sections: dict[str, dict[str, Any]], changed: set[str]
) -> None:
    before = _keys(team.workspace)
    assert _changed(before, _keys(change_params(team.workspace, **sections))) == changed


@pytest.mark.parametrize("value", [{"max_bytes": 5_000}, {"max_bytes": None}, {"tolerance": 0.2}])
def test_what_auto_goes_by_counts_where_it_is_asked_for(team: Team, value: dict[str, Any]) -> None:
    before = _keys(change_params(team.workspace, esm={"rank": "auto"}))
    assert _changed(before, _keys(change_params(team.workspace, esm=value))) == {"esm"}


@pytest.mark.parametrize(
    ("step", "changed"),
    [("embedding", {"embedding"}), ("moments", {"moments", "esm"}), ("esm", {"esm"}), ("score", set())],
)
def test_a_raised_recipe_number_changes_its_keys_and_those_below(
    team: Team, monkeypatch: pytest.MonkeyPatch, step: str, changed: set[str]
) -> None:
    before = _keys(team.workspace)
    score = key_of("score", {}, {})
    monkeypatch.setattr(keys, "RECIPES", {**keys.RECIPES, step: keys.RECIPES[step] + 1})
    assert _changed(before, _keys(team.workspace)) == changed
    assert (key_of("score", {}, {}) != score) == (step == "score")


def test_the_encoder_is_named_by_its_weights_and_not_by_its_place(
    team: Team, tmp_path: Path, tiny_encoder_folder: Path
) -> None:
    before = _keys(team.workspace)
    same = write_tiny(tmp_path / "elsewhere", seed=0)
    other = write_tiny(tmp_path / "other", seed=1)
    assert _changed(before, _keys(change_params(team.workspace, encoder={"ref": str(same)}))) == set()
    after = _keys(change_params(team.workspace, encoder={"ref": str(other)}))
    assert _changed(before, after) == {"embedding", "moments", "esm"}


def test_an_encoder_inside_the_workspace_is_found_from_any_folder(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Plan(team.workspace).encoder
    write_tiny(team.workspace.root / "enc", seed=0)
    monkeypatch.chdir(tmp_path)
    assert Plan(change_params(team.workspace, encoder={"ref": "enc"})).encoder == before


def test_a_target_and_a_source_of_the_same_rows_keep_embeddings_of_their_own(team: Team) -> None:
    plan = Plan(team.workspace)
    version = plan.registry.get(Kind.SOURCE, "s1").version
    assert plan.embedding_key(version, Kind.SOURCE) != plan.embedding_key(version, Kind.TARGET)
