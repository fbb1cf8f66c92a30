"""LanceDB's tags that belong to releases: they follow from git's log, and are mended from it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from features.registry.ledger import parse_time
from features.releases.commits import STORE, Release, releases

if TYPE_CHECKING:
    from features.store import Store
    from features.workspace.layout import Workspace

__all__ = ["STORE", "tag_releases", "versions_in_words"]

_OURS = re.compile(r"release-[0-9a-f]{40,64}")
_SLACK = timedelta(seconds=2)
"""git keeps whole seconds, so that a table's version may seem younger than the release that was made of it."""


def versions_in_words(workspace: Workspace) -> str:
    """LanceDB's tables and their versions, ``"esm=4 ranking=2"``, as a release's message names them; or empty."""
    store = _store(workspace)
    return "" if store is None else " ".join(f"{name}={at}" for name, at in store.versions().items())


def tag_releases(workspace: Workspace) -> None:
    """Let the newest releases have their tags, and no older ones.

    ``store.release_tags`` of params.yaml says how many. A table whose version is gone, or was written after the
    release (the store was rebuilt since), gets none.

    Raises
    ------
    StoreError
        A table is broken.
    """
    store = _store(workspace)
    if store is None:
        return
    most = workspace.settings.store.release_tags
    wanted = {one.tag: one for one in (releases(workspace, most) if most else [])}
    held = {tag for tag in store.tags() if _OURS.fullmatch(tag)}
    for tag in sorted(held - set(wanted)):
        store.untag(tag)
    for tag, release in wanted.items():
        if tag not in held and (at := _still_there(store, release)):
            store.tag(tag, at)


def _still_there(store: Store, release: Release) -> dict[str, int]:
    made = parse_time(release.at) + _SLACK
    found = {}
    for table, version in release.store.items():
        written = store.written_at(table, version)
        if written is not None and written.astimezone() <= made:
            found[table] = version
    return found


def _store(workspace: Workspace) -> Store | None:
    # A workspace that has published nothing need not pay for opening LanceDB.
    uri = workspace.store_uri
    if "://" not in uri and not Path(uri).is_dir():
        return None
    from features.artefacts.plan import Plan
    from features.publishing import open_store

    return open_store(Plan(workspace))
