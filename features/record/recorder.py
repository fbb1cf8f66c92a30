"""The last, serialised step of a run: DVC writes down what is in data/, git what DVC and the ledgers say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from features.artefacts.files import remove_leftovers
from features.record.damage import put_back_damaged
from features.record.dvc import push, repro
from features.record.git import commit_paths, git, head
from features.record.parameters import check_parameters
from features.workspace.layout import ARTEFACT_FOLDERS

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["RECORDED_PATHS", "Recording", "mark_unrecorded", "record", "unrecorded"]

RECORDED_PATHS = ("dvc.lock", "dvc.yaml", "params.yaml", "prefect.yaml", "ledgers")


@dataclass(frozen=True)
class Recording:
    """What a call of :func:`record` did.

    Attributes
    ----------
    changed
        Whether anything was new.
    release
        The release (git commit) that holds it.
    mended
        Folder -> how many recorded files held other bytes, and were put back from DVC's cache.
    """

    changed: bool
    release: str | None
    mended: Mapping[str, int] = field(default_factory=dict)


def mark_unrecorded(workspace: Workspace) -> None:
    """Note that something in data/ or ledgers/ is about to change.

    The note outlives a crash, so the next run records what this one may leave behind.
    """
    workspace.private.mkdir(parents=True, exist_ok=True)
    (workspace.private / "unrecorded").touch()


def unrecorded(workspace: Workspace) -> bool:
    """Whether something waits to be recorded."""
    return (workspace.private / "unrecorded").exists()


def record(workspace: Workspace, message: str, trailers: Mapping[str, str] | None = None) -> Recording:
    """Record the workspace's state: ``dvc repro``, a git commit of dvc.lock, params.yaml and the ledgers, ``dvc push``.

    One at a time per workspace (DVC is not shown to be safe with two writers); does nothing when nothing
    changed since the last time. A recorded file that holds other bytes now is put back from DVC's cache first, unless
    it was made anew. The commit is the release: its message names LanceDB's tables and their versions, and these get
    a tag with the commit's hash.

    Parameters
    ----------
    workspace
        What is recorded.
    message
        The first line of the commit's message.
    trailers
        Further lines at its end, name -> value.

    Raises
    ------
    RecordError
        DVC or git said no, or params.yaml lacks what dvc.yaml goes by.
    PushError
        The remote cannot be reached; the release is made, and the next record sends what is newest then.
    StoreError
        LanceDB's tables cannot be read or tagged; the release is made, and the next record tags it.
    BusyError
        Another run is recording for longer than the settings allow.
    """
    from features.releases.tags import tag_releases

    with workspace.lock("record"):
        if not unrecorded(workspace):
            return Recording(changed=False, release=head(workspace.root))
        marker = workspace.private / "unrecorded"
        before = marker.stat().st_mtime_ns
        workspace.make_folders()
        # dvc.yaml names it, and in a workspace whose every dataset was refused so far nobody has written it.
        (workspace.ledgers / "registry.jsonl").touch()
        for kind in ARTEFACT_FOLDERS:
            remove_leftovers(workspace.folder(kind))
        check_parameters(workspace.root)
        earlier = git(workspace.root, "show", "HEAD:./dvc.lock", check=False)
        repro(workspace.root)
        if mended := put_back_damaged(workspace, earlier):
            # Noting it marked the workspace, and so may another run have by now: both are recorded below.
            before = marker.stat().st_mtime_ns
            repro(workspace.root)
        release = commit_paths(
            workspace.root,
            [p for p in RECORDED_PATHS if (workspace.root / p).exists()],
            _with_trailers(workspace, message, trailers or {}),
        )
        tag_releases(workspace)
        if workspace.settings.run.push:
            push(workspace.root)
        # Another run may have marked anew while DVC was reading: then its own record step still has work.
        if marker.stat().st_mtime_ns == before:
            marker.unlink()
        return Recording(release is not None, release or head(workspace.root), mended)


def _with_trailers(workspace: Workspace, message: str, trailers: Mapping[str, str]) -> str:
    from features.audit.chain import TRAILER, head_in_words
    from features.releases.tags import STORE, versions_in_words

    # What a commit's message holds of the audit log cannot be cut off together with the log's last lines.
    every = {**trailers, STORE: versions_in_words(workspace), TRAILER: head_in_words(workspace)}
    lines = [f"{name}: {value}" for name, value in every.items() if value]
    return "\n\n".join(part for part in (message, "\n".join(lines)) if part)
