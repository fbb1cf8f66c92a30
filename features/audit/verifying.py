"""Verifying the log: its chain, its end, and the ledgers whose lines it keeps the hashes of."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from features.audit.chain import GENESIS, TRAILER, Head, Line, hash_of, lines_of, log_file
from features.audit.covering import covered_by, uncovered
from features.audit.log import whole_part
from features.record.git import git
from features.wording import counted
from models.errors import RecordError

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["Problem", "Verdict", "verify"]

_LOOK = "git log -p -- ledgers/audit.jsonl shows what every release held"


@dataclass(frozen=True)
class Problem:
    """One place where the log is broken: the line (None for the log as a whole), what is wrong, what that means."""

    line: int | None
    what: str
    means: str


@dataclass(frozen=True)
class Verdict:
    """What a verification found.

    Attributes
    ----------
    lines
        How many whole lines the log has.
    head
        The hash of the last; empty where there is none.
    in_releases
        How many of them some release vouches for. Lines after these are vouched for by this machine alone.
    problems
        Where it is broken; empty where it is whole.
    notes
        What is worth knowing and breaks nothing.
    entries
        The records of the lines that can be read.
    """

    lines: int
    head: str
    in_releases: int = 0
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is broken."""
        return not self.problems

    def to_record(self) -> dict[str, Any]:
        """JSON-able, without the entries."""
        record = asdict(self)
        record.pop("entries")
        return {"whole": self.is_whole, **record}


def verify(workspace: Workspace) -> Verdict:
    """Verify the audit log of a workspace; nothing is changed.

    A process that is writing in this moment breaks nothing: its line is not whole, or is.
    """
    path = log_file(workspace)
    content = path.read_bytes() if path.exists() else b""
    lines = list(lines_of(content))
    problems = _chain(lines)
    head, head_problem = _kept_here(workspace, lines)
    in_releases, release_problems = _kept_by_releases(workspace, content, lines)
    problems += head_problem + release_problems
    records = [line.record for line in lines if line.record is not None]
    problems += _ledgers(workspace, records)
    verdict = Verdict(
        lines=len(lines),
        head=hash_of(lines[-1].raw) if lines else "",
        in_releases=in_releases,
        problems=problems,
        entries=records,
    )
    verdict.notes.extend(_notes(workspace, content, verdict, head))
    return verdict


def _chain(lines: list[Line]) -> list[Problem]:
    """Each line against the one before it."""
    problems = []
    before: Line | None = None
    for line in lines:
        record = line.record
        wanted = GENESIS if before is None else hash_of(before.raw)
        if record is None or "prev" not in record:
            problems.append(
                Problem(line.number, "it is no line of an audit log", f"somebody edited it; {_LOOK}")
            )
        elif record["prev"] != wanted:
            what = (
                "it does not begin the log"
                if before is None
                else f"it does not follow from line {before.number}"
            )
            means = f"line {line.number - 1} was changed, or lines between the two were taken out or put in"
            if before is None:
                means = "lines before it were taken out"
            problems.append(Problem(line.number, what, f"{means}; {_LOOK}"))
        elif record.get("n") != line.number and not _is_shifted(record, before):
            problems.append(
                Problem(
                    line.number, f"it says that it is line {record.get('n')}", f"somebody edited it; {_LOOK}"
                )
            )
        if record is not None and record.get("gap"):
            gap = record["gap"]
            problems.append(
                Problem(
                    line.number,
                    f"when it was written, line {gap['n']} as this machine had written it was gone",
                    "lines before it were cut off or changed, or an older state of the folder was put in place; "
                    + _LOOK,
                )
            )
        before = line
    return problems


def _is_shifted(record: dict[str, Any], before: Line | None) -> bool:
    """Whether a line only counts on from one that has a wrong number, which was told already."""
    if before is None or before.record is None:
        return False
    earlier = before.record.get("n")
    return isinstance(earlier, int) and record.get("n") == earlier + 1 and earlier != before.number


def _kept_here(workspace: Workspace, lines: list[Line]) -> tuple[Head | None, list[Problem]]:
    """The log's end against what this machine wrote last."""
    head = Head.read(workspace)
    if head is None or head.still_stands(log_file(workspace)):
        return head, []
    hashes = {hash_of(line.raw) for line in lines}
    if head.hash in hashes:
        return head, []  # It lies elsewhere in the file now; the chain says what that means.
    missing = head.n - len(lines)
    what = (
        f"the log ends at line {len(lines)}, and this machine had written up to line {head.n}"
        if missing > 0
        else f"line {head.n} as this machine wrote it is not there"
    )
    means = "lines were cut off its end or changed, or an older state of the folder was put in place"
    return head, [Problem(len(lines) if missing > 0 else head.n, what, f"{means}; {_LOOK}")]


