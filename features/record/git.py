"""git, as far as a workspace needs it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from models.errors import RecordError

__all__ = [
    "commit_paths",
    "ensure_repository",
    "git",
    "git_bytes",
    "git_environment",
    "head",
    "refuse_left_lock",
]

# Schedules run where nobody has set a name; a team's own identity, when set, comes first.
_FALLBACK_IDENTITY = {"name": "Springboard", "email": "springboard@localhost"}


# git sets them for its hooks and for `git rebase --exec`; they come before the folder that a command runs in. These are
# what `git rev-parse --local-env-vars` lists but for its GIT_CONFIG*: settings (safe.directory) hold everywhere.
_OF_ANOTHER_REPOSITORY = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)

_NOT_IN_GIT = "what was computed is kept; it is not in git yet"

# git: Unable to create '/w/.git/index.lock'; DVC: ('/w/.git/index', '/w/.git/index.lock').
_A_LOCK = re.compile(r"'([^'\n]+\.lock)'")


def git_environment() -> dict[str, str]:
    """The environment in which git, and what calls git, runs on a workspace: no other repository, no questions."""
    ours = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER_REPOSITORY}
    return {**ours, "GIT_TERMINAL_PROMPT": "0"}


def git(root: Path, *arguments: str, check: bool = True) -> str:
    """Run git in ``root`` and give its output.

    Raises
    ------
    RecordError
        git is missing or said no (only with ``check``).
    """
    return _text(git_bytes(root, *arguments, check=check))


def git_bytes(root: Path, *arguments: str, check: bool = True) -> bytes:
    """As :func:`git`, for output whose every byte counts.

    Raises
    ------
    RecordError
        git is missing or said no (only with ``check``).
    """
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=root,
            capture_output=True,
            check=False,
            env=git_environment(),
        )
    except FileNotFoundError:
        raise RecordError(
            "git is not installed", next_step="install git and type the command again"
        ) from None
    if check and done.returncode != 0:
        refuse_left_lock(root, _text(done.stderr), _NOT_IN_GIT)
        raise RecordError(
            f"'git {arguments[0]}' failed in '{root}': {_text(done.stderr or done.stdout).strip()}",
            consequence=_NOT_IN_GIT,
            next_step="mend what git says and run the command again",
        )
    return done.stdout


def refuse_left_lock(root: Path, said: str, consequence: str) -> None:
    """Say what to do where git, or DVC on its behalf, failed for a lock: both say little more than that a file exists.

    Parameters
    ----------
    root
        Where it ran.
    said
        What it said.
    consequence
        What that means.

    Raises
    ------
    RecordError
        A lock of git's that it names is there.
    """
    for name in _A_LOCK.findall(said):
        path = root / name
        if path.exists() and _is_of_git(root, path):
            raise RecordError(
                f"git's lock '{path}' is there: git is at work in '{root}', or was killed while it was",
                consequence=consequence,
                next_step="wait until no git process runs there, on no machine that mounts it; if the file is still "
                f"there then, delete it (rm '{path}') and type the command again",
            )


def _is_of_git(root: Path, path: Path) -> bool:
    # DVC has locks of its own. git's folder may lie elsewhere: --separate-git-dir, a worktree, a submodule.
    folders = git(root, "rev-parse", "--git-dir", "--git-common-dir", check=False).splitlines()
    return any(path.resolve().is_relative_to((root / folder).resolve()) for folder in folders)


def _text(said: bytes) -> str:
    # What people type (a commit's message) may be in an old encoding: it is shown, with marks for what cannot be.
    return said.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def ensure_repository(root: Path) -> None:
    """Make ``root`` a git repository of its own if it is not one yet."""
    if not (root / ".git").exists():
        git(root, "init", "--quiet", "--initial-branch=main")


def _identity(root: Path) -> list[str]:
    flags = []
    for key, fallback in _FALLBACK_IDENTITY.items():
        if not git(root, "config", "--get", f"user.{key}", check=False).strip():
            flags += ["-c", f"user.{key}={fallback}"]
    return flags


def commit_paths(root: Path, paths: Sequence[str], message: str) -> str | None:
    """Commit these paths and nothing else that may be staged.

    Returns
    -------
    str or None
        The new commit's hash; None when the paths hold nothing new.
    """
    git(root, "add", "--", *paths)
    if not git(root, "status", "--porcelain", "--", *paths).strip():
        return None
    git(root, *_identity(root), "commit", "--quiet", "--no-verify", "-m", message, "--", *paths)
    return head(root)


def head(root: Path) -> str | None:
    """The hash of the commit checked out, or None before the first one."""
    return git(root, "rev-parse", "--verify", "--quiet", "HEAD", check=False).strip() or None
