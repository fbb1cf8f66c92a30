from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.registry.ledger import Ledger, now_utc, parse_time
from models.errors import ArtefactError, BusyError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledgers" / "registry.jsonl")


def test_a_ledger_that_is_not_there_is_empty(ledger: Ledger) -> None:
    assert ledger.read() == []
    assert not ledger.path.exists()


def test_records_come_back_in_order_with_their_time(ledger: Ledger) -> None:
    before = now_utc()
    written = [ledger.append({"number": number}) for number in range(3)]
    assert ledger.read() == written
    assert [record["number"] for record in ledger.read()] == [0, 1, 2]
    times = [record["at"] for record in written]
    assert before <= times[0] <= times[1] <= times[2] <= now_utc()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(TEXT, st.one_of(TEXT, st.integers(), st.none(), st.lists(TEXT, max_size=3)), max_size=4)
)
def test_any_text_comes_back_and_is_one_line(tmp_path: Path, record: dict[str, object]) -> None:
    ledger = Ledger(tmp_path / "ledgers" / "any.jsonl")
    lines = len(ledger.path.read_bytes().split(b"\n")) if ledger.path.exists() else 1
    written = ledger.append(record)
    assert ledger.read()[-1] == written
    assert len(ledger.path.read_bytes().split(b"\n")) == lines + 1


def test_a_file_name_that_is_not_unicode_can_be_noted(ledger: Ledger) -> None:
    name = os.fsdecode(b"caf\xe9.csv")
    ledger.append({"reference": name})
    assert ledger.read()[0]["reference"] == name


def test_a_value_that_is_not_json_leaves_the_ledger_as_it_was(ledger: Ledger) -> None:
    ledger.append({"a": 1})
    before = ledger.path.read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        ledger.append({"a": float("nan")})
    assert ledger.path.read_bytes() == before


@pytest.mark.parametrize("torn", [b'{"at": "20', b"{", b'{"at": "2026", "whole": true}', b"\xff\xfe" * 5000])
def test_a_torn_last_line_is_no_record_and_is_cut_by_the_next_append(ledger: Ledger, torn: bytes) -> None:
    first = ledger.append({"number": 1})
    with ledger.path.open("ab") as file:
        file.write(torn)
    assert ledger.read() == [first]
    second = ledger.append({"number": 2})
    assert ledger.read() == [first, second]
    assert ledger.path.read_bytes().count(b"\n") == 2


def test_a_file_that_is_one_torn_line_starts_anew(ledger: Ledger) -> None:
    ledger.path.parent.mkdir(parents=True)
    ledger.path.write_bytes(b'{"at":')
    written = ledger.append({"number": 1})
    assert ledger.read() == [written]


@pytest.mark.parametrize(
    "line", [b"not json", b'{"at": "2026", ', b"5", b'["a list"]', b'"text"', b"null", b"\xff"]
)
def test_an_edited_line_is_an_error_that_names_it(ledger: Ledger, line: bytes) -> None:
    ledger.append({"number": 1})
    ledger.append({"number": 2})
    lines = ledger.path.read_bytes().splitlines()
    ledger.path.write_bytes(b"\n".join([lines[0], line, lines[1]]) + b"\n")
    with pytest.raises(ArtefactError, match="line 2 of") as caught:
        ledger.read()
    assert "git log -p" in caught.value.next_step


def test_a_line_without_its_time_is_an_edited_one(ledger: Ledger) -> None:
    ledger.append({"number": 1})
    with ledger.path.open("ab") as file:
        file.write(b'{"number": 2}\n')
    with pytest.raises(ArtefactError, match="line 2 of"):
        ledger.read()


def test_a_line_separator_inside_a_name_does_not_end_the_line(ledger: Ledger) -> None:
    names = ["a\u2028b", "a\x85b", "a\x1cb", "a\vb", "a\nb", "a\rb"]
    for name in names:
        ledger.append({"name": name})
    assert [record["name"] for record in ledger.read()] == names


def _append_many(path: Path, writer: int, count: int) -> None:
    ledger = Ledger(path)
    for number in range(count):
        ledger.append({"writer": writer, "number": number, "padding": "x" * 300})


def test_processes_that_append_at_once_lose_nothing(ledger: Ledger) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_append_many, args=(ledger.path, writer, 25)) for writer in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    records = ledger.read()
    assert len(records) == 100
    for writer in range(4):
        assert [r["number"] for r in records if r["writer"] == writer] == list(range(25))


def test_a_lock_held_too_long_is_said_in_our_words(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    from filelock import FileLock

    ledger.append({"number": 1})
    (lock,) = (ledger.path.parent.parent / ".springboard" / "locks").glob("*.lock")
    monkeypatch.setattr("features.registry.ledger.LOCK_SECONDS", 0.05)
    with FileLock(lock), pytest.raises(BusyError, match=r"registry\.jsonl"):
        ledger.append({"number": 2})
    assert len(ledger.read()) == 1


def test_a_full_disk_leaves_the_ledger_as_it_was(ledger: Ledger) -> None:
    ledger.append({"text": "a" * 100})
    before = ledger.path.read_bytes()
    script = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from features.registry.ledger import Ledger\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before) + 50}, {len(before) + 50}))\n"
        "try:\n"
        f"    Ledger(Path({str(ledger.path)!r})).append({{'text': 'b' * 100}})\n"
        "except OSError as problem:\n"
        "    sys.exit(problem.errno)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert os.strerror(done.returncode) == "File too large"
    assert ledger.path.read_bytes() == before
    assert ledger.append({"text": "b"})["text"] == "b"
    assert len(ledger.read()) == 2


def test_a_writer_killed_at_any_moment_leaves_whole_records_only(ledger: Ledger) -> None:
    context = multiprocessing.get_context("fork")
    for _ in range(3):
        worker = context.Process(target=_append_many, args=(ledger.path, 0, 100_000))
        worker.start()
        held = len(ledger.read())
        while len(ledger.read()) < held + 5:
            pass
        os.kill(worker.pid or 0, signal.SIGKILL)
        worker.join()
        assert ledger.append({"number": "after"})["number"] == "after"
    for line in ledger.path.read_bytes().splitlines():
        json.loads(line)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-11-22", "2026-11-22T00:00:00+00:00"),
        ("2026-11-22T10:30+01:00", "2026-11-22T09:30:00+00:00"),
        ("2026-11-22T09:30:00Z", "2026-11-22T09:30:00+00:00"),
    ],
)
def test_times_are_aware_and_utc_unless_they_say_otherwise(text: str, same: str) -> None:
    assert parse_time(text).isoformat() == same


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-11-23", "2026-11-23T23:59:59.999999+00:00"),
        ("2026-11-23T00:00", "2026-11-23T00:00:00+00:00"),
        ("2026-11-23T12:00+02:00", "2026-11-23T10:00:00+00:00"),
    ],
)
def test_a_date_alone_has_an_end(text: str, same: str) -> None:
    assert parse_time(text, ends=True).isoformat() == same
