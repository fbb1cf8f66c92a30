"""What the hub tells about a dataset before it is read, and its errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from features.reading.wording import did_you_mean, listed, shown
from models.errors import OfflineError, SpringboardError, UnknownReferenceError, UnreadableError

if TYPE_CHECKING:
    from features.reading.options import ReadOptions

__all__ = ["HubCard", "commit_of", "find_card", "hub_errors"]

_TIMEOUT = 30.0


@dataclass(frozen=True)
class HubCard:
    """A hub dataset at one commit.

    Parameters
    ----------
    hub_id
        Its full id: ``imdb`` has become ``stanfordnlp/imdb``.
    commit
        The commit that is read, whatever is pushed meanwhile; None when only the cache could be asked.
    licence, citation
        As its card tells them.
    sizes
        Size and, where the hub knows it, sha256 of each of its files.
    """

    hub_id: str
    commit: str | None
    licence: str | None = None
    citation: str | None = None
    sizes: dict[str, tuple[int | None, str | None]] = field(default_factory=dict)

    def files_of(self, builder: Any) -> list[dict[str, Any]]:
        """List the files that a builder of the library reads: path, size and sha256 (null where unknown)."""
        files = []
        for paths in (builder.config.data_files or {}).values():
            for url in paths:
                path = str(url).split("@", 1)[-1].partition("/")[2] or str(url)
                size, digest = self.sizes.get(path, (None, None))
                files.append({"path": path, "size": size, "sha256": digest})
        return files


def find_card(hub_id: str, options: ReadOptions) -> HubCard:
    """Ask the hub for a dataset's commit, files and card; when it cannot be asked, count on the cache."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import OfflineModeIsEnabled

    try:
        info = HfApi().dataset_info(hub_id, revision=options.revision, files_metadata=True, timeout=_TIMEOUT)
    except OfflineModeIsEnabled:
        # Names without an owner are redirections; the library takes some for its own readers.
        if "/" not in hub_id:
            raise
        return HubCard(hub_id, options.revision)
    sizes = {
        file.rfilename: (file.size, file.lfs.sha256 if file.lfs else None) for file in info.siblings or []
    }
    name = info.id.split("/")[-1]
    if f"{name}.py" in sizes and not any(path.endswith((".parquet", ".jsonl", ".csv")) for path in sizes):
        raise UnreadableError(
            f"The hub dataset {shown(info.id)} is made by a script, and code of others is never run",
            consequence="nothing was read",
            next_step="download its parquet files by hand and give their folder, if the hub offers them",
        )
    licence = getattr(info.card_data, "license", None)
    return HubCard(
        hub_id=info.id,
        commit=info.sha,
        licence=", ".join(map(str, licence)) if isinstance(licence, list) else licence,
        citation=info.citation if isinstance(getattr(info, "citation", None), str) else None,
        sizes=sizes,
    )


def commit_of(hub_id: str, revision: str | None, timeout: float) -> str:
    """Ask the hub which commit a branch or tag of a dataset stands for now: one small question, nothing is downloaded.

    Raises
    ------
    UnknownReferenceError
        No such dataset or revision.
    OfflineError
        The hub cannot be reached within ``timeout`` seconds.
    UnreadableError
        It is gated, or the hub's answer cannot be understood.
    """
    from features.reading.options import ReadOptions

    with hub_errors(hub_id, ReadOptions(revision=revision)):
        from huggingface_hub import HfApi

        info = HfApi().dataset_info(hub_id, revision=revision, expand=["sha"], timeout=timeout)
        if not info.sha:
            raise UnreadableError(f"The hub names no commit of the dataset {shown(hub_id)}")
        return str(info.sha)


@contextmanager
def hub_errors(hub_id: str, options: ReadOptions) -> Iterator[None]:
    """Turn what the hub's libraries raise into our errors."""
    try:
        yield
    except SpringboardError:
        raise
    except Exception as error:
        raise _ours(error, hub_id, options) from error


def _ours(error: Exception, hub_id: str, options: ReadOptions) -> SpringboardError:
    from huggingface_hub import errors as hub

    what = f"the hub dataset {shown(hub_id)}"
    chain = list(_chain(error))
    # The library raises some of these anew without their cause, so that only the words tell.
    if _any(chain, hub.GatedRepoError) or "gated dataset" in str(error):
        return UnreadableError(
            f"Access to {what} has to be granted by its owner",
            consequence="nothing was read",
            next_step=f"ask for it at https://huggingface.co/datasets/{hub_id}, then `hf auth login`",
        )
    if _any(chain, hub.RevisionNotFoundError):
        return UnknownReferenceError(
            f"There is no revision {shown(options.revision)} of {what}",
            consequence="nothing was read",
            next_step="name a branch, tag or commit of it with `--revision`, or leave the option out",
        )
    if _any(chain, hub.RepositoryNotFoundError, hub.HFValidationError) or _named(
        chain, "DatasetNotFoundError"
    ):
        return UnknownReferenceError(
            f"There is no file or folder {shown(hub_id)} here, and no public dataset of that id on the hub",
            consequence="nothing was read",
            next_step="check the spelling; for a private dataset run `hf auth login` first",
        )
    unreachable = _any(chain, hub.OfflineModeIsEnabled, ConnectionError) or _named(chain, "TransportError")
    if unreachable or _is_server_error(chain):
        return OfflineError(
            f"There is no file or folder {shown(hub_id)} here, "
            f"and the hub cannot be reached ({_short(chain[-1])})",
            consequence="nothing was read",
            next_step="connect (and unset HF_HUB_OFFLINE), or give a file or folder",
        )
    if isinstance(error, ValueError) and "config" in str(error).lower():
        return _subset_error(error, what, options)
    if "scripts are no longer supported" in str(error):
        return UnreadableError(
            f"{what[0].upper()}{what[1:]} is made by a script, and code of others is never run",
            consequence="nothing was read",
            next_step="download its parquet files by hand and give their folder, if the hub offers them",
        )
    return UnreadableError(
        f"{what[0].upper()}{what[1:]} cannot be read: {_short(chain[-1])}",
        consequence="nothing was read",
        next_step="look at its files on the hub, download those with the rows and give their folder",
    )


def _subset_error(error: Exception, what: str, options: ReadOptions) -> SpringboardError:
    import re

    offered = str(error).partition("[")[2].partition("]")[0]
    names = list(dict.fromkeys(re.findall(r"'([^']{1,100})'", offered)))
    given = f"no subset {shown(options.subset)}" if options.subset else "more than one subset"
    hint = did_you_mean(options.subset or "", names)
    return UnknownReferenceError(
        f"{what[0].upper()}{what[1:]} has {given}; there are {listed(names, 20)}",
        consequence="nothing was read",
        next_step=f"{hint} " * bool(hint) + "name one with `--subset`",
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Go from an error to those it came from."""
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def _any(chain: list[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(error, kinds) for error in chain)


def _named(chain: list[BaseException], name: str) -> bool:
    """Whether a class of that name is among them or their bases.

    By name, because the hub's library changes which http library it stands on (httpx, then httpx2), and because
    importing the exceptions of `datasets` imports all of it.
    """
    return any(base.__name__ == name for error in chain for base in type(error).__mro__)


def _is_server_error(chain: list[BaseException]) -> bool:
    answers = [getattr(error, "response", None) for error in chain]
    return any(getattr(answer, "status_code", 0) >= 500 for answer in answers if answer is not None)


def _short(error: BaseException) -> str:
    first = str(error).strip().split("\n", 1)[0]
    return shown(f"{type(error).__name__}: {first}", 200).strip("'")
