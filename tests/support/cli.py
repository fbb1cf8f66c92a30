"""Typing ``springboard ...`` in the test's own process, with the exit code and both streams."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from flows.cli import main

__all__ = ["Cli", "Said", "run_cli"]


@dataclass(frozen=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def is_clear_error(self, *parts: str) -> bool:
        """Exit code 2, no traceback, and every part named on stderr (line breaks apart)."""
        told = " ".join(self.err.split())
        return self.code == 2 and "Traceback" not in self.err and all(part in told for part in parts)


Cli = Callable[..., Said]


def run_cli(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: Sequence[object]
) -> Said:
    capfd.readouterr()
    monkeypatch.setattr(sys, "argv", ["springboard", *map(str, words)])
    # Wide, so that a name is not broken over two lines.
    monkeypatch.setenv("COLUMNS", "400")
    code = 0
    try:
        main()
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    said = capfd.readouterr()
    return Said(code, said.out, said.err)
