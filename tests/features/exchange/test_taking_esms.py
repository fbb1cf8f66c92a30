"""Importing ESMs: stored whole or not at all, told apart by name, and a broken one keeps back no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.cli import Cli
from support.exchange_esms import Esm
from support.workspaces import Team, add, write_rows

from features.artefacts.esms import read_esm
from features.artefacts.plan import Plan
from features.exchange import Imports, take_esms
from features.exchange.taking import ImportOptions
from features.registry import Kind
from features.reports.records import quarantine_records, source_records
from features.workspace import Workspace
from models.errors import NamingError, UnknownReferenceError
from models.esm.exchange import read_exchange


def _files(workspace: Workspace) -> set[str]:
    return {path.name for path in workspace.folder("esms").iterdir()}


def test_an_imported_map_is_kept_to_the_last_digit_that_matters(pooled: Workspace, esm: Esm) -> None:
    (one,), failed = take_esms(Plan(pooled), [str(esm("mnli", 1))])
    assert failed == {}
    assert (one.status, one.not_ranked, one.entry.rank, one.entry.width) == ("new", None, 32, 32)
    rows = np.random.default_rng(0).normal(size=(9, 32))
    kept = read_esm(Plan(pooled), one.entry.esm, 32)
    original = read_exchange(Path(one.entry.reference)).esm
    np.testing.assert_allclose(kept.apply(rows), original.apply(rows), atol=1e-5)


def test_importing_twice_stores_nothing_and_mends_a_lost_file(pooled: Workspace, esm: Esm) -> None:
    folder = str(esm("mnli", 1))
    take_esms(Plan(pooled), [folder])
    ledger, files = Imports(pooled).ledger.path.read_bytes(), _files(pooled)
    ((one,), _) = take_esms(Plan(pooled), [folder])
    assert one.status == "unchanged"
    assert Imports(pooled).ledger.path.read_bytes() == ledger
    assert _files(pooled) == files
    path = Plan(pooled).path("esms", one.entry.esm)
    path.write_bytes(path.read_bytes()[:200])
    take_esms(Plan(pooled), [folder])
    assert read_esm(Plan(pooled), one.entry.esm, 32).rank == 32


def test_the_same_map_under_two_names_is_one(pooled: Workspace, esm: Esm) -> None:
    taken, _ = take_esms(
        Plan(pooled), [str(esm("a", 1, task_id="org/x")), str(esm("b", 1, task_id="org/x")), str(esm("c", 2))]
    )
    assert [one.status for one in taken] == ["new", "same map", "new"]
    assert [one.name for one in Imports(pooled).pool()] == ["a", "c"]
    twins = {record["name"]: record["same_rows_as"] for record in source_records(Plan(pooled))}
    assert (twins["a"], twins["b"], twins["c"]) == (None, "a", None)


def test_a_broken_one_is_left_out_with_its_reason_and_the_others_come_in(pooled: Workspace, esm: Esm) -> None:
    cut = esm("cut", 2)
    whole = (cut / "model.safetensors").read_bytes()
    (cut / "model.safetensors").write_bytes(whole[:500])
    folders = [
        str(one) for one in (esm("good", 1), cut, esm("narrow", 3, esm_embedding_dim=16), esm("fine", 4))
    ]
    before = _files(pooled)
    taken, failed = take_esms(Plan(pooled), folders)
    assert [one.entry.name for one in taken] == ["good", "fine"]
    assert {Path(folder).name for folder in failed} == {"cut", "narrow"}
    assert len(_files(pooled) - before) == 2
    refused = {one["name"]: one["reason"] for one in quarantine_records(Plan(pooled)) if one["role"] == "esm"}
    assert set(refused) == {"cut", "narrow"}
    assert "truncated" in refused["cut"]
    assert "32 wide" in refused["narrow"]
    # Tried again, it is noted once; mended, it is no longer in quarantine.
    lines = len(Imports(pooled).ledger.read())
    take_esms(Plan(pooled), [folders[1]])
    assert len(Imports(pooled).ledger.read()) == lines
    (cut / "model.safetensors").write_bytes(whole)
    take_esms(Plan(pooled), [folders[1]])
    assert [one.name for one in Imports(pooled).refused()] == ["narrow"]


def test_a_name_stands_for_one_thing(team: Team, pooled: Workspace, esm: Esm) -> None:
    first, second = str(esm("a", 1)), str(esm("deep/a", 2))
    take_esms(Plan(pooled), [first])
    _, failed = take_esms(Plan(pooled), [second])
    assert isinstance(failed[second], NamingError)
    assert Imports(pooled).current()["a"].task_id == "org/data-1"
    ((one,), _) = take_esms(Plan(pooled), [second], ImportOptions(replace=True))
    assert (one.status, Imports(pooled).current()["a"].task_id) == ("updated", "org/data-2")
    _, failed = take_esms(Plan(pooled), [first], ImportOptions(name="s1"))
    assert "source" in failed[first].what
    with pytest.raises(NamingError, match="imported ESM"):
        add(pooled, Kind.SOURCE, write_rows(team.files / "more.csv", 50), name="a", replace=True)
    with pytest.raises(NamingError):
        take_esms(Plan(pooled), [first, second], ImportOptions(name="one"))
    with pytest.raises(NamingError):
        take_esms(Plan(pooled), [first], ImportOptions(name="../evil"))


def test_what_is_no_reference(pooled: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    for reference in (str(file), "./nowhere", "", "a b", "https://example.org/x"):
        _, failed = take_esms(Plan(pooled), [reference])
        assert isinstance(failed[reference], UnknownReferenceError), reference
    assert Imports(pooled).ledger.read() == []


def test_the_command(pooled: Workspace, esm: Esm, cli: Cli) -> None:
    good, broken = esm("good", 1), esm("broken", 2, esm_architecture="[/red]mlp")
    said = cli("esm", "import", good, "--json", "-w", pooled.root)
    assert said.code == 0
    assert said.json["imported"][0] | {"reference": "", "base_model": ""} == {
        "name": "good",
        "reference": "",
        "revision": None,
        "status": "new",
        "base_model": "",
        "pooling": None,
        "task_id": "org/data-1",
        "task_subset": None,
        "width": 32,
        "rank": 32,
        "not_ranked": None,
    }
    assert cli("esm", "import", broken, "-w", pooled.root).is_clear_error("[/red]mlp", "left out")
    both = cli("esm", "import", good, broken, "-w", pooled.root)
    assert both.code == 1
    assert "Left out" in both.out
    assert "no leak check is possible" in both.out
    assert "good" in cli("list", "sources", "-w", pooled.root).out
    assert "[/red]mlp" in cli("list", "quarantine", "-w", pooled.root).out
    assert cli("esm", "import", "a/b", "c/d", "--tag", "-w", pooled.root).is_clear_error("--tag")
    assert cli("status", "--json", "-w", pooled.root).json["sources"]["ready"] == 1
