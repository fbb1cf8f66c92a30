"""The ``springboard`` command: one file a verb, each of them a plain function with its options."""

from __future__ import annotations

from flows.cli.app import main

__all__ = ["main"]
