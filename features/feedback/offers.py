"""Which source a name stands for, wherever it is from: a refused dataset can be tried by hand as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from features.exchange.imports import Imports
from features.feedback.numbers import NOTHING
from features.registry.entries import Kind
from features.registry.ledger import Ledger
from features.wording import did_you_mean
from models.errors import NamingError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from features.artefacts.plan import Plan
    from features.registry.entries import Entry

__all__ = ["BASELINE", "Offer", "offer_of"]

BASELINE = "none"
"""What tables of results call fine-tuning without a source."""


@dataclass(frozen=True)
class Offer:
    """What can be tried as a source.

    Attributes
    ----------
    name
        As it was typed.
    first
        The first name of the same rows, which rankings use.
    version
        Of its rows, or of an imported map; None of what the gate refused, since that has none.
    is_tuned_elsewhere
        Whether its tuned model came from elsewhere: the same rows are then another source.
    """

    name: str
    first: str
    version: str | None
    is_tuned_elsewhere: bool = False


def offer_of(plan: Plan, name: str) -> Offer:
    """The source of a name: registered, of a ready-made pool, imported, or refused.

    Raises
    ------
    NamingError
        It is the baseline's name, or nobody's; the nearest names are suggested.
    """
    if name.strip().casefold() == BASELINE:
        raise NamingError(
            f"'{BASELINE}' is no source: what was reached without one is the baseline",
            consequence=NOTHING,
            next_step="springboard feedback TARGET SOURCE SCORE --baseline B for each source that was tried",
        )
    registry = plan.registry
    try:
        entry: Entry = registry.offered(name)
        return Offer(name, entry.name, entry.version, entry.tuned_model_id is not None)
    except NamingError as problem:
        unknown = problem
    imports = Imports(plan.workspace)
    taken = imports.current()
    if name in taken:
        first = next(one.name for one in imports.pool() if one.esm == taken[name].esm)
        return Offer(name, first, taken[name].esm)
    refused = _refused_names(plan, imports)
    if name in refused:
        return Offer(name, name, None)
    pooled = (one.name for one in registry.pooled().values())
    known = {*registry.current(Kind.SOURCE), *pooled, *taken, *refused}
    raise _unknown(unknown, name, known)


def _refused_names(plan: Plan, imports: Imports) -> set[str]:
    lines = Ledger(plan.workspace.ledgers / "quarantine.jsonl").read()
    datasets = {str(line["name"]) for line in lines if line.get("role") == Kind.SOURCE.value}
    return datasets | {one.name for one in imports.refused()}


def _unknown(problem: NamingError, name: str, known: Iterable[str]) -> NamingError:
    """The registry's error, with suggestions from everything that can be tried."""
    hint = did_you_mean(name, sorted(known))
    return NamingError(
        problem.what, consequence=NOTHING, next_step=f"springboard list sources shows the names.{hint}"
    )
