"""Evidence as a file: written and read back, refused where it holds what no transfer can be."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.transfer_evidence import past_transfers
from support.workspaces import Team

from features.artefacts.plan import Plan
from features.audit.chain import hash_of, log_file
from features.calibration.evidence import EVIDENCE, read_evidence, write_evidence
from features.calibration.keeping import (
    EVIDENCE_ADDED,
    evidence_in_force,
    evidence_of_pools,
    take_evidence,
)
from features.pools import add_pool, export_pool
from features.registry.ledger import line_of
from features.workspace import Workspace
from models.errors import ArtefactError


def test_what_is_written_is_read_and_its_order_changes_no_byte(team: Team, tmp_path: Path) -> None:
    transfers = past_transfers(Plan(team.workspace))
    transfers[0] = replace(transfers[0], gain_stderr=None, seeds=1, source='a "quoted", name')
    write_evidence(tmp_path / "a.csv", transfers)
    write_evidence(tmp_path / "b.csv", reversed(transfers))
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    found = read_evidence(tmp_path / "a.csv")
    assert {(one.source, one.target) for one in found} == {(one.source, one.target) for one in transfers}
    by_pair = {(one.source, one.target): one for one in transfers}
    for one in found:
        other = by_pair[one.source, one.target]
        assert (one.encoder, one.settings, one.seeds) == (other.encoder, other.settings, other.seeds)
        assert one.gain == pytest.approx(other.gain, abs=1e-6)
        assert (one.nearness is None) is (other.nearness is None)
        assert one.target_version == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("gain_stderr", "stderr"), "no column gain_stderr"),
        (lambda text: text.replace("past0", "", 1), "target ''"),
        (lambda text: "\n".join([*text.splitlines(), text.splitlines()[-1]]), "a pair twice"),
        (lambda text: text.replace(",3\n", ",0\n", 1), "seeds 0"),
        (lambda text: text.replace(",3\n", ",three\n", 1), "three"),
        (lambda text: text.replace("0.2", "NaN", 1), "NaN|nan"),
        (lambda text: "", "cannot be used"),
        (lambda text: "\0\1\2" * 50, "cannot be used"),
    ],
)
def test_odd_evidence_is_refused(team: Team, tmp_path: Path, change: Callable[[str], str], said: str) -> None:
    path = tmp_path / "evidence.csv"
    write_evidence(path, past_transfers(Plan(team.workspace), targets=1))
    path.write_text(change(path.read_text()))
    with pytest.raises(ArtefactError, match=said):
        read_evidence(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [("gain", 1e9), ("standing", 1.5), ("gain", float("inf")), ("target_rows", 0), ("gain_stderr", -1.0)],
)
def test_numbers_that_cannot_be_are_refused(team: Team, tmp_path: Path, field: str, value: float) -> None:
    write_evidence(tmp_path / "e.csv", past_transfers(Plan(team.workspace), targets=1, **{field: value}))
    with pytest.raises(ArtefactError, match=rf"row \d has {field}"):
        read_evidence(tmp_path / "e.csv")


def _pool(team: Team, folder: Path) -> Path:
    plan = Plan(team.workspace)
    export_pool(plan, folder, name="tiny", title="Three tiny sources")
    write_evidence(folder / EVIDENCE, past_transfers(plan))
    return folder


@pytest.fixture
def newcomer(_empty: Workspace, tmp_path: Path, copy_of: Callable[[Workspace, Path], Workspace]) -> Workspace:
    return copy_of(_empty, tmp_path / "newcomer")


def test_a_pool_brings_its_evidence_and_adding_it_again_stores_nothing(
    team: Team, newcomer: Workspace, tmp_path: Path
) -> None:
    pool, plan = _pool(team, tmp_path / "pool"), Plan(newcomer)
    add_pool(plan, pool)
    ledger = newcomer.ledgers / "registry.jsonl"
    before = ledger.read_bytes()
    add_pool(plan, pool)
    assert ledger.read_bytes() == before
    assert [name for name, _ in evidence_of_pools(plan)] == ["tiny"] * 18
    # Written over by hand, it is not what was taken; the pool's own copy mends it.
    (kept,) = newcomer.folder("pools").glob("*.csv")
    kept.write_text("nonsense")
    with pytest.raises(ArtefactError, match="missing or was changed"):
        evidence_of_pools(plan)
    add_pool(plan, pool)
    assert len(evidence_of_pools(plan)) == 18
    # A pool without evidence takes back what it brought.
    (pool / EVIDENCE).unlink()
    add_pool(plan, pool)
    assert evidence_in_force(plan) == {}


def test_a_pool_with_broken_evidence_is_refused_as_a_whole(
    team: Team, newcomer: Workspace, tmp_path: Path
) -> None:
    pool = _pool(team, tmp_path / "pool")
    (pool / EVIDENCE).write_text("source,target\n")
    with pytest.raises(ArtefactError, match="evidence"):
        add_pool(Plan(newcomer), pool)
    assert Plan(newcomer).registry.pooled() == {}
    assert evidence_in_force(Plan(newcomer)) == {}


def test_evidence_lost_here_is_taken_from_the_shipped_pool(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, folder = Plan(team.workspace), tmp_path / "past"
    folder.mkdir()
    write_evidence(folder / EVIDENCE, past_transfers(plan))
    take_evidence(plan, folder, "past")
    shutil.rmtree(team.workspace.folder("pools"))
    with pytest.raises(ArtefactError, match="pool 'past'"):
        evidence_of_pools(plan)
    monkeypatch.setattr("features.pools.finding.shipped_pools", lambda: {"past": folder})
    assert len(evidence_of_pools(plan)) == 18


def test_the_audit_log_says_at_once_who_took_evidence(team: Team, tmp_path: Path) -> None:
    plan, folder = Plan(team.workspace), tmp_path / "past"
    folder.mkdir()
    write_evidence(folder / EVIDENCE, past_transfers(plan))
    take_evidence(plan, folder, "past")
    line = plan.registry.ledger.read()[-1]
    noted = json.loads(log_file(plan.workspace).read_text(encoding="utf-8").splitlines()[-1])
    assert (line["event"], noted["what"], noted["on"]) == (EVIDENCE_ADDED, EVIDENCE_ADDED, {"pool": "past"})
    assert noted["by"]
    # The line is covered: no later run takes it for one that a killed process left unnoted.
    assert noted["ledger"] == {"file": "registry.jsonl", "sha256": hash_of(line_of(line).rstrip(b"\n"))}
