"""Evidence made of the benchmark's tables, against numbers worked out by hand, and the table of methods."""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl
import pytest
from support.workspaces import Team

from benchmarks.transfer import calibrate
from benchmarks.transfer.evidence import encoder_key, evidence_of
from features.artefacts.plan import Plan
from features.calibration.evidence import write_evidence
from features.calibration.known import settings_text
from features.rankings.pool import scorer_settings


def _truth() -> pl.DataFrame:
    rows = [
        ("none", "t", 100, 1, 0.50),
        ("none", "t", 100, 2, 0.60),
        ("none", "t", 400, 1, 0.90),
        ("a", "t", 100, 1, 0.53),
        ("a", "t", 100, 2, 0.61),
        # A seed without a baseline is no gain.
        ("a", "t", 100, 3, 0.99),
        ("a", "t", 400, 1, 0.10),
        ("b", "t", 100, 1, 0.48),
        # Left out by the leak check: there is a result, and no score.
        ("c", "t", 100, 1, 0.70),
        # A target without a baseline.
        ("a", "u", 100, 1, 0.70),
    ]
    columns = ["source", "target", "training_rows", "seed", "score"]
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    return frame.with_columns(metric=pl.lit("accuracy"), source_rows=pl.lit(2000))


def _predictions() -> pl.DataFrame:
    rows = [
        ("logme", "a", "t", -0.4),
        ("logme", "b", "t", -0.3),
        ("logme", "d", "t", -0.5),
        ("logme", "a", "u", -0.5),
        ("logme_base", "a", "t", -0.45),
        ("logme_base", "b", "t", -0.45),
        ("logme_base", "a", "u", -0.45),
        ("textemb", "a", "t", 0.7),
        ("hscore", "a", "t", 3.0),
    ]
    return pl.DataFrame(rows, schema=["scorer", "source", "target", "score"], orient="row")


def test_a_gain_is_held_against_the_same_seed_and_scores_against_the_untouched_encoder() -> None:
    found = {
        one.source: one for one in evidence_of(_truth(), _predictions(), encoder="e", versions={"a": "v"})
    }
    assert sorted(found) == ["a", "b"]
    a, b = found["a"], found["b"]
    assert (a.target, a.metric, a.seeds, a.source_rows, a.target_rows) == ("t", "accuracy", 2, 2000, 100)
    assert a.gain == pytest.approx((3 + 1) / 2)
    assert a.gain_stderr == pytest.approx(math.sqrt(2) / math.sqrt(2))
    assert (a.lift, a.standing, a.nearness) == (pytest.approx(0.05), 0.0, 0.7)
    assert (b.gain, b.gain_stderr, b.seeds) == (pytest.approx(-2), None, 1)
    assert (b.lift, b.standing, b.nearness) == (pytest.approx(0.15), 1.0, None)
    assert (a.source_version, b.source_version) == ("v", "")


def test_its_encoder_and_settings_are_those_of_a_new_workspace(team: Team) -> None:
    plan = Plan(team.workspace)
    (one, *_) = evidence_of(_truth(), _predictions(), encoder="e")
    assert one.settings == settings_text(scorer_settings(plan, "logme"))
    assert len(encoder_key("minilm")) == len(plan.encoder)


def test_the_table_has_a_row_a_method_and_target_and_one_over_all(team: Team, tmp_path: Path) -> None:
    from support.transfer_evidence import past_transfers

    write_evidence(tmp_path / "e.csv", past_transfers(Plan(team.workspace), targets=6))
    out = tmp_path / "c.csv"
    calibrate.main(
        ["--evidence", str(tmp_path / "e.csv"), "--out", str(out), "--method", "mean", "--method", "linear"]
    )
    table = pl.read_csv(out)
    assert table.group_by("method").len().sort("method").rows() == [("linear", 7), ("mean", 7)]
    mean, linear = (
        table.filter(pl.col("method") == name, pl.col("target") == "all") for name in ("mean", "linear")
    )
    # One source gains 4 points everywhere and the others lose 1: whoever knows popularity finds it.
    assert linear["gain_of_first"][0] > 3.5
    assert linear["error"][0] < 0.6 < mean["error"][0]
    of_targets = table.filter(pl.col("method") == "linear", pl.col("target") != "all")
    assert linear["covered"][0] == pytest.approx(of_targets["covered"].mean(), abs=1e-3)
    assert linear["pairs"][0] == 18
    few = past_transfers(Plan(team.workspace), targets=4)
    write_evidence(tmp_path / "e.csv", few)
    with pytest.raises(SystemExit, match="takes 5"):
        calibrate.main(["--evidence", str(tmp_path / "e.csv"), "--out", str(out)])
