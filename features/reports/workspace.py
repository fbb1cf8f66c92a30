"""The report of a whole workspace."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.drift import kept_drifts, sentences_of
from features.rankings.history import RankingLedger, order_of
from features.rankings.ranking import read_ranking
from features.registry.entries import Kind
from features.reports.leading import History, history_of
from features.reports.overview import Overview, overview_of
from features.reports.pages import grouped
from features.reports.positions import pool_maps
from features.reports.profiles import source_profiles
from features.reports.records import (
    other_scorers,
    quarantine_records,
    shown_rankings,
    source_records,
    target_records,
)
from features.reports.remembered import Remembered
from features.reports.site import Contents, write_report
from features.reports.writing import MANIFEST, Written
from models.errors import ArtefactError, SettingsError

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["overview_of_workspace", "report_workspace"]


def report_workspace(plan: Plan, out: Path | None = None) -> Written:
    """Write the workspace's pages, below ``reports/site`` or into a folder of its own.

    Only what is new is written. Two reports at once take turns.

    Raises
    ------
    ArtefactError
        A ranking's file is missing or broken; the pages stay as they were.
    BusyError
        Another run has been writing pages for longer than we were told to wait.
    SettingsError
        ``out`` is a folder with other things in it, or no folder.
    """
    if out is not None:
        _refuse_others_folder(out)
    with plan.workspace.lock("report"):
        remembered = _remembered(plan)
        written = write_report(
            out or plan.workspace.reports / "site", _contents(plan, remembered), remembered=remembered
        )
        remembered.save()
    return written


def overview_of_workspace(plan: Plan) -> Overview:
    """All targets at a glance, without writing anything."""
    contents = _summary(plan)
    return overview_of(
        grouped(contents.rankings),
        contents.targets,
        contents.previous,
        _remembered(plan),
        sources=len(contents.sources),
        quarantined=len(contents.quarantine),
    )


def _remembered(plan: Plan) -> Remembered:
    return Remembered(plan.workspace.private / "report.json")


def _summary(plan: Plan) -> Contents:
    """What the first page shows."""

    def previous(ranking: Mapping[str, Any]) -> Mapping[str, Any] | None:
        before = ranking.get("previous_ranking_id")
        # Where the one before is lost, the present one is shown all the same.
        with suppress(ArtefactError):
            return read_ranking(plan.workspace.folder("rankings"), before) if before else None
        return None

    sources = [
        {**record, "status": "ranked" if record["status"] == "ready" else record["status"]}
        for record in source_records(plan)
    ]
    return Contents(
        rankings=shown_rankings(plan),
        targets=target_records(plan),
        sources=sources,
        quarantine=quarantine_records(plan),
        previous=previous,
        workspace=plan.workspace,
    )


def _contents(plan: Plan, remembered: Remembered) -> Contents:
    docs = plan.workspace.data_docs
    return replace(
        _summary(plan),
        others=other_scorers(plan),
        histories=_histories(plan, remembered),
        drifts={name: sentences_of(found) for name, found in kept_drifts(plan).items()},
        profiles=source_profiles(plan, remembered),
        maps=pool_maps(plan, remembered),
        data_docs=docs,
        docs=_docs_pages(docs),
    )


def _histories(plan: Plan, remembered: Remembered) -> dict[str, History]:
    folder = plan.workspace.folder("rankings")

    def first_tier(ranking_id: str) -> list[str]:
        rows = read_ranking(folder, ranking_id)["ranking"]
        return [row["source"] for row in rows if row["tier"] == rows[0]["tier"]]

    def leading(ranking_id: str) -> list[str] | None:
        with suppress(ArtefactError):
            return remembered.get(f"leading {ranking_id}", lambda: first_tier(ranking_id))
        return None

    lines: dict[str, list[dict[str, Any]]] = {}
    scorer = plan.workspace.settings.ranking.scorer
    for line in RankingLedger(plan.workspace).lines(scorer=scorer, encoder=plan.encoder):
        lines.setdefault(line["target"], []).append({**line, "order_id": order_of(line)})
    found = {
        name: history_of(lines[name], leading) for name in plan.registry.current(Kind.TARGET) if name in lines
    }
    return {name: history for name, history in found.items() if history is not None}


def _docs_pages(site: Path) -> dict[tuple[str, str], Path]:
    """(role, name) -> the newest page of a dataset in the Data Docs; a folder that cannot be read has none."""
    found = {}
    for latest in site.glob("*/latest.json"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            seen = json.loads(latest.read_text(encoding="utf-8"))
            found[str(seen["role"]), str(seen["name"])] = site / seen["page"]
    return found


def _refuse_others_folder(out: Path) -> None:
    if out.is_dir() and (not any(out.iterdir()) or (out / MANIFEST).is_file()):
        return
    if out.exists():
        raise SettingsError(
            f"'{out}' is not empty and holds no report"
            if out.is_dir()
            else f"'{out}' is a file, and a site needs a folder",
            consequence="nothing was written",
            next_step="springboard report --out with a new or empty folder",
        )
