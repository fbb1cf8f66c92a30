"""What a command ends with where nobody reads what it says: a real process, and a real pipe."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from features.workspace import Workspace

COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]


def _unread(*words: object, both: bool = False) -> int:
    """The exit code of a command whose standard output, or ``both`` its streams, go to a pipe without a reader."""
    reads, writes = os.pipe()
    os.close(reads)
    try:
        done = subprocess.run(
            [*COMMAND, *map(str, words)],
            stdout=writes,
            stderr=writes if both else subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writes)
    assert not done.stderr
    return done.returncode


@pytest.mark.parametrize("words", [["list", "sources"], ["list", "sources", "--json"]])
def test_a_command_piped_into_head_is_fine(workspace: Workspace, words: list[str]) -> None:
    assert _unread(*words, "--workspace", workspace.root) == 0


def test_an_error_that_nobody_reads_is_an_error_still(workspace: Workspace) -> None:
    assert _unread("rank", "nobody", "--workspace", workspace.root, both=True) == 2
