"""The report: a small static site that needs no script, no network and no server."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from features.reports.atomic import write_pages
from features.reports.pages import TargetPage, as_of_page, quarantine_of, sources_of, stale_of, target_pages

__all__ = ["FORMAT", "write_report"]

FORMAT = 1
"""Version of the JSON files that stand beside the pages."""

_TEMPLATES = Path(__file__).parent / "templates"


def write_report(
    out: Path,
    rankings: Sequence[Mapping[str, Any]],
    *,
    sources: Sequence[Mapping[str, Any]] = (),
    quarantine: Sequence[Mapping[str, Any]] = (),
    stale: Sequence[Mapping[str, Any]] = (),
    others: Mapping[str, Sequence[str]] | None = None,
    data_docs: Path | None = None,
    now: datetime | None = None,
) -> Path:
    """Write the site: ``index.html``, a page per target, a style sheet, and JSON beside each page.

    Parameters
    ----------
    out
        Folder of the site; made if missing. Pages of targets that are no longer there are removed.
    rankings
        Objects that ``springboard rank --json`` prints. A target may come more than once, with other encoders
        or scorers: its page then shows each; of two with the same encoder and scorer the newest is shown.
    sources
        Records with ``name``, ``task``, ``rows``, ``licence``, ``status`` (ranked, pending or refused) and
        ``reason``; what is missing is shown as a dash.
    quarantine
        Records with ``name``, ``role``, ``what``, ``rule``, ``reason``, ``rows``, ``created_at``.
    stale
        Records with ``name`` and ``reason`` of the targets whose ranking is not of the present state, or that were
        never ranked.
    others
        Target -> scorers by which there are stored rankings beside those shown.
    data_docs
        Folder (or first page) of Great Expectations' Data Docs, linked to where it exists.
    now
        The moment the pages say they were written; None is this moment.

    Returns
    -------
    Path
        ``out / "index.html"``.

    Raises
    ------
    ArtefactError
        A ranking cannot be shown; nothing was written then.
    """
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    targets = target_pages(rankings, moment, others)
    shared = {"written": moment, "data_docs": _link_to(data_docs, out)}
    environment = _environment()
    pages = {"style.css": (_TEMPLATES / "style.css").read_bytes()}
    for page in targets:
        html = environment.get_template("target.html").render(page=page, root="../", **shared)
        pages[f"targets/{page.slug}.html"] = html.encode()
        pages[f"targets/{page.slug}.json"] = _json(
            {"target": str(page.raw[0]["target"]), "rankings": page.raw}
        )
    html = environment.get_template("index.html").render(
        targets=targets,
        stale=stale_of(stale),
        sources=sources_of(sources),
        quarantine=quarantine_of(quarantine),
        root="",
        **shared,
    )
    pages["index.html"] = html.encode()
    pages["index.json"] = _json(
        {
            "written_at": moment,
            "targets": [_entry(page) for page in targets],
            "sources": list(sources),
            "quarantine": list(quarantine),
            "stale": list(stale),
        }
    )
    write_pages(out, pages, last="index.html", swept="targets")
    return out / "index.html"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["as_of_page"] = as_of_page
    return environment


def _entry(page: TargetPage) -> dict[str, Any]:
    newest = page.raw[0]
    return {
        "target": newest["target"],
        "page": f"targets/{page.slug}.html",
        "ranking_id": newest["ranking_id"],
        "created_at": newest["created_at"],
        "first_tier": [
            row["source"] for row in newest["ranking"] if row["tier"] == page.view.tiers[0].number
        ],
    }


def _link_to(data_docs: Path | None, out: Path) -> str:
    """Return the link from the site's first page to Data Docs; empty where there are none to link to."""
    if data_docs is None:
        return ""
    page = data_docs / "index.html" if data_docs.is_dir() else data_docs
    if not page.is_file():
        return ""
    try:
        return quote(Path(os.path.relpath(page.resolve(), out.resolve())).as_posix())
    except ValueError:  # another drive, on Windows
        return page.resolve().as_uri()


def _json(value: Mapping[str, Any]) -> bytes:
    text = json.dumps(_finite({"format": FORMAT, **value}), indent=2, allow_nan=False, default=_as_text)
    return f"{text}\n".encode()


def _finite(value: Any) -> Any:
    """Replace NaN and infinity, which JSON has not, by null."""
    if isinstance(value, Mapping):
        return {str(key): _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
