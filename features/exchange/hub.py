"""ESMs on the hub: found by their tags, fetched as two files at one commit; nothing else of a repository is read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from features.reading.wording import shown
from models.errors import (
    ArtefactError,
    OfflineError,
    SpringboardError,
    UnknownReferenceError,
    UnreadableError,
)
from models.esm.exchange import CONFIG, WEIGHTS

__all__ = ["ESM_TAG", "Fetched", "fetch", "find_tagged"]

ESM_TAG = "embedding_space_map"
_TIMEOUT = 30.0
_FILES = [CONFIG, WEIGHTS]
_MOST_BYTES = 1 << 31


@dataclass(frozen=True)
class Fetched:
    """A repository's two files in the hub's cache, and the commit they are of."""

    folder: Path
    commit: str


def find_tagged(base_model: str) -> list[str]:
    """The ids of the hub's ESMs for a base model, in order.

    Asked for by the hub's own ``base_model:`` tag and by the package's older ``BaseLM:`` tag, under the name given
    and under the one that the hub keeps the model under now.

    Raises
    ------
    OfflineError
        The hub cannot be reached.
    UnknownReferenceError
        The hub has no such model, and no ESM says that it stands on it.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    api = HfApi()
    known = True
    with _our_errors(f"the ESMs for {shown(base_model)}"):
        names = [base_model]
        try:
            names.append(api.model_info(base_model, timeout=_TIMEOUT).id)
        except (RepositoryNotFoundError, HFValidationError):
            known = False  # Withdrawn, or never published: its ESMs may still be there.
        tags = [f"{kind}:{name}" for name in dict.fromkeys(names) for kind in ("base_model", "BaseLM")]
        found = {info.id for tag in tags for info in api.list_models(filter=[ESM_TAG, tag])}
    if not found and not known:
        raise UnknownReferenceError(
            f"the hub has no model {shown(base_model)} and no ESM made for one of that name",
            consequence="nothing was imported",
            next_step="check the id on https://huggingface.co/models",
        )
    return sorted(found)


def fetch(repo: str, revision: str | None = None) -> Fetched:
    """Fetch an ESM's config and weights, and no other file.

    Parameters
    ----------
    repo
        A hub id.
    revision
        A commit, tag or branch; None takes the newest.

    Raises
    ------
    OfflineError
        The hub cannot be reached and its cache does not have them.
    UnknownReferenceError
        No such repository or revision.
    UnreadableError
        It is gated, or the hub refuses it otherwise.
    ArtefactError
        It is larger than any ESM.
    """
    from huggingface_hub import snapshot_download

    with _our_errors(f"the ESM {shown(repo)}", revision):
        _refuse_what_is_too_large(repo, revision)
        # A snapshot's folder is called by its commit.
        folder = Path(snapshot_download(repo, revision=revision, allow_patterns=_FILES))
    return Fetched(folder, folder.name)


def _refuse_what_is_too_large(repo: str, revision: str | None) -> None:
    """Anybody may give a repository the tags, and whatever it holds would come onto this disk."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import DryRunError

    try:
        files = snapshot_download(repo, revision=revision, allow_patterns=_FILES, dry_run=True)
    except DryRunError:
        return  # The hub cannot be asked: what is in the cache already serves.
    for file in files if isinstance(files, list) else []:
        if (file.file_size or 0) > _MOST_BYTES:
            raise ArtefactError(
                f"the ESM {shown(repo)} cannot be used: its {shown(file.filename)} has {file.file_size:,} bytes, and "
                f"no map of an encoder's embeddings has more than {_MOST_BYTES:,}",
                consequence="it was left out; nothing of it was fetched",
                next_step="check that it is an ESM",
            )


@contextmanager
def _our_errors(what: str, revision: str | None = None) -> Iterator[None]:
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    drew = not are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    except SpringboardError:
        raise
    except Exception as error:  # the hub's library raises its own, its http library's and the system's
        raise _ours(error, what, revision) from error
    finally:
        if drew:
            enable_progress_bars()


def _ours(error: Exception, what: str, revision: str | None) -> SpringboardError:
    from huggingface_hub import errors as hub

    nothing = "nothing of it was imported"
    if isinstance(error, hub.GatedRepoError):
        return UnreadableError(
            f"access to {what} has to be granted by its owner",
            consequence=nothing,
            next_step="ask for it on its page, then `hf auth login`",
        )
    if isinstance(error, hub.RevisionNotFoundError):
        return UnknownReferenceError(
            f"there is no revision {shown(revision or 'main')} of {what}",
            consequence=nothing,
            next_step="name a branch, tag or commit of it with --revision, or leave the option out",
        )
    if isinstance(error, hub.RepositoryNotFoundError | hub.HFValidationError):
        return UnknownReferenceError(
            f"there is no folder and no public repository on the hub for {what}",
            consequence=nothing,
            next_step="check the spelling; for a private one run `hf auth login` first",
        )
    status = getattr(getattr(error, "response", None), "status_code", 0)
    if 400 <= status < 500:
        return UnreadableError(f"the hub refuses {what} ({status})", consequence=nothing)
    why = "HF_HUB_OFFLINE is set" if os.environ.get("HF_HUB_OFFLINE") else type(error).__name__
    return OfflineError(
        f"the hub cannot be reached for {what} ({why})",
        consequence=nothing,
        next_step="connect (and unset HF_HUB_OFFLINE), or give a folder with config.json and model.safetensors",
    )
