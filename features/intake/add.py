"""Adding a source or a target: what is refused is refused here, and what is accepted is stored whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from features.artefacts.cards import Card
from features.artefacts.files import read_arrays_card, write_arrays, write_table
from features.artefacts.keys import content_hash
from features.artefacts.plan import Plan
from features.audit import note
from features.exchange.imports import Imports
from features.gate import GateReport, run_gate
from features.gate.quarantine import refusal_record
from features.intake.options import AddOptions, read_options_from, read_options_to
from features.intake.profile import profile_of
from features.intake.tuned import checked_tuned_model, find_tuned_model
from features.overlap import make_sketch
from features.quarantine.decisions import Decisions, Lifted
from features.quarantine.keeping import keep_refused
from features.quarantine.refusals import note_refusal
from features.reading import ReadDataset, cap_rows, dataset_version, read_dataset
from features.record.recorder import mark_unrecorded
from features.registry.entries import Entry, Kind, Registry
from features.registry.names import check_name, slug_of
from features.registry.places import kept_reference, located
from models.errors import ArtefactError, GateError, NamingError, SettingsError, SpringboardError
from models.tasks import OnProgress, silent

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from features.workspace.layout import Workspace

__all__ = ["Added", "add_dataset", "restore_datasets"]

Status = Literal["new", "unchanged", "updated", "same rows"]


@dataclass(frozen=True)
class Added:
    """What became of an addition.

    ``status`` is "new", "unchanged" (the same rows under the same name: nothing was stored), "updated" (the
    name stands for new rows from now on) or "same rows" (another name has these rows: one more name for them,
    nothing stored twice); ``twin`` is that other name. ``pooled`` is the source of a ready-made pool that has these
    rows, and is ranked until this one is ingested.
    """

    entry: Entry
    status: Status
    report: GateReport
    dataset: ReadDataset
    twin: str | None = None
    pooled: str | None = None


@dataclass(frozen=True)
class _Cap:
    rows: int
    seed: int


@dataclass(frozen=True)
class _Accepted:
    rows: pl.DataFrame
    version: str
    profile: dict[str, Any]
    report: GateReport
    dataset: ReadDataset
    cap: _Cap
    quarantine: str | None


def add_dataset(
    workspace: Workspace,
    kind: Kind,
    reference: str,
    options: AddOptions | None = None,
    *,
    lifted: Lifted | None = None,
    accept: Callable[[ReadDataset], None] | None = None,
    on_progress: OnProgress = silent,
) -> Added:
    """Read, map, gate, cap and register a dataset as a source or as a target.

    ``lifted`` is a refusal that is lifted by this very addition, and noted with it. ``accept`` is shown what was read
    before anything is kept of it, and raises where it is not what was meant.

    Raises
    ------
    NamingError
        The name cannot be taken, or stands for another reference already.
    ReadError, MappingError
        The reference cannot be read or its columns cannot be told.
    GateError
        The gate refused the whole dataset; its rows and the reasons are in quarantine.
    """
    options = options or AddOptions()
    name = check_name(options.name) if options.name is not None else slug_of(reference)
    if options.tuned_model is not None and kind is Kind.TARGET:
        raise SettingsError(
            "--tuned-model belongs to a source",
            consequence="nothing was stored",
            next_step="springboard target add without it",
        )
    _ = workspace.settings  # A broken params.yaml is said before anything long is read.
    plan = Plan(workspace)
    before = plan.registry.current(kind).get(name)
    _refuse_imported_name(workspace, kind, name)
    if options.tuned_model is not None:
        find_tuned_model(options.tuned_model)
    dataset = read_dataset(reference, options.read, on_progress=on_progress)
    if accept is not None:
        accept(dataset)
    kept = kept_reference(workspace, reference, is_local=dataset.origin.get("kind") != "hub")
    _refuse_other_reference(before, kept, kind, name, options.replace)
    tuned = checked_tuned_model(plan, options.tuned_model)
    tuned_id = tuned.id if tuned else None
    caps = workspace.settings.caps
    cap = _Cap(options.cap or (caps.source_rows if kind is Kind.SOURCE else caps.target_rows), caps.seed)
    how = {
        "kept": kept,
        "options": read_options_to(options.read),
        "cap": options.cap,
        "licence": options.licence,
        "tuned_model": options.tuned_model,
        "replace": options.replace,
    }
    accepted = _gate(workspace, kind, name, reference, dataset, cap, lifted, how)
    refuse_pooled_name(plan, kind, name, accepted.version)
    entry = Entry(
        kind=kind,
        name=name,
        version=accepted.version,
        task=dataset.task,
        reference=kept,
        rows=len(accepted.rows),
        sketch=_store(plan, accepted),
        cap=cap.rows,
        cap_seed=cap.seed,
        options=read_options_to(options.read),
        tuned_model=tuned.reference if tuned else None,
        tuned_model_id=tuned_id,
        licence=_licence(dataset, options),
    )
    with workspace.lock("registry"):
        # Another process may have taken the name while this one was reading.
        plan = Plan(workspace)
        before = plan.registry.current(kind).get(name)
        _refuse_imported_name(workspace, kind, name)
        refuse_pooled_name(plan, kind, name, accepted.version)
        _refuse_other_reference(before, kept, kind, name, options.replace)
        if not _has_files(plan, entry):
            # An upkeep may have taken old files of the same rows away, which nobody needed until now.
            _store(plan, accepted)
        linked = Decisions(workspace).is_linked(kind.value, name, accepted.quarantine)
        if before is not None and _same(before, entry) and linked and lifted is None:
            return Added(before, "unchanged", accepted.report, dataset)
        twin = _twin(plan, kind, name, accepted.version, tuned_id)
        mark_unrecorded(workspace)
        more: dict[str, Any] = {"quarantine": accepted.quarantine}
        more |= {"released": lifted.to_record()} if lifted else {}
        entry = plan.registry.register(entry, **more)
        # The same rows are registered once more where others than before wait in quarantine beside them.
        same = before is not None and _same(before, entry) and lifted is None
        status: Status = (
            "unchanged" if same else "updated" if before is not None else "same rows" if twin else "new"
        )
        note_registered(workspace, plan.registry, entry, status, len(accepted.report.refused), **more)
    pooled = _pooled_twin(plan, entry) if twin is None else None
    return Added(entry, status, accepted.report, dataset, twin, pooled)


def note_registered(
    workspace: Workspace, registry: Registry, entry: Entry, status: str, refused_rows: int, **facts: Any
) -> None:
    """Note a registration in the audit log; ``facts`` is what else stands on the registry's line."""
    on = {"name": entry.name, "version": entry.version, "rows": entry.rows, "reference": entry.reference}
    record = {"at": entry.at, **entry.to_record(), **facts}
    more: dict[str, Any] = {"status": status, "refused_rows": refused_rows}
    released = facts.get("released")
    what = "released from quarantine" if released else f"{entry.kind.value} registered"
    if released:
        # Why and how many; which rows, the registry's line says.
        more |= {
            "reason": released["reason"],
            "by_rule": released["by_rule"],
            "whole": bool(released["whole"]),
        }
    note(workspace, what, on, ledger=registry.ledger, record=record, **more)


