"""The ``springboard`` command: one file a verb, each of them a plain function with its options."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command; see :mod:`flows.cli.app`."""
    # A flow that records calls each stage of dvc.yaml, and none of them has anything to make then: not even the
    # command's own imports are worth their time.
    if os.environ.get("SPRINGBOARD_RECORDING") and sys.argv[1:2] == ["make"]:
        return
    from flows.cli.app import main as run

    run()
