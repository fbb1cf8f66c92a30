"""What an integrity check says: what is wrong, and what to type."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from features.wording import counted, joined
from models.errors import SpringboardError

__all__ = ["Problem", "grouped", "of_error"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where it lies, what it is, and what to do next."""

    where: str
    what: str
    next_step: str

    def to_record(self) -> dict[str, str]:
        """As JSON."""
        return asdict(self)


def of_error(where: str, problem: SpringboardError) -> Problem:
    """An error of ours that kept a check from looking."""
    return Problem(where, problem.what, problem.next_step)


def grouped(found: Iterable[tuple[str, str, str, str]]) -> list[Problem]:
    """One problem for all files of a folder that have the same trouble.

    Parameters
    ----------
    found
        (folder, what is wrong in words that follow "is"/"are", next step, file name).
    """
    by_trouble: dict[tuple[str, str, str], list[str]] = {}
    for folder, trouble, next_step, name in found:
        by_trouble.setdefault((folder, trouble, next_step), []).append(name)
    return [
        Problem(
            folder,
            f"{counted(len(names), 'file')} {'is' if len(names) == 1 else 'are'} {trouble}: {joined(sorted(names), 3)}",
            next_step,
        )
        for (folder, trouble, next_step), names in sorted(by_trouble.items())
    ]
