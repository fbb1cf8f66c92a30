"""The chain, its end, and what killed, doubled and dishonest writers do to it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.workspaces import edit_params

from features.audit import acting, catch_up, note, verify
from features.audit import covering as covering_module
from features.audit.chain import TRAILER, head_in_words, log_file
from features.record import commit_paths, unrecorded
from features.registry.ledger import Ledger
from features.workspace import Workspace


def _release(workspace: Workspace) -> str:
    commit = commit_paths(workspace.root, ["ledgers"], f"Change\n\n{TRAILER}: {head_in_words(workspace)}")
    assert commit
    return commit


def _noted(workspace: Workspace, count: int) -> list[dict[str, object]]:
    return [note(workspace, "tried", {"name": f"s{number}"}) for number in range(count)]


def _lines(workspace: Workspace) -> list[bytes]:
    return log_file(workspace).read_bytes().splitlines(keepends=True)


def _rewrite(workspace: Workspace, lines: list[bytes]) -> None:
    log_file(workspace).write_bytes(b"".join(lines))


def test_the_first_change_starts_a_log_that_holds_what_was_there_before(workspace: Workspace) -> None:
    assert verify(workspace).lines == 0
    assert verify(workspace).is_whole
    ledger = Ledger(workspace.ledgers / "registry.jsonl")
    ledger.append({"event": "from before"})
    line = note(workspace, "tried", {"name": "a"}, size=3)
    verdict = verify(workspace)
    assert (verdict.lines, verdict.problems) == (2, [])
    assert [entry["what"] for entry in verdict.entries] == ["log started", "tried"]
    assert line["on"] == {"name": "a"}
    assert line["size"] == 3
    assert set(line["by"]) == {"name", "account", "host"}
    assert unrecorded(workspace)
    ledger.path.write_bytes(b'{"at": "2026-01-01", "event": "another"}\n')
    (problem,) = verify(workspace).problems
    assert "registry.jsonl does not begin as it did" in problem.what


def test_settings_that_came_into_force_are_noted_by_hash_and_section_alone(workspace: Workspace) -> None:
    _noted(workspace, 1)
    edit_params(workspace.root, {"ranking": {"center": False}, "run": {"push": False}})
    _noted(workspace, 2)
    changes = [e for e in verify(workspace).entries if e["what"] == "settings in force changed"]
    assert [change["sections"] for change in changes] == [["ranking", "run"]]
    assert "center" not in json.dumps(changes)
    # The same after what this machine remembers is lost.
    (workspace.private / "audit-head.json").unlink()
    _noted(workspace, 1)
    assert len([e for e in verify(workspace).entries if "settings" in e]) == 2


def test_the_run_is_named_by_the_lines_of_its_changes_alone(workspace: Workspace) -> None:
    with acting("run-1"):
        assert note(workspace, "tried")["run"] == "run-1"
    assert note(workspace, "tried")["run"] is None


@pytest.mark.parametrize("number", [1, 2, 4])
def test_an_edited_line_is_told_by_the_next(workspace: Workspace, number: int) -> None:
    _noted(workspace, 5)
    lines = _lines(workspace)
    lines[number - 1] = lines[number - 1].replace(b'"what": "', b'"what": "not ')
    _rewrite(workspace, lines)
    (problem,) = verify(workspace).problems
    assert problem.line == number + 1
    assert f"line {number} was changed" in problem.means


def test_lines_taken_out_put_in_or_swapped_are_told(workspace: Workspace) -> None:
    _noted(workspace, 5)
    lines = _lines(workspace)
    for changed in (
        lines[:2] + lines[3:],
        lines[1:],
        [*lines[:3], lines[1], *lines[3:]],
        [lines[0], lines[2], lines[1], *lines[3:]],
        [*lines[:3], b"not json\n", *lines[3:]],
    ):
        _rewrite(workspace, changed)
        assert not verify(workspace).is_whole
    _rewrite(workspace, lines)
    assert verify(workspace).is_whole


def test_a_cut_off_end_is_missed_by_the_machine_that_wrote_it(workspace: Workspace) -> None:
    _noted(workspace, 4)
    lines = _lines(workspace)
    _rewrite(workspace, lines[:3])
    (problem,) = verify(workspace).problems
    assert problem.line == 3
    assert "written up to line 5" in problem.what
    # Going on does not heal it: the next line says that lines were gone.
    _noted(workspace, 2)
    (problem,) = verify(workspace).problems
    assert problem.line == 4
    assert "line 5 as this machine had written it was gone" in problem.what
    log_file(workspace).unlink()
    assert "ends at line 0" in verify(workspace).problems[0].what
    _noted(workspace, 1)
    assert not verify(workspace).is_whole


def test_a_cut_off_end_is_missed_by_releases_when_the_machine_has_forgotten(workspace: Workspace) -> None:
    _noted(workspace, 2)
    first = _release(workspace)
    _noted(workspace, 2)
    second = _release(workspace)
    assert verify(workspace).in_releases == 5
    lines = _lines(workspace)
    (workspace.private / "audit-head.json").unlink()
    _rewrite(workspace, lines[:4])
    (problem,) = verify(workspace).problems
    assert (problem.line, second[:12] in problem.what) == (4, True)
    # Nor does committing the shorter log: the messages of earlier releases stay what they were.
    commit_paths(workspace.root, ["ledgers"], "Nothing to see here")
    assert second[:12] in verify(workspace).problems[0].what
    # A log made up anew, with hashes that fit, is not the one that was released.
    log_file(workspace).unlink()
    (workspace.private / "audit-head.json").unlink(missing_ok=True)
    _noted(workspace, 9)
    (problem,) = verify(workspace).problems
    assert first[:12] in problem.what


def test_what_was_committed_by_hand_counts_too(workspace: Workspace) -> None:
    _noted(workspace, 3)
    commit_paths(workspace.root, ["ledgers"], "By hand")
    assert verify(workspace).in_releases == 4
    (workspace.private / "audit-head.json").unlink()
    _rewrite(workspace, _lines(workspace)[:2])
    (problem,) = verify(workspace).problems
    assert "last commit" in problem.what


def test_a_torn_last_line_breaks_nothing_and_is_cut_by_the_next(workspace: Workspace) -> None:
    _noted(workspace, 2)
    with log_file(workspace).open("ab") as file:
        file.write(b'{"at": "2026-11-23T00:00:00+00:00", "n": 4, "pr')
    verdict = verify(workspace)
    assert verdict.is_whole
    assert verdict.lines == 3
    assert any("never written to its end" in text for text in verdict.notes)
    _noted(workspace, 1)
    verdict = verify(workspace)
    assert (verdict.lines, verdict.problems) == (4, [])


def test_a_line_that_was_torn_after_it_was_whole_is_a_break(workspace: Workspace) -> None:
    _noted(workspace, 2)
    content = log_file(workspace).read_bytes()
    log_file(workspace).write_bytes(content[:-10])
    (problem,) = verify(workspace).problems
    assert "written up to line 3" in problem.what


def test_an_edited_line_of_another_ledger_is_told_by_the_line_that_noted_it(workspace: Workspace) -> None:
    _noted(workspace, 1)
    ledger = Ledger(workspace.ledgers / "registry.jsonl")
    for name in ("a", "b"):
        record = ledger.append({"event": "x", "name": name})
        note(workspace, "source registered", {"name": name}, ledger=ledger, record=record)
    assert verify(workspace).is_whole
    ledger.path.write_bytes(ledger.path.read_bytes().replace(b'"name": "a"', b'"name": "c"'))
    (problem,) = verify(workspace).problems
    assert (problem.line, "registry.jsonl" in problem.what) == (3, True)


def test_what_a_killed_process_left_unnoted_is_noted_later_and_blames_nobody(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(workspace.ledgers / "registry.jsonl")
    ledger.append({"event": "from before"})
    assert catch_up(workspace) == 0
    _noted(workspace, 1)
    left = ledger.append({"event": "registered", "kind": "source", "name": "a"})
    # It may be about to be noted by whoever wrote it.
    assert catch_up(workspace) == 0
    monkeypatch.setattr(covering_module, "GRACE", type(covering_module.GRACE)(0))
    assert any("1 change of the ledgers" in text for text in verify(workspace).notes)
    assert catch_up(workspace) == 1
    assert catch_up(workspace) == 0
    entry = verify(workspace).entries[-1]
    assert entry["on"] == {"kind": "source", "name": "a"}
    assert (entry["late"], entry["by"], entry["happened_at"]) == (True, None, left["at"])
    assert verify(workspace).is_whole


_WRITER = (
    "import sys, time\n"
    "from pathlib import Path\n"
    "from features.audit import note\n"
    "from features.workspace import Workspace\n"
    "for number in range(int(sys.argv[2])):\n"
    "    note(Workspace(Path(sys.argv[1])), 'tried', {'name': f'{sys.argv[3]}-{number}'})\n"
    # A writer that never rests keeps the lock from the other.
    "    time.sleep(0.1)\n"
)


def _writer(workspace: Workspace, count: int, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _WRITER, str(workspace.root), str(count), name])


def test_two_processes_at_once_and_one_killed_leave_one_whole_chain(workspace: Workspace) -> None:
    doomed = _writer(workspace, 100_000, "doomed")
    steady = _writer(workspace, 8, "steady")
    deadline = time.monotonic() + 60
    while verify(workspace).lines < 8 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert steady.wait(120) == 0
    doomed.kill()
    doomed.wait(60)
    written = [e["on"].get("name", "") for e in verify(workspace).entries]
    assert [n for n in written if n.startswith("steady")] == [f"steady-{n}" for n in range(8)]
    killed = [n for n in written if n.startswith("doomed")]
    assert killed == [f"doomed-{n}" for n in range(len(killed))]
    note(workspace, "tried", {"name": "after"})
    verdict = verify(workspace)
    assert verdict.problems == []
    assert verdict.entries[-1]["on"] == {"name": "after"}


def test_a_log_made_on_another_machine_goes_on_here(workspace: Workspace, tmp_path: Path) -> None:
    _noted(workspace, 2)
    _release(workspace)
    subprocess.run(["git", "clone", "-q", str(workspace.root), str(tmp_path / "clone")], check=True)
    clone = Workspace(tmp_path / "clone")
    assert verify(clone).is_whole
    _noted(clone, 2)
    verdict = verify(clone)
    # The clone's params.yaml is the committed one: that is noted too.
    assert [entry["what"] for entry in verdict.entries[3:]] == ["settings in force changed", "tried", "tried"]
    assert (verdict.in_releases, verdict.problems) == (3, [])
