"""Labels and columns that no table or card can hold are told in words, and nothing of them is stored."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from support.workspaces import add

from features.intake.profile import profile_of
from features.registry import Kind
from features.workspace import Workspace
from models.errors import MappingError
from models.tasks import Task

TEXTS = [f"this is sentence number {n} of a few" for n in range(60)]


def _files(workspace: Workspace) -> list[Path]:
    return sorted(
        path
        for folder in (workspace.data, workspace.ledgers)
        for path in folder.rglob("*.*")
        if path.is_file() and ".git" not in path.name
    )


@pytest.mark.parametrize("kind", list(Kind))
def test_labels_without_a_finite_deviation_are_refused_and_leave_nothing(
    workspace: Workspace, tmp_path: Path, kind: Kind
) -> None:
    """Each is a number that the gate lets pass; only together they are none."""
    labels = [1e308 if n % 2 else -1e308 for n in range(60)]
    pl.DataFrame({"text": TEXTS, "label": labels}).write_parquet(tmp_path / "huge.parquet")
    before = _files(workspace)
    with pytest.raises(MappingError, match=r"from -1e\+308 to 1e\+308") as refused:
        add(workspace, kind, tmp_path / "huge.parquet")
    assert refused.value.consequence == "nothing was stored"
    assert _files(workspace) == before


def test_labels_without_a_finite_mean_are_none_for_a_card() -> None:
    rows = pl.DataFrame({"text_a": TEXTS[:4], "text_b": [None] * 4, "label": [1e308] * 4})
    with pytest.raises(MappingError, match="no finite mean"):
        profile_of(rows.cast({"text_b": pl.String}), Task.REGRESSION)


def test_a_whole_number_of_400_digits_is_a_class_like_any_other(workspace: Workspace, tmp_path: Path) -> None:
    long = "1" + "0" * 400
    lines = [
        f'{{"text": {json.dumps(text)}, "label": {long if n % 2 else 7}}}' for n, text in enumerate(TEXTS)
    ]
    (tmp_path / "long.jsonl").write_text("\n".join(lines), encoding="utf-8")
    added = add(workspace, Kind.SOURCE, tmp_path / "long.jsonl")
    assert added.entry.task is Task.CLASSIFICATION
    assert set(added.dataset.rows["label"]) == {"7", long}
