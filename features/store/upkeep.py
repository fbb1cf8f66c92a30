"""Tags that belong to a release, and compaction that respects them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from features.store.checks import quoted
from features.store.publish import renew_index
from features.store.views import VIEWS
from models.errors import NamingError, StoreError

if TYPE_CHECKING:
    from features.store.tables import Tables

__all__ = ["add_tag", "all_tags", "compact", "most_fragments", "ours", "remove_tag", "versions", "written_at"]


def ours(tables: Tables) -> list[str]:
    """Tables of the store that belong to a view; what else lies in the database is not touched."""
    return sorted(name for view in VIEWS.values() for name in tables.of_view(view))


def all_tags(tables: Tables) -> dict[str, dict[str, int]]:
    """Tag -> table -> Lance version."""
    found: dict[str, dict[str, int]] = {}
    for name in ours(tables):
        for tag, version in _tags(tables, name).items():
            found.setdefault(tag, {})[name] = version
    return dict(sorted(found.items()))


def versions(tables: Tables) -> dict[str, int]:
    """Table -> the version it is at."""
    return {name: int(tables.open(name).version) for name in ours(tables)}


def written_at(tables: Tables, name: str, version: int) -> datetime | None:
    """When a version of a table was written, as naive local time (LanceDB's); None where it is gone."""
    if name not in ours(tables):
        return None
    table = tables.open(name)
    with tables.guard(f"the versions of the table {quoted(name)}"):
        found = [entry["timestamp"] for entry in table.list_versions() if entry["version"] == version]
    return found[0] if found else None


def add_tag(tables: Tables, tag: str, at: Mapping[str, int] | None = None) -> None:
    """Tag tables; on a failure none is tagged.

    Parameters
    ----------
    tables
        The store.
    tag
        The tag's name.
    at
        Table -> version; all tables at their latest versions when not given.

    Raises
    ------
    NamingError
        A tag that LanceDB cannot take, or that exists already.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", tag):
        raise NamingError(
            f"A tag cannot be named {quoted(tag)}",
            consequence="nothing was tagged",
            next_step="use letters, digits, '.', '-' and '_', at most 100",
        )
    if tag in all_tags(tables):
        raise NamingError(
            f"There is a tag {quoted(tag)} already",
            consequence="nothing was tagged, and that tag stands as it was",
            next_step="choose another name, or untag that one first",
        )
    done: list[str] = []
    try:
        for name, version in (versions(tables) if at is None else at).items():
            table = tables.open(name)
            with tables.guard(f"the tags of the table {quoted(name)}"):
                table.tags.create(tag, version)
            done.append(name)
    except StoreError:
        for name in done:
            tables.open(name).tags.delete(tag)
        raise


def remove_tag(tables: Tables, tag: str) -> None:
    """Take a tag off every table that has it.

    Raises
    ------
    NamingError
        No table has it.
    """
    held = all_tags(tables)
    if tag not in held:
        raise NamingError(
            f"There is no tag {quoted(tag)}",
            consequence="nothing was changed",
            next_step=f"the tags are {', '.join(held) or 'none'}",
        )
    for name in held[tag]:
        table = tables.open(name)
        with tables.guard(f"the tags of the table {quoted(name)}"):
            table.tags.delete(tag)


def most_fragments(tables: Tables) -> int:
    """Files of the table that has the most."""
    most = 0
    for name in ours(tables):
        table = tables.open(name)
        with tables.guard(f"the table {quoted(name)}"):
            most = max(most, int(table.stats()["fragment_stats"]["num_fragments"]))
    return most


def compact(tables: Tables, older_than: timedelta) -> dict[str, str]:
    """Merge small files, renew indexes, and drop versions older than ``older_than``, but none with a tag.

    Returns
    -------
    dict
        Table -> ``cleaned``, or ``kept for tag <name>`` where a tag held back the cleaning.
    """
    return {name: _compact(tables, name, older_than) for name in ours(tables)}


def _compact(tables: Tables, name: str, older_than: timedelta) -> str:
    table = tables.open(name)
    renew_index(tables, name, table)
    with tables.guard(f"the table {quoted(name)}"):
        oldest = _oldest_tagged(tables, name, table)
        window = older_than
        if oldest is not None:
            # Lance cleans nothing at all, and raises, when a tagged version falls in the range.
            window = max(older_than, datetime.now() - oldest[0] + timedelta(minutes=1))
        table.optimize(cleanup_older_than=window)
    return "cleaned" if window == older_than or oldest is None else f"kept for tag {oldest[1]}"


def _tags(tables: Tables, name: str) -> dict[str, int]:
    table = tables.open(name)
    with tables.guard(f"the tags of the table {quoted(name)}"):
        return {tag: int(entry["version"]) for tag, entry in table.tags.list().items()}


def _oldest_tagged(tables: Tables, name: str, table: Any) -> tuple[datetime, str] | None:
    by_version = {version: tag for tag, version in _tags(tables, name).items()}
    if not by_version:
        return None
    times = [
        (entry["timestamp"], by_version[entry["version"]])
        for entry in table.list_versions()
        if entry["version"] in by_version
    ]
    return min(times, default=None)
