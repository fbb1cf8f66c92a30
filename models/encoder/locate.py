"""From a model reference to the folder that holds its files, without importing torch or transformers."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path
from typing import NoReturn

from models.errors import EncoderError, OfflineError, UnknownReferenceError

__all__ = ["is_local", "locate_model"]

PACKAGE = "package:"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9_][\w.-]*)?")
# Everything a checkpoint or an adapter of ours can need; never pickles, never Python files.
_HUB_FILES = ["*.json", "*.safetensors", "*.txt", "*.model"]


def is_local(ref: str) -> bool:
    """Whether a reference names a folder or an installed package rather than the hub."""
    return ref.startswith(PACKAGE) or Path(ref).expanduser().is_dir()


def locate_model(ref: str, revision: str | None = None) -> Path:
    """Find the folder of a model's files.

    A hub id is looked up in the local cache first, and asked of the hub only when it is not there: an encoder
    must not change under a pool because somebody pushed to ``main``. Name a ``revision`` to move on purpose.

    Parameters
    ----------
    ref
        Hub id, folder, or ``package:<import name>`` (found with ``find_spec``: the package's own code does
        not run).
    revision
        Hub commit, tag or branch.

    Returns
    -------
    pathlib.Path
        An existing folder; what is in it has not been checked.

    Raises
    ------
    UnknownReferenceError
        No such folder, package or hub id.
    OfflineError
        The hub is needed and cannot be reached.
    EncoderError
        A package holds no weights, or more than one set of them.
    """
    if ref.startswith(PACKAGE):
        return _in_package(ref.removeprefix(PACKAGE))
    folder = Path(ref).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists() or not _HUB_ID.fullmatch(ref):
        raise UnknownReferenceError(
            f"no model folder at {_short(ref)}",
            consequence="no encoder was loaded",
            next_step="give a folder, a hub id (owner/name), or package:NAME",
        )
    return _from_hub(ref, revision)


def _in_package(name: str) -> Path:
    # A dotted name would make find_spec import the parent, so only top-level packages are looked into.
    spec = importlib.util.find_spec(name) if name.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise UnknownReferenceError(
            f"no installed package {_short(name)}",
            consequence="no encoder was loaded",
            next_step=f"pip install {name.replace('_', '-')}"
            if name.isidentifier()
            else "give its import name",
        )
    roots = [Path(place) for place in spec.submodule_search_locations]
    found = sorted(
        config.parent
        for root in roots
        for config in root.rglob("config.json")
        if (config.parent / "model.safetensors").is_file()
    )
    if len(found) != 1:
        count = f"{len(found)} folders" if found else "no folder"
        raise EncoderError(
            f"package {name} has {count} with config.json and model.safetensors",
            consequence="no encoder was loaded",
            next_step="give the folder of the weights itself"
            if found
            else "name a package that holds weights",
        )
    return found[0]


def _from_hub(ref: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    cached = _cached_snapshot(ref, revision)
    if cached is not None:
        return cached
    if os.environ.get("HF_HUB_OFFLINE", "").strip().lower() in {"1", "true", "yes", "on"}:
        _offline(ref, "HF_HUB_OFFLINE is set")
    try:
        return Path(snapshot_download(ref, revision=revision, allow_patterns=_HUB_FILES))
    except GatedRepoError as error:
        raise EncoderError(
            f"hub model {ref} is gated",
            consequence="no encoder was loaded",
            next_step=f"ask for access at https://huggingface.co/{ref} and log in with `hf auth login`",
        ) from error
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError) as error:
        raise UnknownReferenceError(
            f"the hub has no model {ref}" + (f" at revision {_short(revision)}" if revision else ""),
            consequence="no encoder was loaded",
            next_step="check the id on https://huggingface.co/models, or give a folder",
        ) from error
    except (LocalEntryNotFoundError, OSError) as error:
        _offline(ref, str(error).splitlines()[0][:160] if str(error) else type(error).__name__)


def _cached_snapshot(ref: str, revision: str | None) -> Path | None:
    from huggingface_hub import snapshot_download

    try:
        folder = Path(
            snapshot_download(ref, revision=revision, local_files_only=True, allow_patterns=_HUB_FILES)
        )
    except (OSError, ValueError, RuntimeError):
        return None
    # A download cut short leaves a snapshot folder without its weights; that is not a model yet.
    return folder if any(folder.glob("*.safetensors")) else None


def _offline(ref: str, why: str) -> NoReturn:
    raise OfflineError(
        f"model {ref} is not in the local cache and the hub cannot be reached ({why})",
        consequence="no encoder was loaded",
        next_step=f"connect and run `hf download {ref}`, or give a folder or package:NAME",
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= 120 else text[:117] + "...")
