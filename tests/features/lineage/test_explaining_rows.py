from __future__ import annotations

import math
import shutil
import subprocess

import numpy as np
import pytest
from support.cli import Cli
from support.releases import seal
from support.workspaces import Team, add, change_params, refresh, write_rows

from features.artefacts.files import read_arrays, read_table
from features.artefacts.plan import Plan
from features.lineage import explain
from features.lineage.nearest import nearest_pairs
from features.rankings.history import shown_ranking
from features.record import commit_paths
from features.record.dvc import dvc_environment
from features.registry import Kind
from features.releases import pinning
from features.workspace import Workspace
from models.errors import NamingError


def test_nearest_pairs_are_those_of_brute_force_and_use_each_row_once() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(7, 4)).astype(np.float32), rng.normal(size=(5, 4)).astype(np.float32)
    a[3] = 0.0
    pairs = nearest_pairs(a, b, 10)
    assert len(pairs) == 5
    cosine = {
        (i, j): float(a[i] @ b[j] / (np.linalg.norm(a[i]) * np.linalg.norm(b[j]))) if i != 3 else 0.0
        for i in range(7)
        for j in range(5)
    }
    assert pairs[0][:2] == max(cosine, key=lambda pair: cosine[pair])
    for i, j, found in pairs:
        assert math.isclose(found, cosine[i, j], abs_tol=1e-6)
    assert len({i for i, _, _ in pairs}) == len({j for _, j, _ in pairs}) == 5
    assert [p[2] for p in pairs] == sorted((p[2] for p in pairs), reverse=True)


def test_a_ranked_row_is_traced_to_what_it_is_made_of(team: Team) -> None:
    plan = Plan(team.workspace)
    shown = shown_ranking(team.workspace, "t1", "logme", plan.encoder)
    assert shown is not None
    found = explain(plan, "t1", "s2", rows=3)
    (row,) = [one for one in shown["ranking"] if one["source"] == "s2"]
    assert found["status"] == "ranked"
    assert {name: found["row"][name] for name in ("rank", "tier", "score", "stderr")} == {
        name: row[name] for name in ("rank", "tier", "score", "stderr")
    }
    source, target = (plan.registry.get(kind, n) for kind, n in ((Kind.SOURCE, "s2"), (Kind.TARGET, "t1")))
    assert found["versions_in_ranking"] == {"target": target.version, "source": source.version}
    assert found["esm"]["key"] == plan.source_keys(source).esm
    assert found["esm"]["moments"] == plan.source_keys(source).moments
    assert (found["overlap"]["checked"], found["overlap"]["excluded"]) == (True, False)
    assert (found["would_change"], found["ranking"]["release"]) == ([], None)
    assert found["reproduce"] == ["springboard refresh t1 --scorer logme --force"]
    assert len(found["nearest"]) == 3
    pair = found["nearest"][0]
    texts = read_table(plan.path("datasets", source.version))["text_a"]
    assert texts[pair["source"]["row"]] == pair["source"]["text_a"]
    rows = read_arrays(plan.path("embeddings", plan.embedding_key(source.version, Kind.SOURCE)))["rows"]
    assert pair["source"]["row"] in rows


def test_what_would_change_a_row_and_how_a_stale_one_is_made_again(team: Team) -> None:
    release = commit_paths(team.workspace.root, ["ledgers"], "one")
    workspace = change_params(team.workspace, ranking={"center": False})
    found = explain(Plan(workspace), "t1", "s1")
    assert found["would_change"] == ["a refresh: the settings or the pool changed"]
    assert found["ranking"]["release"] == release


def test_the_commands_that_it_names_make_a_stale_ranking_again(team: Team) -> None:
    was = shown_ranking(team.workspace, "t1", "logme", Plan(team.workspace).encoder)
    assert was is not None
    root = team.workspace.root
    release = seal(team.workspace, "Refresh t1")[:12]
    shutil.rmtree(root / "dvc-remote", ignore_errors=True)
    workspace = change_params(team.workspace, ranking={"center": False})
    commands = explain(Plan(workspace), "t1", "s1")["reproduce"]
    assert commands[0] == f"git worktree add --detach ../team-{release} {release}"
    assert commands[-1] == "springboard refresh t1 --scorer logme --force --workspace ."
    done = subprocess.run(
        ["bash", "-ec", "\n".join(commands[:-1])], cwd=root, env=dvc_environment(root), capture_output=True
    )
    assert done.returncode == 0, done.stderr
    # The last one as its flow does it: with a server of its own it would take many seconds.
    again = refresh(Workspace(root.parent / f"team-{release}"), "t1", force=True)
    assert again is not None
    assert again.ranking["ranking_id"] == was["ranking_id"]


def test_a_pinned_ranking_is_made_again_in_its_release_too(
    team: Team, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinning, "show_and_record", lambda *_: "f" * 40)
    release = seal(team.workspace, "Refresh t1")
    assert cli("pin", "t1", release, "-w", team.workspace.root).code == 0
    add(team.workspace, Kind.TARGET, write_rows(team.files / "new" / "t1.csv", 77), name="t1", replace=True)
    found = explain(Plan(team.workspace), "t1", "s1")
    (change,) = found["would_change"]
    assert change.startswith("an unpin and a refresh: the target's own data changed; the target stands for")
    assert found["reproduce"][0].endswith(release[:12])


def test_what_would_change_a_row_of_other_rows_is_said_in_whole_sentences(team: Team, cli: Cli) -> None:
    for kind, name in ((Kind.TARGET, "t1"), (Kind.SOURCE, "s1")):
        add(team.workspace, kind, write_rows(team.files / "new" / f"{name}.csv", 77), replace=True)
    said = cli("explain", "t1", "s2", "-w", team.workspace.root).out
    assert (
        "Would change by a refresh: the target's own data changed; the target stands for other rows" in said
    )
    assert "Would change by the" not in said
    (stale, pending) = explain(Plan(team.workspace), "t1", "s1")["would_change"]
    assert stale.endswith("; the target and source stand for other rows than the ranking was made of")
    assert pending.startswith("an ingest of 's1': ")


def test_a_source_that_waits_and_names_that_nobody_knows(team: Team) -> None:
    add(team.workspace, Kind.SOURCE, write_rows(team.files / "s4.csv", 4))
    plan = Plan(team.workspace)
    found = explain(plan, "t1", "s4")
    assert (found["status"], found["reason"], found["row"]) == ("pending", "not ingested yet", None)
    assert found["no_nearest"] == "the embeddings of source 's4' are not here"
    assert any("an ingest of 's4'" in change for change in found["would_change"])
    assert explain(plan, "t2", "s1")["ranking"] is None
    with pytest.raises(NamingError, match="s9"):
        explain(plan, "t1", "s9")
    with pytest.raises(NamingError, match="t9"):
        explain(plan, "t9", "s1")


def test_the_verb(team: Team, cli: Cli) -> None:
    at = ("--workspace", team.workspace.root)
    said = cli("explain", "t1", "s1", *at)
    assert said.code == 0
    for part in ("s1 for t1, by logme: rank", "held-out error", "cosine", "springboard refresh t1 --scorer"):
        assert part in said.out
    assert cli("explain", "t1", "s1", "--json", "--rows", 2, *at).json["nearest"][1]["cosine"] <= 1.0
    said = cli("explain", "t2", "s1", *at)
    assert (said.code, "not in the ranking" in said.out) == (1, True)
    assert cli("explain", "t1", "nobody", *at).is_clear_error("nobody", "springboard list sources")
    assert cli("explain", "t1", "S-1", *at).is_clear_error("'S-1'", "Did you mean s1")
