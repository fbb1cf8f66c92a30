"""Putting a new store in the old one's place: a reader finds the one or the other, never half of each."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from features.store.tables import REBUILD
from features.store.upkeep import ours
from features.store.views import LAYOUT, VIEWS
from models.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from features.store.tables import Tables

__all__ = ["copy_over", "discard", "left_behind", "recover", "staging_uri", "swap_in"]

_STAGING = ".rebuilding"
_ASIDE = ".before-rebuild"


def staging_uri(tables: Tables) -> str:
    """Where the new store is built: beside the old one, so that a rename can put it in place."""
    place = str(tables.folder) if tables.folder is not None else tables.uri.rstrip("/")
    return place + _STAGING


def recover(folder: Path) -> None:
    """Bring the old store back where a rebuild was killed between its renames; the caller holds the lock."""
    aside = _beside(folder, _ASIDE)
    if not folder.exists() and aside.exists():
        aside.rename(folder)


def left_behind(folder: Path) -> list[Path]:
    """What a killed rebuild left beside a store that is whole; without one, :func:`recover` brings it back."""
    if not folder.is_dir():
        return []
    return [path for path in (_beside(folder, _STAGING), _beside(folder, _ASIDE)) if path.is_dir()]


def swap_in(folder: Path, new: Path) -> None:
    """Rename the old folder aside, the new one in, and delete the old one.

    Raises
    ------
    StoreError
        The new folder could not be put in place; the old one is back where it was.
    """
    aside = _beside(folder, _ASIDE)
    try:
        if folder.exists():
            if aside.exists():
                shutil.rmtree(aside)
            folder.rename(aside)
        new.rename(folder)
    except OSError as error:
        recover(folder)
        raise StoreError(
            f"The rebuilt store {new} could not be put in the place of {folder}: {error}",
            consequence="the old store stands as it was",
            next_step=REBUILD,
        ) from error
    shutil.rmtree(aside, ignore_errors=True)


def copy_over(old: Tables, new: Tables) -> None:
    """Write the new tables over the old ones, for object stores, which cannot rename.

    Each table changes in one commit; a failure in between leaves some tables old and some new, all whole.
    """
    names = ours(new)
    for name in names:
        table = new.open(name)
        view, _, width = name.partition("__")
        schema = VIEWS[view].schema(int(width) if width else None)
        with old.guard(f"the table {name} (layout {LAYOUT})"):
            batches = table.search().to_batches()
            old.db.create_table(name, data=batches, schema=schema, mode="overwrite")
    for name in set(ours(old)) - set(names):
        with old.guard(f"the table {name}"):
            old.db.drop_table(name)


def discard(tables: Tables) -> None:
    """Delete a staged store, also what a killed rebuild left of one."""
    if tables.folder is not None:
        shutil.rmtree(tables.folder, ignore_errors=True)
        return
    with tables.guard("what an earlier rebuild left"):
        tables.db.drop_all_tables()


def _beside(folder: Path, suffix: str) -> Path:
    return folder.with_name(folder.name + suffix)
