"""What is known of a source: its profile, what the gate found, and its map; from the cards of its files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from features.artefacts.files import read_arrays_card, read_table_card
from features.exchange import Imports
from features.reports.remembered import Remembered
from features.wording import counted, plain
from models.errors import ArtefactError

if TYPE_CHECKING:
    from features.artefacts.cards import Card
    from features.artefacts.plan import Plan
    from features.exchange.imports import Import
    from features.registry.entries import Entry, Pooled

__all__ = ["EMPTY", "source_profiles"]

Pairs = list[list[str]]

EMPTY: dict[str, Any] = {"profile": [], "quality": None, "map": [], "map_warnings": []}
"""Of a source whose files are not here."""


def source_profiles(plan: Plan, remembered: Remembered) -> dict[str, dict[str, Any]]:
    """Source name -> what is known of it.

    Returns
    -------
    dict
        ``profile`` and ``map`` are (term, value) pairs for people; ``quality`` is None where the gate never saw the
        rows here, else ``rows``, ``refused``, ``by_rule`` (pairs) and ``findings`` (``severity``, ``message``);
        ``map_warnings`` are sentences. What cannot be read is left out: the pages of all others stand.
    """
    found = {one.name: _imported(one) for one in Imports(plan.workspace).current().values()}
    for one in plan.registry.pooled().values():
        found[one.name] = _pooled(plan, one, remembered)
    for entry in plan.registry.pool().values():
        found[entry.name] = _own(plan, entry, remembered)
    for entry in _twins(plan):
        found.setdefault(entry.name, _own(plan, entry, remembered))
    return found


def _twins(plan: Plan) -> list[Entry]:
    from features.registry.entries import Kind

    return list(plan.registry.current(Kind.SOURCE).values())


def _own(plan: Plan, entry: Entry, remembered: Remembered) -> dict[str, Any]:
    esm = plan.source_keys(entry).esm

    def dataset() -> dict[str, Any]:
        card = read_table_card(plan.path("datasets", entry.version))
        return {"profile": _profile(card.facts, card.settings), "quality": _quality(card.facts.get("gate"))}

    def of_map() -> dict[str, Any]:
        return _map(read_arrays_card(plan.path("esms", esm)))

    return {
        **EMPTY,
        **_known(remembered, f"dataset {entry.version}", dataset),
        **_known(remembered, f"esm {esm}", of_map),
    }


def _pooled(plan: Plan, one: Pooled, remembered: Remembered) -> dict[str, Any]:
    def read() -> dict[str, Any]:
        card = read_arrays_card(plan.path("pools", one.file))
        about = card.facts["about"]
        told = [[name.replace("_", " "), plain(about[name])] for name in sorted(about) if about[name]]
        profile = _profile(card.facts["profile"], card.settings)
        return {"profile": [*profile, *told], **_map_facts(card.facts["esm"]["facts"])}

    return {**EMPTY, **_known(remembered, f"pool {one.file}", read)}


def _imported(one: Import) -> dict[str, Any]:
    said = [
        ["Base model", one.base_model],
        ["Made from", " ".join(part for part in (one.task_id, one.task_subset) if part)],
        ["Text columns", ", ".join(one.text_columns)],
        ["Label column", one.label_column or ""],
    ]
    shape = [["Rank", f"{one.rank:,} of {one.width:,}"]]
    return {**EMPTY, "profile": [[term, plain(value)] for term, value in said if value], "map": shape}


def _known(remembered: Remembered, key: str, read: Any) -> dict[str, Any]:
    try:
        found: dict[str, Any] = remembered.get(key, read)
    except (ArtefactError, KeyError, TypeError):
        return {}
    return found


def _profile(facts: Mapping[str, Any], settings: Mapping[str, Any]) -> Pairs:
    share = facts.get("majority_share")
    pairs = [
        ("Characters a text, mean", _number(facts.get("mean_chars"))),
        ("Classes", _number(facts.get("classes"))),
        ("Largest class", "" if share is None else f"{share:.1%} of the rows"),
        (
            "Labels",
            _spread(*(facts.get(f"label_{name}") for name in ("min", "max", "mean", "std"))),
        ),
        ("Columns", plain(settings.get("mapping") or "")),
        ("Rows kept at most", _number(settings.get("cap"))),
    ]
    return [[term, value] for term, value in pairs if value]


def _spread(low: float | None, high: float | None, mean: float | None, deviation: float | None) -> str:
    if low is None or high is None or mean is None or deviation is None:
        return ""
    return f"{low:.4g} to {high:.4g}, mean {mean:.4g}, std. deviation {deviation:.4g}"


def _number(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def _quality(gate: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not gate:
        return None
    return {
        "rows": gate["rows"],
        "refused": gate["refused"],
        "by_rule": [[plain(rule), count] for rule, count in sorted(gate["refused_by_rule"].items())],
        "findings": [
            {"severity": plain(one["severity"]), "message": plain(one["message"])} for one in gate["findings"]
        ],
    }


def _map(card: Card) -> dict[str, Any]:
    return _map_facts(card.facts)


def _map_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    error, identity, r2 = (facts.get(name) for name in ("heldout_error", "identity_error", "heldout_r2"))
    pairs = [("Rank", f"{facts['rank']:,} of {facts['dim']:,}")]
    if error is not None and identity:
        less = 1 - error / identity
        word = "less" if less >= 0 else "more"
        pairs.append(("Error on held-out rows", f"{error:.4g}, {abs(less):.1%} {word} than without a map"))
    if r2 is not None:
        pairs.append(("Held-out R\N{SUPERSCRIPT TWO}", f"{r2:.4f}"))
    warnings = [plain(one) for one in facts.get("warnings") or ()]
    return {"map": [[term, value] for term, value in pairs], "map_warnings": warnings}


def rows_sentence(quality: Mapping[str, Any]) -> str:
    """How many rows the gate refused: ``"The gate refused 3 of 400 rows."``."""
    if not quality["refused"]:
        return f"The gate refused none of {counted(quality['rows'], 'row')}."
    return f"The gate refused {quality['refused']:,} of {counted(quality['rows'], 'row')}."
