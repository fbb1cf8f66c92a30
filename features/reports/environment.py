"""The templates, the style sheet and the script of the site, and a stamp of all that shapes a page."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from features.artefacts.code import code_hash
from features.reports.slugs import source_slug

__all__ = ["ASSETS", "FORMAT", "asset", "key_of_page", "render", "stamp", "to_json"]

FORMAT = 2
"""Version of the JSON files that stand beside the pages."""

ASSETS = ("style.css", "site.js")
"""Files that pages load; a page names each with a hash of its content, so that no cache mixes old and new.

They have no ``integrity`` attribute: browsers block a script with one where the page is opened from disk.
"""

_TEMPLATES = Path(__file__).parent / "templates"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["source_slug"] = source_slug
    environment.globals["asset"] = {name: f"{name}?v={_digest(asset(name))}" for name in ASSETS}
    return environment


def asset(name: str) -> bytes:
    """The content of one of :data:`ASSETS`."""
    return (_TEMPLATES / name).read_bytes()


def render(template: str, **values: Any) -> bytes:
    """Fill a template; a name it uses and nobody gave is an error."""
    return _environment().get_template(template).render(**values).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def stamp() -> str:
    """A hash of the code and templates that make pages: another stamp, other pages."""
    return hashlib.sha256(f"{FORMAT} {code_hash('features')}".encode()).hexdigest()


def key_of_page(*parts: Any) -> str:
    """The key of a page that is made from these values and by this code."""
    text = json.dumps(parts, sort_keys=True, default=_as_text)
    return hashlib.sha256(f"{stamp()} {text}".encode("utf-8", "surrogatepass")).hexdigest()


def to_json(value: Mapping[str, Any]) -> bytes:
    """An object as the JSON beside a page: with its format, and null for NaN and infinity, which JSON has not."""
    whole = {"format": FORMAT, **value}
    try:
        text = json.dumps(whole, indent=2, allow_nan=False, default=_as_text)
    except ValueError:
        text = json.dumps(_finite(whole), indent=2, allow_nan=False, default=_as_text)
    return f"{text}\n".encode()


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
