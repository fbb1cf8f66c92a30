"""``springboard maintain``: everything that keeps a workspace in shape, one after the other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from features.artefacts.plan import Plan
from features.audit import catch_up, note, verify
from features.maintenance.garbage import Collected, collect
from features.maintenance.integrity import check
from features.maintenance.leftovers import Tidied, tidy
from features.maintenance.mending import Difference, differences, mend
from features.maintenance.problems import Problem, of_error
from features.maintenance.serving import Served, keep_up
from features.record.recorder import record, unrecorded
from features.wording import counted
from models.errors import BusyError, SpringboardError

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["FOUND", "MENDED", "Maintained", "maintain"]

FOUND, MENDED = "integrity check found problems", "integrity check finds none any more"
"""What the audit log says, each time that the answer is another one."""

_PUT_BACK = "nothing: put back from DVC's cache; look at the disk, and at who writes there, if it comes again"

_Part = TypeVar("_Part")


@dataclass
class Maintained:
    """What a run did, or would do.

    Attributes
    ----------
    dry_run
        Nothing was changed.
    served, collected, tidied
        LanceDB; artefact files that nobody needs; what was left lying about. None where it could not be done:
        ``problems`` say why.
    mended
        Folder -> how many files were damaged or missing, and were put back from DVC's cache. They are among the
        problems, this once.
    problems
        What the integrity check found, and what could not be done.
    release
        The release that holds what changed; None where nothing did.
    """

    dry_run: bool = False
    served: Served | None = None
    collected: Collected | None = None
    tidied: Tidied | None = None
    mended: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    release: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def to_record(self) -> dict[str, Any]:
        """As JSON."""
        return {"whole": self.is_whole, **asdict(self)}


def maintain(workspace: Workspace, *, dry_run: bool = False) -> Maintained:
    """Put back what is damaged, record and publish what is not, tidy up, take out what nobody needs, check everything.

    A part that cannot be done is a problem, and keeps back no other. Safe beside any other run, and to kill: each step
    finds by itself what is left to do.

    Parameters
    ----------
    workspace
        The workspace.
    dry_run
        Only say what would be done, and check.

    Raises
    ------
    BusyError
        Another ``maintain`` has been at it for longer than the settings allow.
    """
    done = Maintained(dry_run)
    if dry_run:
        _each_part(workspace, done)
        done.problems += check(Plan(workspace))
        return done
    with workspace.lock("maintain"):
        left = _mend(workspace, done)
        # Only what is recorded is in DVC's cache and may go.
        _record(workspace, done, "Maintain: what earlier runs left")
        _each_part(workspace, done)
        _record(workspace, done, _message(done))
        done.problems += [one for one in check(Plan(workspace), left) if one not in done.problems]
        if _note(workspace, done.problems):
            _record(workspace, done, "Maintain: the integrity check")
    return done


def _mend(workspace: Workspace, done: Maintained) -> list[Difference] | None:
    """Put back what can be; gives what cannot."""
    found = _tried(done, "data/", lambda: differences(workspace))
    if not found:
        return found
    done.mended = _tried(done, "data/", lambda: mend(workspace, found)) or {}
    for folder, count in sorted(done.mended.items()):
        what = f"{counted(count, 'file')} {'was' if count == 1 else 'were'} missing or not as recorded"
        done.problems.append(Problem(f"data/{folder}", what, _PUT_BACK))
    return [one for one in found if not one.in_cache]


def _each_part(workspace: Workspace, done: Maintained) -> None:
    dry_run = done.dry_run
    done.served = _tried(done, "LanceDB", lambda: keep_up(Plan(workspace), dry_run=dry_run))
    done.tidied = _tried(done, "leftovers", lambda: tidy(workspace, dry_run=dry_run))
    done.collected = _tried(done, "data/", lambda: collect(workspace, dry_run=dry_run))


def _tried(done: Maintained, where: str, part: Callable[[], _Part]) -> _Part | None:
    try:
        return part()
    except SpringboardError as problem:
        done.problems.append(of_error(where, problem))
        return None


def _record(workspace: Workspace, done: Maintained, message: str) -> None:
    if not unrecorded(workspace):
        return

    def part() -> str | None:
        catch_up(workspace)
        made = record(workspace, message)
        return made.release if made.changed else None

    done.release = _tried(done, "record", part) or done.release


def _message(done: Maintained) -> str:
    count = done.collected.files if done.collected else 0
    return f"Maintain: {count:,} files that nobody needs left data/" if count else "Maintain"


def _note(workspace: Workspace, problems: list[Problem]) -> bool:
    """Note in the audit log what the check says, where that is something else than the last time."""
    said = [line for line in verify(workspace).entries if line.get("what") in (FOUND, MENDED)]
    before = said[-1].get("digest") if said and said[-1]["what"] == FOUND else None
    lasting = [one.to_record() for one in problems]
    digest = hashlib.sha256(json.dumps(lasting, sort_keys=True).encode()).hexdigest() if lasting else None
    if digest == before:
        return False
    what, on = (FOUND, {"problems": len(lasting)}) if lasting else (MENDED, {})
    try:
        note(workspace, what, on, digest=digest, found=[one["what"] for one in lasting[:20]])
    except BusyError:
        return False  # The next check says it.
    return True
