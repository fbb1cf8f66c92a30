"""What fine-tuning showed: a table ``source,target,seed,score``, checked row by row."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from features.evaluation.tables import Table, read_table
from features.wording import joined

__all__ = ["BASELINE", "Truth", "read_truth"]

BASELINE = "none"
"""The source that stands for no transfer; never a candidate."""

_SETTINGS = ("encoder", "training_rows", "metric")
"""Columns that often tell two experiments apart."""

_COLUMNS = ("source", "target", "seed", "score")


@dataclass(frozen=True)
class Truth:
    """Results by target.

    Attributes
    ----------
    results
        Target -> source -> seed -> score; without the baseline.
    baselines
        Target -> seed -> score without transfer.
    groups
        Source -> its group, where the table says one.
    onto_itself
        Pairs of a dataset with itself, which were left out.
    notes
        What a reader should know of the file.
    """

    results: Mapping[str, Mapping[str, Mapping[int, float]]]
    baselines: Mapping[str, Mapping[int, float]]
    groups: Mapping[str, str]
    onto_itself: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def read_truth(path: Path) -> Truth:
    """Read and check a table of results.

    Parameters
    ----------
    path
        CSV or Parquet with ``source``, ``target``, ``seed`` (a whole number) and ``score`` (accuracy, or Pearson's
        correlation, which may be negative); ``group`` where sources belong together; other columns are ignored.

    Raises
    ------
    ReadError
        The file, a column or a row cannot be used; says which.
    """
    table = read_table(path, option="TRUTH")
    table.require(_COLUMNS)
    # However it is written: a source of that name would be the best of all candidates, unseen.
    sources = [BASELINE if name.casefold() == BASELINE else name for name in table.names("source")]
    targets, seeds, scores = table.names("target"), table.whole_numbers("seed"), _scores(table)
    _refuse_twice(table, list(zip(sources, targets, seeds, strict=True)))
    results: dict[str, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    baselines: dict[str, dict[int, float]] = defaultdict(dict)
    itself: dict[str, None] = {}
    for source, target, seed, score in zip(sources, targets, seeds, scores, strict=True):
        if source == BASELINE:
            baselines[target][seed] = score
        elif source == target:
            itself[target] = None
        else:
            results[target][source][seed] = score
    return Truth(results, baselines, _groups(table, sources), tuple(itself), table.notes)


def _scores(table: Table) -> list[float]:
    numbers = [number for number in table.numbers("score") if number is not None]
    for row, number in enumerate(numbers, 1):
        if not -1.0 <= number <= 1.0:
            raise table.refuse(
                f"has a score of {number:g} in row {row:,}, outside of -1 to 1",
                "give accuracies as shares (0.85, not 85) and numbers' results as Pearson correlations",
            )
    return numbers


def _refuse_twice(table: Table, keys: list[tuple[str, str, int]]) -> None:
    (key, times), *_ = Counter(keys).most_common(1)
    if times > 1:
        source, target, seed = key
        at = [row for row, one in enumerate(keys) if one == key]
        rows = [str(row + 1) for row in at]
        other = [name for name in _SETTINGS if table.has(name) and table.frame[name][at].n_unique() > 1]
        cure = f"; they differ in {joined(other)}: give each its own table" if other else ""
        raise table.refuse(
            f"has {times} rows for source '{source}', target '{target}' and seed {seed} (rows {', '.join(rows[:5])})",
            f"keep one row for each source, target and seed{cure}",
        )


def _groups(table: Table, sources: list[str]) -> dict[str, str]:
    if not table.has("group"):
        return {}
    found: dict[str, str] = {}
    for row, (source, group) in enumerate(zip(sources, table.texts("group"), strict=True), 1):
        if source == BASELINE or not group:
            continue
        if found.setdefault(source, group) != group:
            raise table.refuse(
                f"puts source '{source}' into group '{found[source]}' and, in row {row:,}, into '{group}'",
                "give each source one group",
            )
    return found