def _kept_by_releases(workspace: Workspace, content: bytes, lines: list[Line]) -> tuple[int, list[Problem]]:
    """The log against the last line that each release's commit message holds, and against the last committed file."""
    known = 0
    hashes = [hash_of(line.raw) for line in lines]
    for commit, number, line_hash in _trailers(workspace):
        if number > len(lines):
            missing = counted(number - len(lines), "line")
            means = (
                f"{missing} were cut off its end"
                if number - len(lines) > 1
                else f"{missing} was cut off its end"
            )
            return known, [
                Problem(
                    len(lines), f"release {commit[:12]} holds a log of {number} lines", f"{means}; {_LOOK}"
                )
            ]
        if hashes[number - 1] != line_hash:
            means = f"this line or one before it was changed since; {_LOOK}"
            return known, [Problem(number, f"it is not the line that release {commit[:12]} holds", means)]
        known = max(known, number)
    return _kept_by_the_last_commit(workspace, content, known)


def _trailers(workspace: Workspace) -> list[tuple[str, int, str]]:
    """(commit, number of lines, hash of the last) of every release that says so, oldest first."""
    wanted = f"--format=%H %(trailers:key={TRAILER},valueonly,separator=%x20)"
    try:
        said = git(workspace.root, "log", "--reverse", wanted, f"--grep=^{TRAILER}:", check=False)
    except RecordError:
        return []
    found = []
    for line in said.splitlines():
        words = line.split()
        if len(words) == 3 and words[1].isdigit() and int(words[1]) > 0:
            found.append((words[0], int(words[1]), words[2]))
    return found


def _kept_by_the_last_commit(workspace: Workspace, content: bytes, known: int) -> tuple[int, list[Problem]]:
    # A commit made by hand has no trailer; what it holds of the log counts all the same.
    place = "HEAD:./ledgers/audit.jsonl"
    try:
        blob = git(workspace.root, "rev-parse", "--verify", "--quiet", place, check=False).strip()
        size = int(git(workspace.root, "cat-file", "-s", blob, check=False).strip()) if blob else 0
    except (RecordError, ValueError):
        return known, []
    if not size:
        return known, []
    first = content[:size]
    algorithm = hashlib.sha256 if len(blob) == 64 else hashlib.sha1
    if algorithm(b"blob %d\0" % size + first).hexdigest() == blob:
        return max(known, first.count(b"\n")), []
    at = content.count(b"\n") if len(content) < size else None
    what = "the log does not begin with what the last commit holds of it"
    return known, [
        Problem(at, what, "lines were cut off or changed since; git diff HEAD -- ledgers/audit.jsonl")
    ]


def _ledgers(workspace: Workspace, records: list[dict[str, Any]]) -> list[Problem]:
    """The other ledgers against the hashes that the log keeps of their lines."""
    problems = []
    for name, covered in sorted(covered_by(records).items()):
        content = whole_part(workspace.ledgers / name)
        look = f"git log -p -- ledgers/{name} shows what every release held"
        if hash_of(content[: covered.first_bytes]) != covered.first_hash:
            means = f"lines from before the log were edited or taken out; {look}"
            problems.append(
                Problem(1, f"ledgers/{name} does not begin as it did when the log was started", means)
            )
            continue
        here = Counter(map(hash_of, content.split(b"\n")))
        for record in records:
            noted = record.get("ledger")
            if noted and noted["file"] == name and not here[noted["sha256"]]:
                means = f"that line was edited or taken out since; {look}"
                problems.append(
                    Problem(record["n"], f"the line of ledgers/{name} that it noted is not there", means)
                )
    return problems


def _notes(workspace: Workspace, content: bytes, verdict: Verdict, head: Head | None) -> list[str]:
    notes = []
    if content and not content.endswith(b"\n"):
        notes.append(
            "a line at its end was never written to its end (a crash); the next change puts it right"
        )
    late = sum(1 for _ in uncovered(workspace, verdict.entries)) if verdict.lines else 0
    if late:
        lines = counted(late, "change")
        notes.append(
            f"{lines} of the ledgers is not noted yet (a killed run, or by hand); the next run notes it"
        )
    alone = verdict.lines - verdict.in_releases
    if alone > 0 and not verdict.problems:
        kept = "this machine alone" if head is not None else "nothing else"
        of = "the last line is" if alone == 1 else f"the last {alone:,} lines are"
        notes.append(f"{of} in no release yet: that none was cut off is known from {kept}")
    return notes
