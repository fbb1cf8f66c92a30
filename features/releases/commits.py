"""Releases as git keeps them: which commits are one, and which of them a name, a time or ``latest`` means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from features.reading.wording import shown
from features.record.git import git, head
from features.record.recorder import RECORDED_PATHS
from features.registry.ledger import parse_time
from models.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from features.workspace.layout import Workspace

__all__ = ["RESTORED", "STORE", "Release", "find_release", "releases"]

STORE = "Springboard-Store"
"""The trailer of a release's commit message that names the LanceDB tables and their versions."""

RESTORED = "Springboard-Restored"
"""The trailer of a release that put an earlier one back, with that one's hash."""

_FIELD, _END = "\x1f", "\x1e"
_FORMAT = _FIELD.join(
    [
        "%H",
        "%cI",
        "%an",
        "%s",
        f"%(trailers:key={STORE},valueonly,separator=%x20)",
        f"%(trailers:key={RESTORED},valueonly,separator=%x20)",
    ]
)


@dataclass(frozen=True)
class Release:
    """One release: a commit of dvc.lock, settings and ledgers.

    Its hash names all that belongs to it: dvc.lock holds the hash of every artefact, the commit's message the
    versions of LanceDB's tables.

    Attributes
    ----------
    id
        The commit's hash.
    at
        When it was committed, ISO 8601.
    by
        Whose commit it is.
    message
        Its first line.
    store
        LanceDB table -> version; empty where nothing was published, or from before releases named them.
    restored
        The release that this one put back, or None.
    """

    id: str
    at: str
    by: str
    message: str
    store: dict[str, int]
    restored: str | None = None

    @property
    def short(self) -> str:
        """What people type."""
        return self.id[:12]

    @property
    def tag(self) -> str:
        """The LanceDB tag that belongs to it."""
        return f"release-{self.id}"


def releases(workspace: Workspace, most: int | None = None) -> list[Release]:
    """The releases of the branch that is checked out, newest first.

    A commit is one when it changes what a run records and holds a dvc.lock: those from before they carried any
    mark of their own count as well.

    Raises
    ------
    RecordError
        git cannot read the history.
    """
    if head(workspace.root) is None:
        return []
    first = _first_with_lock(workspace)
    if first is None:
        return []
    limit = [] if most is None else [f"--max-count={most}"]
    # The first commit that holds a dvc.lock is one itself; what was before it holds nothing to come back to.
    said = git(
        workspace.root, "log", "--first-parent", *limit, f"--format={_FORMAT}{_END}",
        "HEAD", *[f"^{parent}" for parent in _parents(workspace, first)], "--", *RECORDED_PATHS,
    )  # fmt: skip
    return [_release(text.strip("\n")) for text in said.split(_END) if text.strip()]


def _first_with_lock(workspace: Workspace) -> str | None:
    said = git(
        workspace.root, "log", "--first-parent", "--diff-filter=A", "--format=%H", "HEAD", "--", "dvc.lock"
    )
    return said.split()[-1] if said.split() else None


def _parents(workspace: Workspace, commit: str) -> list[str]:
    return git(workspace.root, "log", "-1", "--format=%P", commit).split()


def _release(text: str) -> Release:
    commit, at, by, message, store, restored = text.split(_FIELD)
    versions = dict(re.findall(r"(\w+)=(\d+)", store))
    return Release(
        commit, at, by, message, {name: int(version) for name, version in versions.items()}, restored or None
    )


def find_release(workspace: Workspace, name: str, *, any_commit: bool = False) -> Release:
    """The release that was meant.

    Parameters
    ----------
    workspace
        Whose releases.
    name
        The beginning of a release's hash or anything that git takes for a commit, ``latest``, ``previous``, or a
        time (ISO 8601; a date alone is its end, UTC): the newest release that was there then.
    any_commit
        Take a commit without a dvc.lock too: its ledgers can be read, and nothing of it can be restored.

    Raises
    ------
    SettingsError
        No release is meant by that.
    """
    known = releases(workspace)
    if name in ("latest", "previous"):
        place = 0 if name == "latest" else 1
        if place < len(known):
            return known[place]
        have = "no release yet" if not known else "only one release"
        raise _unknown(known, f"there is {have}")
    named = _commit_of(workspace, name)
    for release in known:
        if release.id == named:
            return release
    if named is not None:
        return _elsewhere(workspace, known, named, any_commit)
    moment = _moment(name)
    if moment is None:
        raise _unknown(known, f"{shown(name)} is neither a release nor a time", form=True)
    for release in known:
        if parse_time(release.at) <= moment:
            return release
    raise _unknown(known, f"there was no release yet at {shown(name)}")


def _commit_of(workspace: Workspace, name: str) -> str | None:
    if name.startswith("-") or not name.strip() or "\0" in name:
        return None
    found = git(workspace.root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", check=False)
    return found.strip() or None


def _elsewhere(workspace: Workspace, known: Sequence[Release], commit: str, any_commit: bool) -> Release:
    """A commit that is not of this branch's releases, yet holds a recorded state."""
    if not any_commit and not git(workspace.root, "ls-tree", commit, "--", "dvc.lock", check=False).strip():
        raise _unknown(known, f"commit {commit[:12]} is no release: it holds no dvc.lock")
    return _release(git(workspace.root, "log", "-1", f"--format={_FORMAT}", commit).strip("\n"))


def _moment(text: str) -> datetime | None:
    try:
        return parse_time(text, ends=True)
    except ValueError:
        return None


def _unknown(known: Sequence[Release], why: str, *, form: bool = False) -> SettingsError:
    """The error, with what would name a release here; ``form`` adds what a time looks like."""
    words = "latest and previous are two" if len(known) > 1 else "latest is the one there is"
    ways = ["springboard releases lists them", *([words] if known else [])]
    ways += ["a time is typed as 2026-01-31 or 2026-01-31T14:30 (UTC)"] if form else []
    return SettingsError(why, consequence="nothing was done", next_step="; ".join(ways))
