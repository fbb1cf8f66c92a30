"""The ledger of what past transfers reached, and which of its records are in force."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from features.exchange.imports import Imports
from features.registry.entries import Kind
from features.registry.ledger import Ledger
from models.errors import ArtefactError

if TYPE_CHECKING:
    from pathlib import Path

    from features.artefacts.plan import Plan

__all__ = ["REPORTED", "WITHDRAWN", "Pair", "Transfer", "Transfers"]

REPORTED = "reported"
"""The event of a result; a record without an event is one too."""

WITHDRAWN = "withdrawn"
"""The event that takes back what was reported of a pair before, of one seed where it names one."""

_EVENTS = (REPORTED, WITHDRAWN)

Pair = tuple[str, str]
"""Source and target, each under the first name of its rows."""


@dataclass(frozen=True)
class Transfer:
    """One result: what the target's task reached after intermediate fine-tuning on the source, and without.

    Attributes
    ----------
    number
        Which record of the ledger it is, from 1.
    pair
        Whose result it is.
    seed
        Of the run, where it was said.
    score, baseline
        With the source and without, both finite.
    line
        The record as it stands in the ledger.
    """

    number: int
    pair: Pair
    seed: int | None
    score: float
    baseline: float
    line: Mapping[str, Any]

    @property
    def gain(self) -> float:
        """Score minus baseline."""
        return self.score - self.baseline

    @property
    def target_version(self) -> str | None:
        """Of the rows that the target had then; None where the record does not say it."""
        version = self.line.get("target_version")
        return None if version is None else str(version)


@dataclass
class _State:
    """What a reader of the ledger knows after some of its records."""

    in_force: dict[Pair, dict[int | None, Transfer]] = field(default_factory=dict)
    first: dict[Pair, dict[str | None, Transfer]] = field(default_factory=dict)
    standing: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Transfers:
    """Results of past transfers: records with ``source``, ``target``, ``score``, ``baseline`` and perhaps a ``seed``.

    The newest of a pair and seed is in force; a pair is worth the mean over its seeds. A result without a seed stands
    beside those with one, as a run of its own. A withdrawal takes back what came before it.

    Results go by names: a source or target that stands for other rows since then keeps its results, as a source that
    grows every month would otherwise never have any. Two names of the same rows are one.
    """

    plan: Plan

    @property
    def path(self) -> Path:
        """The ledger's file."""
        return self.plan.workspace.ledgers / "transfers.jsonl"

    @cached_property
    def lines(self) -> list[dict[str, Any]]:
        """Every record as it stands, oldest first.

        Raises
        ------
        ArtefactError
            A line of the ledger is not a record.
        """
        return Ledger(self.path).read()

    @property
    def in_force(self) -> dict[Pair, dict[int | None, Transfer]]:
        """Pair -> seed -> the result in force; a pair of which all was withdrawn is not there.

        Raises
        ------
        ArtefactError
            A record of the ledger is neither a result nor a withdrawal.
        """
        return self._state.in_force

    def first_of(self, result: Transfer) -> Transfer:
        """The first result of a pair on the same rows of the target, since the last withdrawal of them all.

        Whatever it says was advised, was advised before anything of the pair was known.

        Raises
        ------
        ArtefactError
            As for :attr:`in_force`.
        """
        return self._state.first.get(result.pair, {}).get(result.target_version, result)

    @property
    def standing(self) -> dict[int, str]:
        """Number of a record -> ``in force``, ``replaced``, ``withdrawn`` or ``withdrawal``.

        Raises
        ------
        ArtefactError
            As for :attr:`in_force`.
        """
        return self._state.standing

    def pair_of(self, source: str, target: str) -> Pair:
        """The pair that two names stand for."""
        return self._sources.get(source, source), self._targets.get(target, target)

    @cached_property
    def gains(self) -> dict[str, dict[str, float]]:
        """Source -> target -> gain in force, the mean over seeds, under first names.

        Raises
        ------
        ArtefactError
            As for :attr:`in_force`.
        """
        found: dict[str, dict[str, float]] = {}
        for (source, target), runs in self.in_force.items():
            found.setdefault(source, {})[target] = math.fsum(run.gain for run in runs.values()) / len(runs)
        return found

    @cached_property
    def _state(self) -> _State:
        state = _State()
        for number, line in enumerate(self.lines, start=1):
            try:
                self._take(state, number, line)
            except (KeyError, TypeError, ValueError) as problem:
                raise ArtefactError(
                    f"record {number} of '{self.path}' is not a transfer result ({problem})",
                    consequence="scores that go by past transfers were not computed",
                    next_step="each record has a source, a target, a score and a baseline; correct it",
                ) from problem
        return state

    def _take(self, state: _State, number: int, line: Mapping[str, Any]) -> None:
        pair = self.pair_of(str(line["source"]), str(line["target"]))
        seed = _seed_of(line)
        event = line.get("event", REPORTED)
        if event not in _EVENTS:
            raise ValueError(f"its event is {event!r}")
        if event == WITHDRAWN:
            _withdraw(state, pair, seed)
            state.standing[number] = "withdrawal"
            return
        result = Transfer(number, pair, seed, float(line["score"]), float(line["baseline"]), line)
        if not (math.isfinite(result.score) and math.isfinite(result.baseline)):
            raise ValueError("a score that is not finite")
        runs = state.in_force.setdefault(pair, {})
        if seed in runs:
            state.standing[runs[seed].number] = "replaced"
        runs[seed] = result
        state.first.setdefault(pair, {}).setdefault(result.target_version, result)
        state.standing[number] = "in force"

    @cached_property
    def _sources(self) -> dict[str, str]:
        """Name -> the first name of the same rows and tuned model, or of the same imported map."""
        pool = self.plan.registry.pool()
        found = {
            name: pool[entry.version, entry.tuned_model_id].name
            for name, entry in self.plan.registry.current(Kind.SOURCE).items()
        }
        firsts = {version: entry.name for (version, tuned), entry in pool.items() if tuned is None}
        for one in self.plan.registry.pooled().values():
            found.setdefault(one.name, firsts.setdefault(one.version, one.name))
        imports = Imports(self.plan.workspace).current()
        maps: dict[str, str] = {}
        for name, taken in imports.items():
            found.setdefault(name, maps.setdefault(taken.esm, name))
        return found

    @cached_property
    def _targets(self) -> dict[str, str]:
        """Name -> the first name of the same rows."""
        firsts: dict[str, str] = {}
        found: dict[str, str] = {}
        for name, entry in self.plan.registry.current(Kind.TARGET).items():
            found[name] = firsts.setdefault(entry.version, name)
        return found


def _seed_of(line: Mapping[str, Any]) -> int | None:
    seed = line.get("seed")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise ValueError(f"its seed is {seed!r}, not a whole number")
    return seed


def _withdraw(state: _State, pair: Pair, seed: int | None) -> None:
    """Take back all runs of a pair, or that of one seed."""
    runs = state.in_force.get(pair, {})
    for one in [seed] if seed is not None else list(runs):
        if one in runs:
            state.standing[runs.pop(one).number] = "withdrawn"
    if not runs:
        state.in_force.pop(pair, None)
        state.first.pop(pair, None)
