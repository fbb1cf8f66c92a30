"""What a command costs before it does anything: imports, CPU, and no server."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.workspaces import Team

HEAVY = (
    "torch",
    "transformers",
    "great_expectations",
    "prefect",
    "lancedb",
    "datasets",
    "pandas",
    "peft",
    "sklearn",
)
REPORT = f"""
import json, os, sys
code = 0
try:
    {{body}}
except SystemExit as leaving:
    code = leaving.code or 0
times = os.times()
loaded = [name for name in {HEAVY!r} if name in sys.modules]
sys.stderr.write("\\n" + json.dumps({{{{"code": code, "loaded": loaded, "cpu": times.user + times.system}}}}))
"""


def _after(body: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", REPORT.format(body=body)], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stderr.splitlines()[-1])
    return found


def _typed(*words: str) -> dict[str, Any]:
    argv = ["springboard", *words]
    return _after(f"import sys; sys.argv = {argv!r}; from flows.cli import main; main()")


def test_the_command_is_there_before_anything_heavy() -> None:
    assert _after("import flows.cli.app")["loaded"] == []


def test_help_takes_less_than_a_second() -> None:
    found = _typed("--help")
    assert found["code"] == 0
    assert found["cpu"] < 1.0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("rank", "t1"), 0),
        (("rank", "t2", "--json"), 1),
        (("list", "sources"), 0),
        (("list", "targets", "--json"), 0),
        (("list", "rankings"), 0),
        (("list", "quarantine"), 0),
        (("list", "feedback"), 0),
        (("status",), 0),
        (("audit",), 0),
        (("explain", "t1", "s1"), 0),
        (("quarantine", "list"), 0),
    ],
)
def test_commands_that_read_import_nothing_heavy_and_take_about_a_second(
    team: Team, words: tuple[str, ...], code: int
) -> None:
    found = _typed(*words, "--workspace", str(team.workspace.root))
    assert found["code"] == code
    assert found["loaded"] == []
    # Measured 0.9 s on two slow cores; the bound leaves room for a busy machine.
    assert found["cpu"] < 2.0


@pytest.mark.parametrize("words", [("scorers",), ("scorers", "--json")])
def test_the_scorers_are_listed_without_a_workspace_and_without_anything_heavy(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = _typed(*words)
    assert found["code"] == 0
    assert found["loaded"] == []
    assert found["cpu"] < 2.0


def test_reading_leaves_no_process_and_writes_nothing(team: Team) -> None:
    def files(root: Path) -> dict[str, int]:
        return {
            str(p): p.stat().st_mtime_ns
            for p in root.rglob("*")
            if p.is_file() and ".springboard" not in p.parts
        }

    before = files(team.workspace.root)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    assert _typed("status", "--workspace", str(team.workspace.root))["code"] == 0
    assert _typed("rank", "t1", "--workspace", str(team.workspace.root))["code"] == 0
    assert files(team.workspace.root) == before
    # Prefect's server alone costs some five seconds of CPU to start.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - children < 5.0