def _licence(dataset: ReadDataset, options: AddOptions) -> str | None:
    said = options.licence or dataset.origin.get("licence")
    return str(said) if said else None


def _same(a: Entry, b: Entry) -> bool:
    def facts(entry: Entry) -> tuple[str | None, ...]:
        return entry.version, entry.sketch, entry.tuned_model_id, entry.reference, entry.licence

    return facts(a) == facts(b)


def _refuse_other_reference(
    before: Entry | None, reference: str, kind: Kind, name: str, replace: bool
) -> None:
    if before is None or replace or before.reference == reference:
        return
    raise NamingError(
        f"the name '{name}' already stands for the {kind.value} read from '{before.reference}'",
        consequence="nothing was stored; that one stays as it is",
        next_step="give --name another one, or --replace to let the name stand for the new data",
    )


def _refuse_imported_name(workspace: Workspace, kind: Kind, name: str) -> None:
    # Rankings tell sources and imported ESMs apart by their names alone.
    if kind is Kind.SOURCE and name in Imports(workspace).current():
        raise NamingError(
            f"the name '{name}' already stands for an imported ESM",
            consequence="nothing was stored; that one stays as it is",
            next_step="give --name another one",
        )


def refuse_pooled_name(plan: Plan, kind: Kind, name: str, version: str) -> None:
    """Refuse a name that stands for other rows of a ready-made pool.

    Raises
    ------
    NamingError
        It does.
    """
    if kind is not Kind.SOURCE:
        return
    for one in plan.registry.pooled().values():
        # The same rows under the same name are the same source.
        if one.name == name and one.version != version:
            raise NamingError(
                f"the name '{name}' already stands for other rows, of the ready-made pool '{one.pool}'",
                consequence="nothing was registered; that one stays as it is",
                next_step="give --name another one",
            )


def _twin(plan: Plan, kind: Kind, name: str, version: str, tuned_id: str | None) -> str | None:
    for other in plan.registry.current(kind).values():
        if other.name != name and (other.version, other.tuned_model_id) == (version, tuned_id):
            return other.name
    return None


def _pooled_twin(plan: Plan, entry: Entry) -> str | None:
    if entry.kind is not Kind.SOURCE or entry.tuned_model_id is not None:
        return None
    same = (one.name for one in plan.registry.pooled().values() if one.version == entry.version)
    return next(same, None)


