"""What is wrong is found and named with the cure, once in the audit log; where nothing is, nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.workspaces import Team, change_params

from features.artefacts.plan import Plan
from features.audit import verify
from features.maintenance import Maintained, maintain
from features.maintenance.integrity import check, check_ledgers
from features.maintenance.run import FOUND, MENDED
from features.publishing import open_store
from features.record.git import head
from features.record.recorded import md5_of
from features.registry import Kind
from features.workspace import Workspace
from models.errors import BusyError


def _said(done: Maintained) -> dict[str, str]:
    """What is wrong -> what to type."""
    return {f"{one.where}: {one.what}": one.next_step for one in done.problems}


def _log(workspace: Workspace) -> list[str]:
    return [line["what"] for line in verify(workspace).entries]


def _cached(workspace: Workspace, path: Path) -> Path:
    md5 = md5_of(path)
    assert md5 is not None
    return workspace.root / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]


def test_where_nothing_is_wrong_nothing_is_changed(kept: Team) -> None:
    workspace, before = kept.workspace, head(kept.workspace.root)
    log = _log(workspace)
    said = maintain(workspace, dry_run=True)
    assert (said.is_whole, said.release, said.served.published if said.served else None) == (True, None, 0)
    done = maintain(workspace)
    assert (done.is_whole, done.release) == (True, None)
    assert done.served is not None
    assert set(done.served.tables.values()) == {"cleaned"}
    assert head(workspace.root) == before
    assert _log(workspace) == log
    rows = {view: open_store(Plan(workspace)).count(view) for view in ("esm", "ranking")}
    assert rows == {"esm": 3, "ranking": 1}


def test_what_a_killed_run_left_is_recorded_and_published(kept: Team) -> None:
    from features.record import mark_unrecorded

    workspace = kept.workspace
    store = open_store(Plan(workspace))
    table = store._tables.open("esm__32") if "esm__32" in store.versions() else store._tables.open("esm")
    table.delete("true")
    mark_unrecorded(workspace)
    said = maintain(workspace, dry_run=True)
    assert said.served is not None
    assert said.served.published == 3
    done = maintain(workspace)
    assert done.served is not None
    assert done.served.published == 3
    assert done.is_whole
    assert not (workspace.private / "unrecorded").exists()


def test_every_damage_is_named_with_its_cure(kept: Team) -> None:
    workspace, plan = kept.workspace, Plan(kept.workspace)
    source = plan.registry.get(Kind.SOURCE, "s1")
    keys = plan.source_keys(source)
    moments, esm, rows = (
        plan.path("moments", keys.moments),
        plan.path("esms", keys.esm),
        plan.path("datasets", source.version),
    )
    (ranking,) = workspace.folder("rankings").glob("*.json")
    content = moments.read_bytes()
    _cached(workspace, rows).unlink()
    rows.unlink()
    moments.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    esm.rename(esm.with_name("renamed.safetensors"))
    ranking.write_text(
        ranking.read_text(encoding="utf-8").replace('"rank": 1', '"rank": 2'), encoding="utf-8"
    )
    store = open_store(plan)
    (name,) = (table for table in store.versions() if table.startswith("centroid"))
    store._tables.open(name).add(store._tables.open(name).to_arrow())

    cached = "springboard maintain puts back what DVC's cache holds"
    lost = {
        f"data/datasets: 1 file is missing, and not in DVC's cache: {rows.name}": "springboard pull --remote NAME from "
        "where it is; or springboard make datasets makes it anew",
        f"data/datasets: 1 file is missing, which source 's1' needs: {rows.name}": "springboard pull, or springboard "
        "source add with its reference again",
        "data/esms: 1 file is of another key than the name says: renamed.safetensors": "delete it, and springboard "
        "ingest makes what belongs there",
        f"LanceDB: {name.partition('__')[0]} holds 8 rows for 4 keys": "springboard rebuild",
    }
    assert _said(maintain(workspace, dry_run=True)) == lost | {
        f"data/moments: 1 file is not as it was recorded: {moments.name}": cached,
        f"data/esms: 1 file is missing: {esm.name}": cached,
        f"data/rankings: 1 file is not as it was recorded: {ranking.name}": cached,
    }
    done = maintain(workspace)
    assert done.mended == {"esms": 1, "moments": 1, "rankings": 1}
    assert moments.read_bytes() == content
    assert esm.exists()
    said = _said(done)
    assert lost.items() <= said.items()
    assert len(said) == len(lost) + 3, "what was put back is said once"
    # What is lost is not in the newest release any more; that it is needed stays true.
    still = {what: cure for what, cure in lost.items() if "not in DVC's cache" not in what}
    assert _said(maintain(workspace)) == still
    assert _log(workspace).count(FOUND) == 2
    assert _said(maintain(workspace)) == still
    assert _log(workspace).count(FOUND) == 2, "what was said already was said again"


def test_a_broken_ledger_is_a_problem_and_a_mended_one_is_told(kept: Team) -> None:
    workspace = kept.workspace
    ledger = workspace.ledgers / "failures.jsonl"
    ledger.write_text("no record\n", encoding="utf-8")
    (said,) = check_ledgers(Plan(workspace))
    assert "line 1 of" in said.what
    assert "git log -p" in said.next_step
    assert [one.what for one in maintain(workspace).problems] == [said.what]
    ledger.write_text("", encoding="utf-8")
    assert maintain(workspace).is_whole
    assert [what for what in _log(workspace) if what in (FOUND, MENDED)] == [FOUND, MENDED]
    # A log that was tampered with is found too, and said in the audit's own words.
    log = workspace.ledgers / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b"source registered", b"source unregistered", 1))
    assert any(
        "of the audit log" in one.what and one.next_step == "springboard audit"
        for one in check(Plan(workspace))
    )


def test_two_at_once_wait_for_each_other(kept: Team) -> None:
    workspace = change_params(kept.workspace, run={"lock_timeout_seconds": 0.1})
    with workspace.lock("maintain"), pytest.raises(BusyError, match="maintain"):
        maintain(workspace)
    with workspace.lock("maintain"):
        assert maintain(workspace, dry_run=True).is_whole
    # A part that another run keeps from going on is a problem of that part, and keeps back no other.
    with workspace.lock("registry"):
        done = maintain(workspace)
    assert done.collected is None
    assert done.served is not None
    assert ["registry" in one.what for one in done.problems] == [True]


def test_the_command(kept: Team, cli: Callable[..., Any]) -> None:
    said = cli("maintain", "--dry-run", "-w", kept.workspace.root)
    assert (said.code, "Nothing is changed" in said.out) == (0, True)
    esm = next(kept.workspace.folder("esms").glob("*.safetensors"))
    esm.unlink()
    said = cli("maintain", "--dry-run", "-w", kept.workspace.root)
    assert (said.code, "next: springboard maintain puts back" in said.out) == (1, True)
    said = cli("maintain", "--json", "-w", kept.workspace.root)
    assert said.code == 1
    assert (said.json["whole"], said.json["mended"], esm.exists()) == (False, {"esms": 1}, True)
    assert cli("maintain", "-w", kept.workspace.root).code == 0
