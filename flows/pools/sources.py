"""The datasets that a shipped pool is made of: chosen by a rule, written down with what their licences ask for.

The list is written anew, from a folder of datasets with a ``catalog.csv``, by::

    SPRINGBOARD_DATASETS=../shared/datasets python -m flows.pools.sources
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from features.pools import About
from models.errors import WorkspaceError
from models.tasks import Task

__all__ = ["PoolSource", "datasets_folder", "is_open", "pool_sources", "read_catalog"]

_LIST = Path(__file__).parent / "sources.csv"
_OPEN = ("CC BY ", "CC BY-SA ", "MIT ", "Apache-2.0 ")


@dataclass(frozen=True)
class PoolSource:
    """One dataset of the list.

    Attributes
    ----------
    slug, title, task
        Its folder, its own name, and what its labels are.
    repository, path, commit
        Where its releasing repository has it.
    licence, citation
        As stated there, and the work that its authors ask to cite.
    """

    slug: str
    title: str
    task: Task
    repository: str
    path: str
    commit: str
    licence: str
    citation: str

    @property
    def about(self) -> About:
        """What the pool says of where the rows are from."""
        return About(
            title=self.title,
            reference=f"https://{self.repository}/tree/{self.commit}/{self.path}",
            licence=self.licence,
            commit=self.commit,
            citation=self.citation,
        )


def is_open(row: Mapping[str, str]) -> bool:
    """Whether what is made of a catalogued dataset may be passed on by anybody, for anything.

    The releasing repository has to state a licence that covers the data (tier A), and it has to be one of CC BY,
    CC BY-SA, MIT and Apache-2.0: nothing for research or non-commercial use only, and no GPL, of which nobody can say
    what it would mean for a map of embeddings.
    """
    licence = row["licence"]
    return row["licence_tier"] == "A" and f"{licence} ".startswith(_OPEN) and "NC" not in licence


def read_catalog(path: Path) -> list[PoolSource]:
    """The openly licensed datasets of a catalogue, in the order of their slugs."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if is_open(row)]
    found = [
        PoolSource(
            slug=row["slug"],
            title=row["title"],
            task=Task(row["task_type"]),
            repository=row["source_repo"],
            path=row["source_path"],
            commit=row["commit"],
            licence=row["licence"],
            citation=row["citation"],
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: one.slug)


def pool_sources() -> list[PoolSource]:
    """The list as it is written down."""
    with _LIST.open(encoding="utf-8", newline="") as file:
        return [PoolSource(**{**row, "task": Task(row["task"])}) for row in csv.DictReader(file)]  # type: ignore[arg-type]


def datasets_folder() -> Path:
    """The folder of real datasets: ``$SPRINGBOARD_DATASETS``, or ``../shared/datasets``.

    Raises
    ------
    WorkspaceError
        There is no catalogue in it.
    """
    folder = Path(os.environ.get("SPRINGBOARD_DATASETS", "../shared/datasets")).expanduser()
    if not (folder / "catalog.csv").is_file():
        raise WorkspaceError(
            f"the real datasets are not in '{folder}'",
            consequence="nothing was made",
            next_step="set SPRINGBOARD_DATASETS to a folder with catalog.csv and <slug>/train.parquet",
        )
    return folder


def _write_list(datasets: Path) -> None:
    with _LIST.open("w", encoding="utf-8", newline="") as file:
        names = [one.name for one in fields(PoolSource)]
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {**asdict(one), "task": one.task.value} for one in read_catalog(datasets / "catalog.csv")
        )


if __name__ == "__main__":
    _write_list(datasets_folder())
