"""The integrity check: every file is there and holds what was recorded, every ledger reads, and LanceDB agrees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from features.artefacts.files import MADE_ANEW, read_arrays, read_arrays_card, read_table, read_table_card
from features.audit import verify
from features.maintenance.mending import Difference, differences
from features.maintenance.problems import Problem, grouped, of_error
from features.maintenance.serving import check_store
from features.rankings.history import RankingLedger
from features.rankings.pins import pins_in_force
from features.rankings.ranking import read_ranking
from features.record.recorded import recorded_files
from features.registry.entries import Kind
from features.registry.ledger import Ledger
from features.workspace.layout import ARTEFACT_FOLDERS
from models.errors import ArtefactError, SpringboardError

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.record.recorded import Recorded
    from features.workspace.layout import Workspace

__all__ = ["check"]

_PULL = "springboard pull"
_NAMED_BY_KEY = frozenset(ARTEFACT_FOLDERS) - {"pools", "quarantine", "rankings"}
"""Folders whose files' cards name the file."""

_Trouble = tuple[str, str, str, str]


def check(plan: Plan, known: Sequence[Difference] | None = None) -> list[Problem]:
    """Look at everything, and say what is wrong; nothing is changed.

    What another run is making in this moment is not held against anybody.

    Parameters
    ----------
    plan
        The workspace.
    known
        The recorded files that are not as they should be, where somebody has just looked; else all of them are read.
    """
    checks: list[tuple[str, Callable[[Plan], list[Problem]]]] = [
        ("ledgers", check_ledgers),
        ("data/", lambda plan: check_files(plan, known)),
        ("data/", check_references),
        ("LanceDB", check_store),
    ]
    found: list[Problem] = []
    for where, one in checks:
        try:
            found += one(plan)
        except SpringboardError as problem:
            found.append(of_error(where, problem))
    # A broken ledger is said once, and not by every check that needs it.
    by_what = {one.what: one for one in reversed(found)}
    return [one for one in found if by_what[one.what] is one]


def check_ledgers(plan: Plan) -> list[Problem]:
    """Every line of every ledger is a record, and the audit log's chain holds."""
    found = []
    for path in sorted(plan.workspace.ledgers.glob("*.jsonl")):
        try:
            Ledger(path).read()
        except ArtefactError as problem:
            found.append(of_error("ledgers", problem))
    for one in verify(plan.workspace).problems:
        line = "the audit log" if one.line is None else f"line {one.line:,} of the audit log"
        found.append(Problem("ledgers", f"{line}: {one.what}", "springboard audit"))
    return found


def check_files(plan: Plan, known: Sequence[Difference] | None = None) -> list[Problem]:
    """Every recorded file is there with the recorded content, and every file is what its name says."""
    workspace = plan.workspace
    recorded, lists = recorded_files(workspace)
    different = differences(workspace, recorded) if known is None else known
    troubles = [*map(_different, different), *_unrecorded(workspace, recorded)]
    named_above = {one.path for one in different}
    for name in recorded:
        path = workspace.root / name
        if path not in named_above and path.exists():
            troubles += _named_otherwise(path)
    lost = "DVC's cache lacks the list of its recorded files"
    return [*(Problem(folder, lost, _PULL) for folder in lists), *grouped(troubles)]


def _different(one: Difference) -> _Trouble:
    folder = one.path.parent.name
    trouble = "missing" if one.is_missing else "not as it was recorded"
    if one.in_cache:
        cure = "springboard maintain puts back what DVC's cache holds"
        return f"data/{folder}", trouble, cure, one.path.name
    made = MADE_ANEW.get(folder, "springboard refresh --force")
    anew = f"{made} makes it anew" if one.is_missing else f"delete it, and {made} makes it anew"
    cure = f"{_PULL} --remote NAME from where it is; or {anew}"
    return f"data/{folder}", f"{trouble}, and not in DVC's cache", cure, one.path.name


def _unrecorded(workspace: Workspace, recorded: dict[str, Recorded]) -> Iterator[_Trouble]:
    """Files that the next record will take: there is no hash of them yet, so they are read."""
    for kind in ARTEFACT_FOLDERS:
        for path in sorted(workspace.folder(kind).glob("[!.]*")):
            if f"data/{kind}/{path.name}" in recorded:
                continue
            try:
                _read(path)
            except ArtefactError:
                if path.exists():
                    made = MADE_ANEW.get(kind, "springboard refresh --force")
                    yield f"data/{kind}", "unreadable", f"delete it, and {made} makes it anew", path.name
                continue
            yield from _named_otherwise(path)


def _read(path: Path) -> None:
    if path.suffix == ".json":
        read_ranking(path.parent, path.stem)
    elif path.suffix == ".parquet":
        read_table(path)
    elif path.suffix == ".safetensors":
        read_arrays(path)


def _named_otherwise(path: Path) -> Iterator[_Trouble]:
    folder = path.parent.name
    try:
        if path.suffix == ".json":
            read_ranking(path.parent, path.stem)
        elif folder in _NAMED_BY_KEY:
            read = read_table_card if path.suffix == ".parquet" else read_arrays_card
            if read(path).key != path.stem:
                made = MADE_ANEW.get(folder, "springboard ingest")
                remedy = f"delete it, and {made} makes what belongs there"
                yield f"data/{folder}", "of another key than the name says", remedy, path.name
    except ArtefactError as problem:
        yield f"data/{folder}", "without a card that can be read", problem.next_step, path.name


def check_references(plan: Plan) -> list[Problem]:
    """What the registry, pins and the newest rankings name is there."""
    troubles: list[_Trouble] = []
    for kind in Kind:
        for entry in plan.registry.current(kind).values():
            again = f"{_PULL}, or springboard {kind.value} add with its reference again"
            for folder, key in (("datasets", entry.version), ("sketches", entry.sketch)):
                if not plan.path(folder, key).exists():
                    what = f"missing, which {kind.value} '{entry.name}' needs"
                    troubles.append((f"data/{folder}", what, again, plan.path(folder, key).name))
    for one in plan.registry.pooled().values():
        for folder, key in (("pools", one.file), ("esms", one.esm), ("sketches", one.sketch)):
            if not plan.path(folder, key).exists():
                what = f"missing, of the pool '{one.pool}'"
                again = f"springboard pool add {one.pool}"
                troubles.append((f"data/{folder}", what, again, plan.path(folder, key).name))
    return grouped([*troubles, *_rankings(plan)])


def _rankings(plan: Plan) -> Iterator[_Trouble]:
    ledger = RankingLedger(plan.workspace)
    newest = {(line["target"], line["scorer"]): line for line in ledger.lines(encoder=plan.encoder)}
    for (target, scorer), line in newest.items():
        if not ledger.has_file(line):
            again = f"{_PULL}, or springboard refresh {target} --scorer {scorer}"
            what = f"missing, the newest of '{target}' by {scorer}"
            yield "data/rankings", what, again, f"{line['ranking_id']}.json"
    for pin in pins_in_force(plan.workspace).values():
        for pinned in pin.rankings:
            if not ledger.has_file(dict(pinned)):
                what = f"missing, which '{pin.target}' is pinned to"
                yield (
                    "data/rankings",
                    what,
                    f"springboard restore {pin.release[:12]}",
                    f"{pinned['ranking_id']}.json",
                )
