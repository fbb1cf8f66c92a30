"""The report: a small static site that needs no network and no server; every page is whole without a script."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from features.reports import tables
from features.reports.cells import quarantine_of, sources_of
from features.reports.environment import ASSETS, FORMAT, asset, key_of_page, render, to_json
from features.reports.leading import History
from features.reports.overview import Overview, overview_of
from features.reports.pages import Group, Previous, grouped, target_page
from features.reports.positions import PoolMap
from features.reports.remembered import Remembered
from features.reports.scatter import scatter_of
from features.reports.schemas import HISTORY, MAP, PLACES, QUARANTINE, SOURCES
from features.reports.sources import Standing, source_page, standings_of
from features.reports.writing import Page, Written, write_pages
from features.wording import plain
from features.workspace import Workspace

__all__ = ["FORMAT", "Contents", "write_report"]

_Json = Mapping[str, Any]


def _nothing_before(_: _Json) -> _Json | None:
    return None


@dataclass(frozen=True)
class Contents:
    """What a site shows.

    Attributes
    ----------
    rankings
        Objects that ``springboard rank --json`` prints. A target may come more than once, with other encoders
        or scorers: its page then shows each; of two with the same encoder and scorer the newest is shown.
    targets
        Records with ``name``, ``task``, ``rows``, ``status`` (fresh, stale, not scored), ``reason``, ``stale_since``.
    sources
        Records with ``name``, ``task``, ``rows``, ``licence``, ``status`` (ranked, pending, excluded, imported),
        ``reason``, and what else :func:`features.reports.sources.source_page` looks at; what is missing is a dash.
    quarantine
        Records with ``name``, ``role``, ``what``, ``rule``, ``reason``, ``rows``, ``created_at``.
    others
        Target -> scorers by which there are stored rankings beside those shown.
    previous
        Gives the different ranking before one.
    histories
        Target -> which sources led it over time.
    drifts
        Target -> what became of its rows, in sentences.
    profiles
        Source -> its profile, quality and map (:mod:`features.reports.profiles`).
    maps
        The pool in two dimensions.
    data_docs
        First page of Great Expectations' Data Docs, linked to where it exists.
    docs
        (role, name) -> the newest page of a dataset there.
    workspace
        Where the scores behind the rankings lie, for telling why a source moved.
    """

    rankings: Sequence[_Json] = ()
    targets: Sequence[_Json] = ()
    sources: Sequence[_Json] = ()
    quarantine: Sequence[_Json] = ()
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)
    previous: Previous = _nothing_before
    histories: Mapping[str, History] = field(default_factory=dict)
    drifts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    profiles: Mapping[str, _Json] = field(default_factory=dict)
    maps: Sequence[PoolMap] = ()
    data_docs: Path | None = None
    docs: Mapping[tuple[str, str], Path] = field(default_factory=dict)
    workspace: Workspace | None = None


def write_report(
    out: Path, contents: Contents, *, remembered: Remembered | None = None, now: datetime | None = None
) -> Written:
    """Write the site: an overview, a page per target and source, the pool's map, histories.

    JSON and Parquet stand beside each page.

    Only pages that show something new are made, and only files with other bytes are written: the moment of writing
    stands on the first page alone.

    Parameters
    ----------
    out
        Folder of the site; made if missing. Pages of targets and sources that are no longer there are removed.
    contents
        What to show.
    remembered
        Keeps from run to run what two rankings come to.
    now
        The moment the first page says it was written; None is this moment.

    Raises
    ------
    ArtefactError
        A ranking cannot be shown; nothing was written then.
    """
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    site = _Site(out, contents, grouped(contents.rankings), moment)
    overview = overview_of(
        site.groups,
        contents.targets,
        contents.previous,
        remembered or Remembered(),
        sources=len(site.sources),
        quarantined=len(contents.quarantine),
    )
    return write_pages(out, site.pages(overview), last="index", swept=("targets", "sources"))


class _Site:
    """The pages of one site, each with its key and how it is made."""

    def __init__(self, out: Path, contents: Contents, groups: list[Group], now: datetime) -> None:
        self.out, self.contents, self.groups, self.now = out, contents, groups, now
        self.standings = standings_of(groups)
        # A source that is ranked has a page, whether or not anybody gave a record of it.
        known = {plain(record.get("name") or ""): record for record in contents.sources}
        ranked = {name: {"name": name} for name in self.standings if name not in known}
        self.sources: dict[str, _Json] = {**known, **ranked}
        self.shared = {"data_docs": self._link(_first_page(contents.data_docs))}

    def pages(self, overview: Overview) -> Iterator[Page]:
        yield from (_asset(name) for name in ASSETS)
        yield from (self._target(group) for group in self.groups)
        yield from (self._source(name) for name in sorted(self.sources))
        yield self._list_of_sources()
        yield self._quarantine()
        yield self._map()
        yield self._history()
        yield self._index(overview)

    def _page(
        self, path: str, template: str, values: dict[str, Any], data: _Json, table: tables.Table
    ) -> Page:
        """A page that is made from plain values."""
        whole = {**values, "root": "../" * path.count("/"), "path": path, **self.shared}

        def make() -> dict[str, bytes]:
            return {
                "html": render(template, **whole),
                "json": to_json(data),
                "parquet": tables.parquet_of(*table),
            }

        return Page(path, key_of_page(whole, None if data == values else data), make)

    def _target(self, group: Group) -> Page:
        contents, path = self.contents, f"targets/{group.slug}"
        record = next((one for one in contents.targets if str(one["name"]) == group.name), {})
        kept = ("status", "reason", "stale_since", "reference", "added_at")
        about = {name: plain(record.get(name) or "") for name in kept}
        history = contents.histories.get(group.name)
        others = contents.others.get(group.name, ())
        docs = self._link(contents.docs.get(("target", group.name)))
        drift = [plain(sentence) for sentence in contents.drifts.get(group.name, ())]
        shared = {"root": "../", "path": path, "docs": docs, "drift": drift, **self.shared}

        def make() -> dict[str, bytes]:
            page = target_page(group, contents.previous, self.now, others, contents.workspace)
            changes = [
                None if section.changes is None else asdict(section.changes) for section in page.sections
            ]
            steps = [asdict(step) for step in history.steps] if history else []
            data = {
                "target": group.name,
                "rankings": group.rankings,
                "changes": changes,
                "history": steps,
                "drift": drift,
            }
            html = render("target.html", page=page, about=about, history=history, **shared)
            return {"html": html, "json": to_json(data), "parquet": tables.ranking_table(group)}

        key = key_of_page(group.rankings, about, history and asdict(history), list(others), shared)
        return Page(path, key, make)

    def _source(self, name: str) -> Page:
        contents, record = self.contents, self.sources[name]
        docs = self._link(contents.docs.get(("source", str(record.get("name")))))
        source = source_page(
            record,
            self.standings.get(name, Standing()),
            contents.profiles.get(name),
            docs,
        )
        table = ({"source": source["name"], **place} for place in source["places"]), PLACES
        return self._page(
            f"sources/{source['slug']}", "source.html", {"source": source}, {"source": source}, table
        )

    def _list_of_sources(self) -> Page:
        rows = sources_of(self.sources.values())
        for row in rows:
            standing = self.standings.get(row["name"], Standing())
            row["leads"], row["ranked"] = standing.leads, standing.ranked
        records = {"sources": list(self.sources.values())}
        return self._page("sources", "sources.html", {"sources": rows}, records, (rows, SOURCES))

    def _quarantine(self) -> Page:
        rows, records = quarantine_of(self.contents.quarantine), list(self.contents.quarantine)
        data = {"quarantine": records}
        return self._page("quarantine", "quarantine.html", {"quarantine": rows}, data, (rows, QUARANTINE))

    def _map(self) -> Page:
        drawings = [scatter_of(one, self.sources) for one in self.contents.maps if one.places]
        data = {"maps": [asdict(one) for one in self.contents.maps]}
        rows = [{"by": one.kind, **asdict(place)} for one in self.contents.maps for place in one.places]
        values = {"drawings": [asdict(drawing) for drawing in drawings], "rows": _neighbours(drawings)}
        return self._page("map", "map.html", values, data, (rows, MAP))

    def _history(self) -> Page:
        kept = [
            (group, history) for group in self.groups if (history := self.contents.histories.get(group.name))
        ]
        steps = [
            {"target": plain(group.name), **asdict(step)} for group, history in kept for step in history.steps
        ]
        targets = [
            {"name": plain(group.name), "slug": group.slug, "history": history} for group, history in kept
        ]
        return self._page("history", "history.html", {"targets": targets}, {"steps": steps}, (steps, HISTORY))

    def _index(self, overview: Overview) -> Page:
        data = {
            "written_at": self.now,
            "summary": overview.sentence,
            "targets": [
                {**asdict(row), "page": f"targets/{row.slug}.html" if row.has_page else None}
                for row in overview.targets
            ],
        }
        values = {"overview": overview, "written": self.now, "root": "", "path": "index", **self.shared}

        def make() -> dict[str, bytes]:
            html = render("index.html", **values)
            return {"html": html, "json": to_json(data), "parquet": tables.overview_table(overview)}

        return Page("index", key_of_page(data, self.shared), make)

    def _link(self, page: Path | None) -> str:
        """A link from the site's first page to a page elsewhere; empty where that is not there."""
        if page is None or not page.is_file():
            return ""
        try:
            return quote(Path(os.path.relpath(page.resolve(), self.out.resolve())).as_posix())
        except ValueError:  # another drive, on Windows
            return page.resolve().as_uri()


def _asset(name: str) -> Page:
    stem, _, ending = name.rpartition(".")
    return Page(stem, key_of_page(name), lambda: {ending: asset(name)})


def _first_page(data_docs: Path | None) -> Path | None:
    return data_docs / "index.html" if data_docs is not None and data_docs.is_dir() else data_docs


def _neighbours(drawings: Sequence[Any]) -> list[dict[str, Any]]:
    """A row per source with what is nearest to it in each drawing: the maps for those who do not see them."""
    rows: dict[str, dict[str, Any]] = {}
    for drawing in drawings:
        for dot in drawing.dots:
            row = rows.setdefault(
                dot.source,
                {"name": dot.source, "slug": dot.slug, "task": dot.task, "near": {"esm": [], "centroid": []}},
            )
            row["near"][drawing.kind] = list(drawing.nearest[dot.source])
    return sorted(rows.values(), key=lambda row: str(row["name"]).casefold())
