"""The stages of dvc.yaml as plain functions: each makes what its folder lacks, one source after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from features.artefacts.embeddings import make_embedding
from features.artefacts.esms import make_esm
from features.artefacts.failures import clear_reason, note_failure, why
from features.artefacts.files import remove_leftovers
from features.artefacts.moments import make_moments
from features.intake import restore_datasets
from features.pools import restore_pools
from features.rankings import refresh_target, stale_targets
from features.registry.entries import Entry, Kind
from features.workspace.layout import ARTEFACT_FOLDERS
from models.errors import SpringboardError

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["make_stage"]


def make_stage(plan: Plan, stage: str) -> dict[str, str]:
    """Make what a stage of dvc.yaml lacks.

    Parameters
    ----------
    plan
        Keys and paths under the settings in force.
    stage
        ``datasets``, ``embeddings``, ``moments``, ``esms`` or ``rankings``.

    Returns
    -------
    dict
        Name -> reason of what could not be made; the rest was made all the same.
    """
    plan.workspace.make_folders()
    if stage == "datasets":
        for kind in ARTEFACT_FOLDERS:
            remove_leftovers(plan.workspace.folder(kind))
        return restore_datasets(plan.workspace) | restore_pools(plan)
    if stage == "rankings":
        return _each(
            [plan.registry.get(Kind.TARGET, name) for name in stale_targets(plan)],
            lambda target: refresh_target(plan, target),
        )
    if stage == "embeddings":
        targets = list(plan.registry.current(Kind.TARGET).values())
        return _each([*plan.pool(), *targets], lambda entry: make_embedding(plan, entry))
    step: Callable[[Entry], object] = {
        "moments": lambda source: make_moments(plan, source),
        "esms": lambda source: make_esm(plan, source),
    }[stage]
    failed = _each(plan.pool(), step)
    for source in plan.pool():
        if source.name in failed:
            note_failure(plan.workspace, source.name, failed[source.name])
        elif plan.is_ready(source):
            clear_reason(plan.workspace, source.name)
    return failed


def _each(entries: list[Entry], step: Callable[[Entry], object]) -> dict[str, str]:
    failed = {}
    for entry in entries:
        try:
            step(entry)
        except SpringboardError as problem:
            failed[entry.name] = why(problem)
    return failed
