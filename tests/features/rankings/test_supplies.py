"""Everything a scorer may need comes from the files, and what cannot be had says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.tiny_encoder import write_tiny
from support.workspaces import Team, add, change_params, ingest, write_rows

from features.artefacts.embeddings import make_embedding
from features.artefacts.files import read_arrays
from features.artefacts.plan import Plan
from features.exchange.imports import Import
from features.rankings import supplies as module
from features.rankings.pool import Member, Pool
from features.rankings.supplies import Supplies
from features.registry import Kind
from features.registry.ledger import Ledger
from features.workspace import Workspace
from models.errors import ArtefactError, ScoringError
from models.scorers import SCORERS, LowRankUpdate, Need, TokenCounts
from models.tuning import Head

ALL = frozenset(Need)


def _supplies(workspace: Workspace, target: str = "t1") -> tuple[Supplies, dict[str, Member]]:
    plan = Plan(workspace)
    entry = plan.registry.get(Kind.TARGET, target)
    make_embedding(plan, entry)
    return Supplies(plan, entry), {member.entry.name: member for member in Pool(plan).members}


@pytest.fixture
def workspace(team: Team, tiny_encoder_folder: Path) -> Workspace:
    return change_params(team.workspace, ranking={"sentence_encoder": str(tiny_encoder_folder)})


def test_every_need_has_a_reader_but_what_the_caller_has() -> None:
    assert set(module._SOURCE) | set(module._TARGET) == ALL - {Need.FEATURES, Need.LABELS}
    assert not set(module._SOURCE) & set(module._TARGET)


def test_everything_is_there_after_an_ingest(workspace: Workspace) -> None:
    supplies, members = _supplies(workspace)
    found = supplies.get(members["s1"], ALL)
    assert found.keys() == ALL - {Need.FEATURES, Need.LABELS}
    assert isinstance(found[Need.SOURCE_HEAD], Head)
    assert found[Need.SOURCE_SAMPLE].shape == (10, 32)
    assert found[Need.BASE_FEATURES].shape == (40, 32)
    np.testing.assert_allclose(found[Need.TARGET_CENTROID], found[Need.BASE_FEATURES].mean(axis=0), atol=1e-6)
    for side in ("source", "target"):
        assert found[Need(f"{side}_centroid")].shape == (32,)
        assert found[Need(f"{side}_sentence_centroid")].shape == (32,)
        assert isinstance(found[Need(f"{side}_tokens")], TokenCounts)
        assert found[Need(f"{side}_token_vectors")].shape == (256, 32)
        assert found[Need(f"{side}_fisher")].shape == (448,)
        assert isinstance(found[Need(f"{side}_update")], LowRankUpdate)
    assert found[Need.SOURCE_ROWS] == 40
    assert found[Need.PAST_GAINS].shape == (0,)
    assert supplies.get(members["s1"], {Need.FEATURES, Need.LABELS, Need.SOURCE_ROWS}) == {
        Need.SOURCE_ROWS: 40
    }


def test_scorers_that_go_by_the_data_or_the_weights_can_be_computed_from_it(workspace: Workspace) -> None:
    supplies, members = _supplies(workspace)
    labels = ["a", "b"] * 20
    scored = set()
    for scorer in SCORERS.values():
        if scorer.joint or Need.FEATURES in scorer.needs or Need.PAST_GAINS in scorer.needs:
            continue
        given = supplies.get(members["s1"], scorer.needs)
        score = scorer.score(None, labels, supplies.target.task, given=given)
        assert np.isfinite(score), scorer.name
        scored.add(scorer.name)
    assert {"taskemb", "task_vector"} <= scored


def test_what_is_of_the_target_is_read_and_made_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    supplies, members = _supplies(workspace)
    needs = {need for need in ALL if need in module._TARGET}
    first = supplies.get(members["s1"], needs)
    monkeypatch.setattr(module, "make_target_traces", lambda *_: pytest.fail("made again"))
    for kind in ("embeddings", "traces"):
        for path in workspace.folder(kind).glob("*.safetensors"):
            path.unlink()
    second = supplies.get(members["s2"], needs)
    assert all(second[need] is first[need] for need in needs)


def test_a_target_that_cannot_be_tuned_says_so_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models.errors import TuningError

    tried: list[int] = []

    def fails(*_: Any) -> str:
        tried.append(1)
        raise TuningError("the loss was nan", next_step="lower it")

    monkeypatch.setattr(module, "make_target_traces", fails)
    supplies, members = _supplies(workspace)
    for name in ("s1", "s2"):
        with pytest.raises(ScoringError, match="the loss was nan"):
            supplies.get(members[name], {Need.TARGET_FISHER})
    assert tried == [1]


def test_a_small_need_reads_no_moments(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    supplies, members = _supplies(workspace)
    for path in workspace.folder("moments").glob("*.safetensors"):
        path.unlink()
    read: list[object] = []

    def counting(path: Path, names: Any = None) -> Any:
        read.append(names)
        return read_arrays(path, names)

    monkeypatch.setattr("features.artefacts.embeddings.read_arrays", counting)
    supplies.get(members["s1"], {Need.SOURCE_CENTROID, Need.SOURCE_ROWS})
    assert read == [["centroid"]]
    with pytest.raises(ArtefactError, match="is missing"):
        supplies.get(members["s1"], {Need.SOURCE_HEAD})


def test_a_broken_file_of_a_source_concerns_that_source(workspace: Workspace) -> None:
    supplies, members = _supplies(workspace)
    path = supplies.plan.path("embeddings", supplies.plan.source_keys(members["s1"].entry).embedding)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ArtefactError, match=path.name):
        supplies.get(members["s1"], {Need.SOURCE_TOKENS})
    assert supplies.get(members["s2"], {Need.SOURCE_TOKENS})


def test_a_sentence_encoder_that_is_not_there_excludes_with_the_reason(team: Team) -> None:
    gone = change_params(team.workspace, ranking={"sentence_encoder": "package:no_such_package"})
    supplies, members = _supplies(gone)
    with pytest.raises(ScoringError, match="no_such_package"):
        supplies.get(members["s1"], {Need.SOURCE_SENTENCE_CENTROID})


def test_of_an_imported_map_there_is_nothing_else(workspace: Workspace) -> None:
    supplies, _ = _supplies(workspace)
    one = Import("from-afar", "ref", "k" * 32, "base", 32, 4, "task")
    member = Member(one.as_source(), one.esm, one)
    for need in module._SOURCE:
        if need is not Need.PAST_GAINS:
            with pytest.raises(ScoringError, match="'from-afar' there is only the map"):
                supplies.get(member, {need})
    assert supplies.get(member, {Need.PAST_GAINS, Need.TARGET_CENTROID})[Need.PAST_GAINS].size == 0
    assert supplies.keys(member, ALL).keys() == {need.value for need in ALL - {Need.FEATURES, Need.LABELS}}


def _transfer(workspace: Workspace, source: str, target: str, score: float, baseline: float = 0.5) -> None:
    Ledger(workspace.ledgers / "transfers.jsonl").append(
        {"source": source, "target": target, "score": score, "baseline": baseline}
    )


def test_past_gains_are_those_on_other_targets(team: Team) -> None:
    workspace = team.workspace
    # Second names of the same rows: "again" is s1, "mirror" is t1.
    add(workspace, Kind.SOURCE, team.files / "s1.csv", name="again")
    add(workspace, Kind.TARGET, team.files / "t1.csv", name="mirror")
    for source, target, score in [
        ("s1", "t1", 0.9),  # this target
        ("s1", "mirror", 0.9),  # and this target by its other name
        ("again", "t2", 0.1),  # replaced further down
        ("s1", "elsewhere", 0.7),  # a target that is registered no more
        ("s2", "t2", 0.3),
        ("s1", "t2", 0.6),
    ]:
        _transfer(workspace, source, target, score)
    supplies, members = _supplies(workspace)
    needs = {Need.PAST_GAINS}
    np.testing.assert_allclose(sorted(supplies.get(members["s1"], needs)[Need.PAST_GAINS]), [0.1, 0.2])
    np.testing.assert_allclose(supplies.get(members["s2"], needs)[Need.PAST_GAINS], [-0.2])
    assert supplies.get(members["s3"], needs)[Need.PAST_GAINS].size == 0
    mirrored, _ = _supplies(workspace, "mirror")
    assert mirrored.get(members["s1"], needs)[Need.PAST_GAINS].size == 2


def test_a_record_that_is_no_transfer_result_is_named(team: Team) -> None:
    _transfer(team.workspace, "s1", "t2", 0.9)
    Ledger(team.workspace.ledgers / "transfers.jsonl").append(
        {"source": "s1", "target": "t2", "score": "good"}
    )
    supplies, members = _supplies(team.workspace)
    with pytest.raises(ArtefactError, match=r"record 2 of '.*transfers\.jsonl' is not a transfer result"):
        supplies.get(members["s1"], {Need.PAST_GAINS})


def test_keys_change_with_what_is_read_and_with_nothing_else(team: Team, tmp_path: Path) -> None:
    def keys(workspace: Workspace, name: str = "s1") -> dict[str, str]:
        supplies, members = _supplies(workspace)
        return supplies.keys(members[name], ALL)

    def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
        return {need for need in before if before[need] != after[need]}

    before = keys(team.workspace)
    assert keys(team.workspace) == before
    own = {need.value for need in module._SOURCE} - {"past_gains"}
    assert changed(before, keys(team.workspace, "s2")) == own
    _transfer(team.workspace, "s1", "t2", 0.9)
    assert changed(before, keys(team.workspace)) == {"past_gains"}
    before = keys(team.workspace)
    other = write_tiny(tmp_path / "other", seed=4)
    sentences = change_params(team.workspace, ranking={"sentence_encoder": str(other)})
    assert changed(before, keys(sentences)) == {"source_sentence_centroid", "target_sentence_centroid"}
    before = keys(sentences)
    tuned = change_params(team.workspace, tuning={"max_steps": 4})
    ingest(tuned)
    assert changed(before, keys(tuned)) == {
        f"{side}_{what}" for side in ("source", "target") for what in ("fisher", "update")
    } | {"source_head"}


def test_rows_added_as_another_source_have_supplies_of_their_own(workspace: Workspace, team: Team) -> None:
    add(workspace, Kind.SOURCE, write_rows(team.files / "s4.csv", 4, n=60))
    ingest(workspace)
    supplies, members = _supplies(workspace)
    assert supplies.get(members["s4"], {Need.SOURCE_ROWS})[Need.SOURCE_ROWS] == 60
    one, other = (
        supplies.get(members[name], {Need.SOURCE_TOKENS})[Need.SOURCE_TOKENS] for name in ("s1", "s4")
    )
    assert one.counts.sum() != other.counts.sum()
