"""What a command ends with where nobody reads what it says: a real process, and a real pipe."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from features.workspace import Workspace

COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]


def _unread(*words: object, both: bool = False, buffered: bool = True) -> int:
    """The exit code of a command whose standard output, or ``both`` its streams, go to a pipe without a reader.

    Where output is ``buffered``, little of it is not written before the command has come to its end.
    """
    reads, writes = os.pipe()
    os.close(reads)
    try:
        done = subprocess.run(
            [*COMMAND, *map(str, words)],
            stdout=writes,
            stderr=writes if both else subprocess.PIPE,
            check=False,
            # Empty is as if it were not set.
            env={**os.environ, "PYTHONUNBUFFERED": "" if buffered else "1"},
        )
    finally:
        os.close(writes)
    assert not done.stderr
    return done.returncode


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("words", [["list", "sources"], ["list", "sources", "--json"]])
def test_a_command_piped_into_head_is_fine(workspace: Workspace, words: list[str], buffered: bool) -> None:
    assert _unread(*words, "--workspace", workspace.root, buffered=buffered) == 0


@pytest.mark.parametrize("buffered", [True, False])
def test_an_error_that_nobody_reads_is_an_error_still(workspace: Workspace, buffered: bool) -> None:
    assert _unread("rank", "nobody", "--workspace", workspace.root, both=True, buffered=buffered) == 2
