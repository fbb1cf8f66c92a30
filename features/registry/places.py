"""How a reference is kept: so that it means the same from any folder, and in a clone of the workspace."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["kept_reference", "located"]

_INSIDE = "./"


def kept_reference(workspace: Workspace, typed: str, *, is_local: bool) -> str:
    """What the registry keeps of a reference.

    Parameters
    ----------
    workspace
        Where it is registered.
    typed
        What was typed, from whatever folder.
    is_local
        Whether it is a file or folder of this machine; a hub id is kept as it is.

    Returns
    -------
    str
        ``./...`` for what lies inside the workspace, so that a clone finds its own; else an absolute path. Links
        are kept: the place that was named is the reference, not what it pointed to that day.
    """
    if not is_local:
        return typed
    path = Path(typed).expanduser()
    place = Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute() keeps "..", and resolve() follows links
    if not place.exists() or not place.samefile(path):
        place = path.resolve()  # ".." behind a link to a folder
    try:
        return _INSIDE + place.relative_to(workspace.root).as_posix()
    except ValueError:
        return str(place)


def located(workspace: Workspace, reference: str) -> str:
    """The reference to read, of one that :func:`kept_reference` made."""
    return str(workspace.root / reference) if reference.startswith(_INSIDE) else reference
