"""The Data Docs: Great Expectations renders the results, a small site of our own holds the pages.

GX's own site writer puts the data's text into the page unescaped, loads style sheets and scripts from a
network, keeps every page for ever and rewrites all of them on each build. Here each dataset has a folder of
its own with its newest pages, written atomically, and one index; two processes may write at once.
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from features.gate.findings import Finding

__all__ = ["SITE", "write_page"]

SITE = "data_docs"
"""The site's folder below the ``docs`` folder given to the gate."""

_TEMPLATES = Path(__file__).parent / "templates"
_ROWS_SHOWN = 20
_CHARS_SHOWN = 300


def write_page(
    docs: Path,
    results: Sequence[Any],
    *,
    verdict: dict[str, Any],
    findings: Sequence[Finding],
    keep: int,
) -> Path:
    """Write one page of results, drop the dataset's oldest pages and renew the index.

    Parameters
    ----------
    docs
        Folder that holds the site.
    results
        Great Expectations' results; their long lists are cut to what the page shows.
    verdict
        ``name``, ``role``, ``task``, ``rows``, ``refused``, ``stopped``: for the index and the page's head.
    findings
        What the gate found, for the page's head.
    keep
        How many pages of this dataset stay.

    Returns
    -------
    Path
        The page.
    """
    site = docs / SITE
    folder = site / _folder_name(str(verdict["role"]), str(verdict["name"]))
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(site / ".lock"):
        now = datetime.now(UTC)  # taken under the lock: the newest name is the newest page
        page = folder / f"{now:%Y%m%dT%H%M%S%fZ}-{os.getpid()}.html"
        seen = {**verdict, "checked": f"{now:%Y-%m-%d %H:%M:%S} UTC", "page": f"{folder.name}/{page.name}"}
        _write(page, _render(results, seen, [finding.as_dict() for finding in findings]))
        _write(folder / "latest.json", json.dumps(seen, ensure_ascii=False, indent=1))
        for old in sorted(folder.glob("*.html"))[:-keep]:
            old.unlink(missing_ok=True)
        _write(site / "index.html", _index(site))
    return page


def _folder_name(role: str, name: str) -> str:
    """Return a folder name that is safe whatever the dataset's name, and different for different names."""
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:48]
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{role}-{readable}-{digest}" if readable else f"{role}-{digest}"


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8", errors="replace")
    temporary.replace(path)


def _index(site: Path) -> str:
    entries = []
    for latest in site.glob("*/latest.json"):
        try:
            entries.append(json.loads(latest.read_text(encoding="utf-8")))
        except ValueError:  # half a disk is no reason to lose the index of everything else
            continue
    entries.sort(key=lambda entry: (str(entry["role"]), str(entry["name"])))
    return str(_environment().get_template("index.html").render(entries=entries))


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)


def _render(results: Sequence[Any], verdict: dict[str, Any], findings: list[dict[str, Any]]) -> str:
    body = _render_results(results) if results else ""
    return str(_environment().get_template("page.html").render(verdict=verdict, findings=findings, body=body))


def _render_results(results: Sequence[Any]) -> str:
    """Let Great Expectations render its results, as a fragment without its page around it."""
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    for result in results:
        _shorten(result.result)
    met = sum(bool(result.success) for result in results)
    outcome = ExpectationSuiteValidationResult(
        success=met == len(results),
        results=list(results),
        suite_name="gate",
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": met,
            "unsuccessful_expectations": len(results) - met,
            "success_percent": 100 * met / len(results),
        },
        meta={},
    )
    document = ValidationResultsPageRenderer(run_info_at_end=True).render(outcome).to_json_dict()
    _escape_tables(document)
    return str(_results_template().render(document))


@lru_cache(maxsize=1)
def _results_template() -> Any:
    """Great Expectations' templates with ours before them; compiling them anew costs 0.2 s a page."""
    from great_expectations.render.view import DefaultJinjaPageView
    from jinja2 import ChoiceLoader, FileSystemLoader

    view = DefaultJinjaPageView()
    view.env.loader = ChoiceLoader([FileSystemLoader(_TEMPLATES / "great_expectations"), view.env.loader])
    return view.env.get_template("page.j2")


def _shorten(result: dict[str, Any]) -> None:
    """Cut a result to what a page shows; the refused rows themselves are in quarantine."""
    result.pop("unexpected_index_query", None)
    for key, value in result.items():
        shown = [_short_value(item) for item in value[:_ROWS_SHOWN]] if isinstance(value, list) else None
        result[key] = _short_value(value) if shown is None else shown


def _short_value(value: Any) -> Any:
    if isinstance(value, str):
        text = "".join(char if char.isprintable() else "·" for char in value[: _CHARS_SHOWN + 1])
        return text if len(text) <= _CHARS_SHOWN else f"{text[:_CHARS_SHOWN]}…"
    if isinstance(value, dict):
        return {key: _short_value(item) for key, item in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def _escape_tables(node: Any) -> None:
    """Escape bare strings in table cells, where GX puts the data's values as they are."""
    if isinstance(node, dict):
        if isinstance(node.get("table"), list):
            node["table"] = [[_escaped(cell) for cell in row] for row in node["table"]]
        for value in node.values():
            _escape_tables(value)
    elif isinstance(node, list):
        for value in node:
            _escape_tables(value)


def _escaped(cell: Any) -> Any:
    if isinstance(cell, str):
        return html.escape(cell)
    return [_escaped(item) for item in cell] if isinstance(cell, list) else cell