def _gate(
    workspace: Workspace,
    kind: Kind,
    name: str,
    reference: str,
    dataset: ReadDataset,
    cap: _Cap,
    lifted: Lifted | None = None,
    how: dict[str, Any] | None = None,
) -> _Accepted:
    settings = workspace.settings
    import polars as pl

    training = dataset.rows.filter(pl.col("split") == dataset.train_split)
    decisions = Decisions(workspace)
    report = run_gate(
        training,
        dataset.task,
        role=kind.value,
        name=name,
        settings=settings.gate,
        docs=workspace.reports,
        waiver=decisions.waiver(kind.value, name, lifted),
    )
    hint = content_hash(dataset.origin.get("resolved") or reference)
    if report.stopped:
        held = None
        # A release that turns out to be of other rows leaves quarantine as it was.
        if lifted is None:
            held = keep_refused(decisions, report, version_hint=hint)
            refusal = refusal_record(report, name=name, role=kind.value, reference=reference)
            note_refusal(workspace, {**refusal, **(how or {})}, held)
        waits = "its rows and the reasons wait in quarantine"
        raise GateError(
            f"{kind.value} '{name}' was refused by the quality gate: {'; '.join(report.reasons)}",
            consequence=f"it is not registered; {waits if held else 'its rows were dropped from quarantine before'}",
            next_step=f"springboard list quarantine; Data Docs: {report.docs_page or workspace.data_docs}",
        )
    rows = cap_rows(report.accepted, cap.rows, cap.seed)
    version = dataset_version(rows, dataset.task)
    # Before anything is written: rows that no card can be made of leave nothing behind.
    profile = profile_of(rows, dataset.task)
    held = keep_refused(decisions, report, version_hint=hint, version=version)
    return _Accepted(rows, version, profile, report, dataset, cap, held)


def _has_files(plan: Plan, entry: Entry) -> bool:
    return plan.path("datasets", entry.version).exists() and plan.path("sketches", entry.sketch).exists()


def _store(plan: Plan, accepted: _Accepted) -> str:
    """Write the dataset file and the sketch where they are missing; returns the sketch's key."""
    workspace, dataset = plan.workspace, accepted.dataset
    sketch = make_sketch(dataset.rows, dataset.task, workspace.settings.overlap)
    sketch_path = plan.path("sketches", sketch.key)
    dataset_path = plan.path("datasets", accepted.version)
    if not sketch_path.exists():
        mark_unrecorded(workspace)
        card = Card(
            "sketch", sketch.key, {"texts": len(sketch.exact)}, workspace.settings.overlap.model_dump()
        )
        write_arrays(sketch_path, sketch.to_arrays(), card)
    else:
        read_arrays_card(sketch_path)
    if not dataset_path.exists():
        mark_unrecorded(workspace)
        write_table(dataset_path, accepted.rows.drop("split"), _dataset_card(accepted))
    return sketch.key


def _dataset_card(accepted: _Accepted) -> Card:
    dataset = accepted.dataset
    return Card(
        "dataset",
        accepted.version,
        inputs={"origin": dataset.origin},
        settings={
            "task": dataset.task.value,
            "mapping": dataset.mapping.show(),
            "cap": accepted.cap.rows,
            "cap_seed": accepted.cap.seed,
        },
        facts={**accepted.profile, "gate": accepted.report.summary()},
    )


def restore_datasets(workspace: Workspace) -> dict[str, str]:
    """Make dataset files that the registry names and ``data/`` lacks, by reading their references again.

    This is the ``datasets`` stage of dvc.yaml; where DVC's cache or remote has the files, ``dvc checkout`` or
    ``dvc pull`` is the way, and this finds nothing missing.

    Returns
    -------
    dict
        Name -> why its files could not be made; those of all the others are there.
    """
    from features.quarantine.dropping import remove_dropped

    remove_dropped(workspace)
    plan = Plan(workspace)
    failed = {}
    for kind in Kind:
        for entry in plan.registry.current(kind).values():
            if _has_files(plan, entry):
                continue
            try:
                _restore(plan, entry)
            except SpringboardError as problem:
                failed[entry.name] = str(problem)
    return failed


def _restore(plan: Plan, entry: Entry) -> None:
    kind = entry.kind
    dataset = read_dataset(located(plan.workspace, entry.reference), read_options_from(entry.options))
    cap = _Cap(entry.cap, entry.cap_seed)
    accepted = _gate(plan.workspace, kind, entry.name, entry.reference, dataset, cap)
    if accepted.version != entry.version:
        raise ArtefactError(
            f"{kind.value} '{entry.name}': '{entry.reference}' no longer gives the rows that were registered",
            consequence="its files were not restored",
            next_step=f"dvc pull, or springboard {kind.value} add '{entry.reference}' "
            f"--name {entry.name} to register what is there now",
        )
    if _store(plan, accepted) != entry.sketch:
        raise ArtefactError(
            f"{kind.value} '{entry.name}': its leak-check sketch was made with other overlap settings",
            consequence="the registered sketch was not restored",
            next_step=f"dvc pull, or springboard {kind.value} add '{entry.reference}' --name {entry.name}",
        )
