"""What a target's new rows are told to be, in words that a person can act on, kept once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.cli import Cli
from support.workspaces import Team, add, refresh, rows_of

from features.artefacts.plan import Plan
from features.audit import verify
from features.drift import drift_of, headline_of, kept_drifts, note_drift, sentences_of
from features.drift.comparing import compare
from features.drift.outlook import _crosses
from features.registry import Kind
from models.errors import ArtefactError


def rows(labels: list[Any], first: int = 0) -> pl.DataFrame:
    texts = [f"text {first + number}" for number in range(len(labels))]
    return pl.DataFrame({"text_a": texts, "text_b": [None] * len(labels), "label": labels}).with_columns(
        pl.col("text_b").cast(pl.String)
    )


def vectors(n: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=(n, 6)) + shift).astype(np.float32)


def drift(found: dict[str, Any], **outlook: Any) -> dict[str, Any]:
    whole = {"may_move": False, "reasons": [], "chance": None, "source": None, **outlook}
    return {"task": ["classification"] * 2, "no_embeddings": "", **found, "outlook": whole}


def test_rows_are_told_apart_by_their_texts() -> None:
    old = rows(["a", "b"] * 50)
    new = pl.concat([old[:90], rows(["a", "b"] * 15, first=500)])
    new = new.with_columns(label=pl.when(pl.col("text_a") == "text 1").then(pl.lit("a")).otherwise("label"))
    found = compare(old, new, numbers=False)
    assert found["rows"] == {
        "before": 100,
        "now": 120,
        "stayed": 90,
        "came": 30,
        "went": 10,
        "relabelled": 1,
    }
    assert [(test["of"], test["rows"]) for test in found["labels"]["tests"]] == [("came", 30)]
    assert sentences_of(drift(found))[0] == (
        "It had 100 rows and has 120: 90 stayed, 30 came, 10 went; 1 of those that stayed have another label."
    )
    # The second copy of a text is another row, and order is nothing.
    twice = pl.concat([old, old[:3]])
    assert compare(twice, twice[::-1], numbers=False)["rows"]["stayed"] == 103
    assert compare(twice, old, numbers=False)["rows"]["went"] == 3


def test_classes_that_come_go_or_have_other_names() -> None:
    old = rows(["a"] * 40 + ["b"] * 40 + ["c"] * 5)
    new = pl.concat([old[:80], rows(["d"] * 30, first=500)])
    labels = compare(old, new, numbers=False)["labels"]
    assert (labels["appeared"], labels["vanished"], labels["renamed"]) == ({"d": 30}, {"c": 5}, {})
    assert labels["tests"][0]["p_value"] < 0.01
    named = old.with_columns(label=pl.col("label").replace({"a": "neg", "b": "pos", "c": "mixed"}))
    found = compare(old, named, numbers=False)
    assert found["rows"]["relabelled"] == 0
    assert (found["labels"]["appeared"], found["labels"]["distance"]) == ({}, 0.0)
    assert (
        "Classes have other names, which no score goes by: a is neg, b is pos and c is mixed."
        in sentences_of(drift(found))
    )
    # One label that was set right is no renaming.
    mended = old.with_columns(
        label=pl.when(pl.col("text_a") == "text 0").then(pl.lit("b")).otherwise("label")
    )
    assert compare(old, mended, numbers=False)["rows"]["relabelled"] == 1


def test_numbers_and_embeddings() -> None:
    old, came = (
        rows([float(n % 10) for n in range(60)]),
        rows([float(n % 10) + 6 for n in range(40)], first=900),
    )
    new = pl.concat([old, came])
    before = vectors(60, 1)
    alike = compare(old, new, numbers=True, embeddings=(before, np.vstack([before, vectors(40, 2)])))
    other = compare(old, new, numbers=True, embeddings=(before, np.vstack([before, vectors(40, 2, 1.0)])))
    assert alike["labels"]["tests"][0]["p_value"] < 0.01 < alike["embeddings"]["tests"][0]["p_value"]
    assert other["embeddings"]["tests"][0]["p_value"] < 0.01
    assert other["embeddings"]["shift"] > 2 * alike["embeddings"]["shift"]
    text = " ".join(sentences_of(drift(other)))
    assert "The labels' distribution differs by" in text
    assert "those that came are of another kind (p = 0.002)" in text
    # Rows that stayed make two samples alike; those that went are held against them.
    fewer = compare(new, old, numbers=True, embeddings=(np.vstack([before, vectors(40, 2, 1.0)]), before))
    assert [test["of"] for test in fewer["embeddings"]["tests"]] == ["went"]
    assert fewer["embeddings"]["tests"][0]["p_value"] < 0.01
    few = compare(old, pl.concat([old, came[:5]]), numbers=True)
    assert few["labels"]["tests"] == []
    assert "too few rows came or went to test" in " ".join(sentences_of(drift(few)))


def test_chance_alone_crosses_a_border_as_often_as_drawing_rows_does() -> None:
    rng = np.random.default_rng(7)
    n, m, k, gap = 80, 100, 40, 0.25
    stderr = 1 / np.sqrt(n)
    old = rng.normal(size=(20000, n)) * 1.0
    fresh = rng.normal(size=(20000, m - k))
    moved = (old[:, :k].sum(1) + fresh.sum(1)) / m - old.mean(1)
    drawn = np.mean(gap + moved < 2 * stderr)
    share = 1 + n / m - 2 * k / m
    assert _crosses(gap, stderr, share) == pytest.approx(drawn, abs=0.01)
    assert _crosses(gap, stderr, 0.0) == 0.0
    assert _crosses(1.0, 0.1, 2.0) < 1e-6


def test_what_it_comes_to() -> None:
    found = compare(rows(["a", "b"] * 30), rows(["a", "b"] * 30), numbers=False)
    assert headline_of(drift(found, chance=0.0)).endswith("chance hardly ever changes the leading tier.")
    assert "in 2.0% of cases chance changes the leading tier" in headline_of(drift(found, chance=0.02))
    assert "cannot be told: there are no standard errors" in headline_of(drift(found))
    by_chance = drift(found, chance=0.31, source="[red]x\x1b", may_move=True)
    assert headline_of(by_chance) == (
        "The ranking may move by chance: other rows of the same kind bring [red]x\ufffd into the leading tier "
        "or out of it in 31% of cases."
    )
    both = drift(found, reasons=["classes are gone", "rows have other labels"], may_move=True)
    assert headline_of(both) == "The ranking may move: classes are gone and rows have other labels."
    assert "its task is another" in headline_of({**both, "task": ["classification", "regression"]})


def test_a_target_with_new_rows_is_compared_once_and_the_words_are_kept(team: Team, cli: Cli) -> None:
    workspace, where = team.workspace, ("-w", team.workspace.root)
    path = Path(Plan(workspace).registry.get(Kind.TARGET, "t1").reference)
    assert cli("drift", "t1", *where).code == 1
    assert "nothing to compare" in cli("drift", "t1", *where).out
    changed = team.files / "t1.csv"
    fresh = rows_of(50, 30).with_columns(label=pl.lit("angry"))
    pl.concat([rows_of(11, 40), fresh]).write_csv(changed)
    assert path != changed  # the first copy belongs to all tests
    add(workspace, Kind.TARGET, changed, name="t1", replace=True)
    before = cli("drift", "t1", "--json", *where).json
    assert before["rows"]["came"] == 30
    assert before["outlook"]["reasons"][0] == "there are new classes"
    assert "not embedded yet" in before["no_embeddings"]
    assert not (workspace.ledgers / "drift.jsonl").exists()
    refresh(workspace, "t1")
    plan = Plan(workspace)
    target = plan.registry.get(Kind.TARGET, "t1")
    noted = note_drift(plan, target)
    assert noted is not None
    assert [test["of"] for test in noted["embeddings"]["tests"]] == ["came"]
    assert 0.0 <= noted["outlook"]["chance"] <= 0.5
    assert noted["outlook"]["source"] in ("s1", "s2", "s3")
    assert noted["moved"].startswith("The leading tier")
    assert note_drift(plan, target) is None
    assert drift_of(plan, target) == noted
    assert kept_drifts(plan) == {"t1": noted}
    said = cli("drift", "t1", *where).out
    assert "New class: angry (30 rows)." in said
    assert "The ranking may move: there are new classes" in said
    assert verify(workspace).is_whole
    # Back to the rows of before: held against those it was ranked with last.
    add(workspace, Kind.TARGET, path, name="t1", replace=True)
    back = drift_of(Plan(workspace), Plan(workspace).registry.get(Kind.TARGET, "t1"))
    assert back is not None
    assert (back["before"], back["rows"]["went"]) == (target.version, 30)
    plan.path("datasets", target.version).unlink()
    with pytest.raises(ArtefactError, match="missing"):
        drift_of(Plan(workspace), Plan(workspace).registry.get(Kind.TARGET, "t1"))
