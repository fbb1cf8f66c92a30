"""What there is to look at: the entries of the inbox folders, and the references on the watch list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from features.inbox.watches import Watch, Watches
from features.registry.entries import Kind
from features.registry.places import kept_reference, located
from models.errors import SettingsError

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["SIDECAR", "Item", "ItemId", "inbox_folders", "is_part", "items_of"]

ItemId = tuple[str, str, str]
"""Kind, place, and which branch and subset of it: what an outcome is of."""

SIDECAR = ".springboard.yaml"
"""How the file ends that says how another one is to be read."""

_PARTS = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".swp")


@dataclass(frozen=True)
class Item:
    """One dataset that may come in by itself.

    Attributes
    ----------
    kind
        What it is to be.
    place
        Its reference as the registry keeps it.
    path
        Where it lies; None on the hub.
    watch
        Its line of the watch list; None for an entry of the inbox.
    inbox
        The inbox folder it lies in; None for a watched reference.
    """

    kind: Kind
    place: str
    path: Path | None = None
    watch: Watch | None = None
    inbox: Path | None = None

    @property
    def id(self) -> ItemId:
        """What its outcomes are kept under."""
        return self.kind.value, self.place, self.watch.variant if self.watch else ""


def inbox_folders(workspace: Workspace) -> dict[Kind, Path]:
    """The inbox folders that are set, whether or not they are there.

    Raises
    ------
    SettingsError
        One folder is to be for both, or is the workspace itself.
    """
    params = workspace.settings.inbox
    named = {Kind.SOURCE: params.sources, Kind.TARGET: params.targets}
    folders = {kind: workspace.root / Path(folder).expanduser() for kind, folder in named.items() if folder}
    resolved = [folder.resolve() for folder in folders.values()]
    if len(set(resolved)) < len(resolved) or workspace.root.resolve() in resolved:
        raise SettingsError(
            "inbox.sources and inbox.targets of params.yaml must be two folders, and not the workspace's own",
            consequence="nothing was taken in",
            next_step="name a folder for each, or null for none",
        )
    return folders


def items_of(workspace: Workspace) -> list[Item]:
    """Everything to look at: the inbox by name, then the watch list as it was written."""
    return [*_of_inbox(workspace), *_watched(workspace)]


def _of_inbox(workspace: Workspace) -> Iterator[Item]:
    for kind, folder in inbox_folders(workspace).items():
        try:
            entries = sorted(folder.iterdir())
        except FileNotFoundError:
            continue  # A workspace from before, a clone, or a team that wants none.
        except OSError as problem:
            raise SettingsError(
                f"the inbox '{folder}' cannot be looked into ({problem.strerror})",
                consequence="nothing was taken in",
                next_step="make it a folder that can be read, or set it to null in params.yaml",
            ) from None
        place = kept_reference(workspace, str(folder), is_local=True)
        for path in entries:
            if not (path.name.startswith(".") or path.name.endswith(SIDECAR) or is_part(path.name)):
                yield Item(kind, f"{place}/{_as_text(path.name)}", path, inbox=folder)


def _as_text(name: str) -> str:
    """A name whose bytes are no text with these bytes spelt out: it is refused, and shown in JSON and on pages."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _watched(workspace: Workspace) -> Iterator[Item]:
    for watch in Watches(workspace).current().values():
        path = None if watch.on_hub else Path(located(workspace, watch.reference))
        yield Item(watch.kind, watch.reference, path, watch=watch)


def is_part(name: str) -> bool:
    """Whether a name says that somebody is still writing the file (``x.csv.part``, ``x.tmp``, ``~$x``)."""
    return name.lower().endswith(_PARTS) or name.startswith("~$") or name.endswith("~")
