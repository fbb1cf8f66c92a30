"""What the page of a source shows: its facts, its quality, and where it ranks; as plain JSON-able values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from features.calibration.advice import gain_words
from features.reports.cells import cells_of, moment_text
from features.reports.pages import Group, is_leading
from features.reports.profiles import EMPTY, rows_sentence
from features.reports.slugs import source_slug
from features.wording import counted, decimals_for, fixed, plain

__all__ = ["Standing", "source_page", "standings_of"]


@dataclass
class Standing:
    """Where a source stands in the newest ranking of every target; each list goes by target.

    Attributes
    ----------
    places
        ``target``, ``slug``, ``rank``, ``of``, ``tier``, ``leads``, ``score``, ``gain``, and ``at`` in per cent of the
        way from last to first.
    beyond
        ``target``, ``slug`` of those where it is in the tail that is ordered by score only.
    left_out
        ``target``, ``slug``, ``reason``.
    """

    places: list[dict[str, Any]] = field(default_factory=list)
    beyond: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)

    @property
    def leads(self) -> int:
        """In how many leading tiers it is."""
        return sum(place["leads"] for place in self.places)

    @property
    def ranked(self) -> int:
        """For how many targets it is ranked."""
        return len(self.places) + len(self.beyond)


def standings_of(groups: Sequence[Group]) -> dict[str, Standing]:
    """Source name -> where it stands.

    The rank in a long tail is not given: each new score there moves hundreds of others by one, which is no news, and
    hundreds of pages would have to be written for it.
    """
    found: dict[str, Standing] = {}
    for group in groups:
        ranking = group.rankings[0]
        rows = ranking["ranking"]
        decimals = decimals_for([row["score"] for row in rows])
        about = {"target": plain(group.name), "slug": group.slug}
        for row in rows:
            standing = found.setdefault(plain(row["source"]), Standing())
            if is_leading(row["rank"], row["stderr"]):
                standing.places.append({**about, **_place(row, rows, decimals)})
            else:
                standing.beyond.append(about)
        for out in ranking.get("excluded", ()):
            standing = found.setdefault(plain(out["source"]), Standing())
            standing.left_out.append({**about, "reason": plain(out["reason"])})
    return found


def _place(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], decimals: int) -> dict[str, Any]:
    last = len(rows)
    share = 1.0 if last == 1 else (last - row["rank"]) / (last - 1)
    return {
        "rank": row["rank"],
        "of": last,
        "tier": row["tier"],
        "leads": row["tier"] == rows[0]["tier"],
        "score": row["score"],
        "score_text": fixed(row["score"], decimals),
        "gain": row.get("expected_gain"),
        "gain_text": "" if row.get("expected_gain") is None else gain_words(row),
        "at": f"{4 + 92 * share:.1f}%",
    }


def source_page(
    record: Mapping[str, Any],
    standing: Standing,
    profile: Mapping[str, Any] | None = None,
    docs: str = "",
) -> dict[str, Any]:
    """Make the page of a source.

    Parameters
    ----------
    record
        ``name``, ``task``, ``rows``, ``licence``, ``status``, ``reason``, ``reference``, ``added_at``, ``version``,
        ``pool``, ``same_rows_as``; what is missing is not shown.
    standing
        Of :func:`standings_of`.
    profile
        Of :func:`features.reports.profiles.source_profiles`.
    docs
        A link to its page of the Data Docs, or empty.
    """
    name = str(record.get("name") or "")
    known = {**EMPTY, **(profile or {})}
    quality = known["quality"]
    return {
        "name": plain(name),
        "slug": source_slug(name),
        "status": cells_of(record, "status"),
        "reason": plain(record.get("reason") or ""),
        "twin": plain(record.get("same_rows_as") or ""),
        "twin_slug": source_slug(record["same_rows_as"]) if record.get("same_rows_as") else "",
        "facts": _facts(record),
        "profile": known["profile"],
        "quality": None if quality is None else {**quality, "sentence": rows_sentence(quality)},
        "map": known["map"],
        "map_warnings": known["map_warnings"],
        "places": standing.places,
        "beyond": standing.beyond,
        "left_out": standing.left_out,
        "has_gains": any(place["gain_text"] for place in standing.places),
        "sentence": _sentence(standing),
        "docs": docs,
    }


def _facts(record: Mapping[str, Any]) -> list[list[str]]:
    pairs = [
        ("Task", cells_of(record, "task").replace("_", " ")),
        ("Rows", cells_of(record, "rows")),
        ("Licence", cells_of(record, "licence", "license")),
        ("Ready-made pool", plain(record.get("pool") or "")),
        ("Read from", plain(record.get("reference") or "")),
        ("Added", moment_text(record.get("added_at"))),
        ("Version", plain(record.get("version") or "")),
    ]
    return [[term, value] for term, value in pairs if value]


def _sentence(standing: Standing) -> str:
    out = len(standing.left_out)
    if not standing.ranked:
        left_out = f" It is left out for {counted(out, 'target')}." if out else ""
        return f"It is ranked for no target yet.{left_out}"
    left_out = f" It is left out for {out:,}." if out else ""
    return (
        f"It is in the leading tier of {standing.leads:,} of {counted(standing.ranked, 'target')}.{left_out}"
    )
