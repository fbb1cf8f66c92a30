"""What is left out of a ranking, why, and that everything else is ranked all the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from support.tiny_encoder import write_tiny
from support.workspaces import Team, add, change_params, ingest, refresh, rows_of

from features.artefacts.files import read_arrays, read_arrays_card, write_arrays
from features.artefacts.plan import Plan
from features.intake import allow_overlaps
from features.publishing import publish_ranking
from features.rankings import freshness, stale_targets
from features.registry import Kind
from features.workspace import Workspace
from models.errors import NamingError


def _ranked(workspace: Workspace, target: str = "t1") -> tuple[list[str], dict[str, str]]:
    done = refresh(workspace, target, force=True)
    assert done is not None
    assert publish_ranking(Plan(workspace), done) > 0
    names = [row["source"] for row in done.ranking["ranking"]]
    return names, {row["source"]: row["reason"] for row in done.ranking["excluded"]}


def _with_leak(team: Team) -> Workspace:
    """A source that holds the target t1 under other labels, among rows of its own."""
    own = rows_of(77, 40)
    leaked = pl.read_csv(team.files / "t1.csv").with_columns(
        pl.col("text").str.to_uppercase(), pl.col("label").replace({"pos": "neg", "neg": "pos"})
    )
    path = team.files / "leaky.csv"
    pl.concat([own, leaked]).write_csv(path)
    add(team.workspace, Kind.SOURCE, path)
    ingest(team.workspace)
    return team.workspace


def test_a_source_that_holds_the_target_is_never_ranked(team: Team) -> None:
    workspace = _with_leak(team)
    ranked, excluded = _ranked(workspace)
    assert sorted(ranked) == ["s1", "s2", "s3"]
    assert list(excluded) == ["leaky"]
    assert "100" in excluded["leaky"]
    # It is a leak for that target only.
    assert "leaky" in _ranked(workspace, "t2")[0]


def test_an_allowed_overlap_is_ranked_and_makes_the_target_stale(team: Team) -> None:
    workspace = _with_leak(team)
    _ranked(workspace)
    assert "t1" not in stale_targets(Plan(workspace))
    allow_overlaps(workspace, "t1", ["leaky"])
    assert "t1" in stale_targets(Plan(workspace))
    allowed = next(r for r in Plan(workspace).registry.ledger.read() if r.get("event") == "overlap allowed")
    (fresh,) = [one for one in freshness(Plan(workspace)) if one.target == "t1"]
    assert fresh.stale_since == allowed["at"]
    ranked, excluded = _ranked(workspace)
    assert "leaky" in ranked
    assert excluded == {}
    # Said twice it is noted once, and nothing is stale by it.
    allow_overlaps(workspace, "t1", ["leaky"])
    assert "t1" not in stale_targets(Plan(workspace))


def test_an_overlap_is_allowed_for_the_rows_that_were_looked_at(team: Team) -> None:
    workspace = _with_leak(team)
    allow_overlaps(workspace, "t1", ["leaky"])
    assert "leaky" in _ranked(workspace)[0]
    # The name stands for other rows from now on, and those hold the target with its very labels.
    pl.concat([rows_of(78, 30), pl.read_csv(team.files / "t1.csv")]).write_csv(team.files / "leaky.csv")
    assert add(workspace, Kind.SOURCE, team.files / "leaky.csv").status == "updated"
    ingest(workspace)
    ranked, excluded = _ranked(workspace)
    assert "leaky" not in ranked
    assert list(excluded) == ["leaky"]


def test_an_overlap_is_allowed_for_the_target_that_was_looked_at(team: Team) -> None:
    workspace = _with_leak(team)
    allow_overlaps(workspace, "t1", ["leaky"])
    assert "leaky" in _ranked(workspace)[0]
    # The target stands for one row more, and the source still holds the others.
    grown = pl.concat([pl.read_csv(team.files / "t1.csv"), rows_of(79, 2)])
    grown.write_csv(team.files / "t1-grown.csv")
    assert (
        add(workspace, Kind.TARGET, team.files / "t1-grown.csv", name="t1", replace=True).status == "updated"
    )
    assert list(_ranked(workspace)[1]) == ["leaky"]


def test_an_overlap_allowed_under_a_second_name_counts_for_the_rows(team: Team) -> None:
    workspace = _with_leak(team)
    add(workspace, Kind.SOURCE, team.files / "leaky.csv", name="second-name")
    allow_overlaps(workspace, "t1", ["second-name"])
    assert "leaky" in _ranked(workspace)[0]


def test_an_overlap_of_an_unknown_name_is_refused_and_nothing_is_noted(team: Team) -> None:
    before = Plan(team.workspace).registry.path.read_bytes()
    with pytest.raises(NamingError, match="s9"):
        allow_overlaps(team.workspace, "t1", ["s1", "s9"])
    with pytest.raises(NamingError, match="t9"):
        allow_overlaps(team.workspace, "t9", ["s1"])
    assert Plan(team.workspace).registry.path.read_bytes() == before


def _esm_of(workspace: Workspace, source: str) -> Path:
    plan = Plan(workspace)
    return plan.path("esms", plan.source_keys(plan.registry.get(Kind.SOURCE, source)).esm)


def _damage(path: Path, how: str) -> None:
    if how in ("empty", "noise", "truncated"):
        whole = path.read_bytes()
        path.write_bytes(
            {"empty": b"", "noise": b"\x00\xff" * 500, "truncated": whole[: len(whole) // 2]}[how]
        )
        return
    arrays, card = read_arrays(path), read_arrays_card(path)
    width = arrays["b"].shape[0]
    arrays |= {
        "nan": {"u": np.full_like(arrays["u"], np.nan)},
        "infinite": {"b": np.full_like(arrays["b"], np.inf)},
        "narrow": {name: arrays[name][: width // 2] for name in ("u", "v", "b")},
        "mixed": {"v": arrays["v"][: width // 2]},
        "layout": {"layout": np.array([99])},
    }.get(how, {})
    if how == "missing part":
        del arrays["v"]
    write_arrays(path, arrays, card)


HOW = ["empty", "noise", "truncated", "nan", "infinite", "narrow", "mixed", "layout", "missing part"]


@pytest.mark.parametrize("how", HOW)
def test_a_broken_map_is_excluded_with_its_reason_and_the_others_rank(team: Team, how: str) -> None:
    path = _esm_of(team.workspace, "s2")
    _damage(path, how)
    ranked, excluded = _ranked(team.workspace, "t2")
    assert sorted(ranked) == ["s1", "s3"]
    assert list(excluded) == ["s2"]
    assert len(excluded["s2"]) > 20


def test_a_map_that_broke_after_it_was_scored_loses_its_place_to_the_next(team: Team) -> None:
    workspace = change_params(team.workspace, ranking={"jackknife_leading": 1})
    order, _ = _ranked(workspace, "t2")
    # Its score is stored; its standard error, which it needs as one of two leaders, is not.
    _damage(_esm_of(workspace, order[1]), "truncated")
    workspace = change_params(workspace, ranking={"jackknife_leading": 2})
    ranked, excluded = _ranked(workspace, "t2")
    assert ranked == [order[0], order[2]]
    assert list(excluded) == [order[1]]


def test_every_map_broken_is_a_ranking_with_nothing_ranked(team: Team) -> None:
    for name in ("s1", "s2", "s3"):
        _damage(_esm_of(team.workspace, name), "empty")
    ranked, excluded = _ranked(team.workspace, "t2")
    assert ranked == []
    assert sorted(excluded) == ["s1", "s2", "s3"]


def test_a_source_whose_texts_cannot_be_checked_is_not_ranked(team: Team) -> None:
    plan = Plan(team.workspace)
    plan.path("sketches", plan.registry.get(Kind.SOURCE, "s3").sketch).write_bytes(b"broken")
    ranked, excluded = _ranked(team.workspace, "t2")
    assert sorted(ranked) == ["s1", "s2"]
    assert "leak check could not be made" in excluded["s3"]


def test_another_encoder_ranks_nothing_of_the_first(team: Team, tmp_path: Path) -> None:
    other = write_tiny(tmp_path / "other", seed=5)
    before = Plan(team.workspace).encoder
    changed = change_params(team.workspace, encoder={"ref": str(other)})
    plan = Plan(changed)
    assert plan.encoder != before
    assert {one.name for one in plan.pending()} == {"s1", "s2", "s3"}
    assert set(stale_targets(plan)) == {"t1", "t2"}
    ingest(changed)
    first, _ = _ranked(changed)
    encoders = {line["encoder"] for line in _lines(changed)}
    assert encoders == {before, plan.encoder}
    assert sorted(first) == ["s1", "s2", "s3"]


def _lines(workspace: Workspace) -> list[dict[str, str]]:
    from features.rankings.history import RankingLedger

    return RankingLedger(workspace).lines("t1")
