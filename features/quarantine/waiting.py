"""What waits in quarantine of one name: a refused dataset, or the refused rows of an accepted one."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from features.artefacts.files import read_table, read_table_card
from features.gate.waiver import row_digests
from features.quarantine.decisions import Decisions
from features.quarantine.refusals import Refusals
from features.reading.wording import did_you_mean, shown
from models.errors import ArtefactError, NamingError, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from features.artefacts.cards import Card
    from features.workspace.layout import Workspace

__all__ = ["ROWS", "Waiting", "waiting_of"]

ROWS = {
    "row": pl.String,
    "digest": pl.String,
    "split": pl.String,
    "position": pl.Int64,
    "text_a": pl.String,
    "text_b": pl.String,
    "label": pl.String,
    "rule": pl.String,
    "reason": pl.String,
}
"""What is known of a refused row; ``row`` names it, by content and place."""


@dataclass(frozen=True)
class Waiting:
    """What waits under a name.

    Attributes
    ----------
    name, role
        The dataset, and what it was to be.
    stopped
        Whether the dataset was refused as a whole; then ``reasons`` say why and ``refusal`` is the ledger's line.
    rows
        The waiting rows (:data:`ROWS`); of a refused dataset all of them, under the rule ``dataset`` those that no rule
        of rows objected to.
    files
        Keys of the quarantine files that the decision is on: of a refused dataset those of its refusals, else all of
        the name.
    """

    name: str
    role: str
    stopped: bool
    reasons: tuple[str, ...]
    rows: pl.DataFrame
    files: tuple[str, ...]
    refusal: dict[str, Any] | None = None

    @property
    def by_rule(self) -> dict[str, int]:
        """Rule -> how many rows wait for it, most first."""
        counts = self.rows["rule"].value_counts().sort(["count", "rule"], descending=[True, False])
        return dict(counts.iter_rows())


@dataclass(frozen=True)
class _File:
    path: Path
    card: Card


def waiting_of(workspace: Workspace, name: str, role: str | None = None) -> Waiting:
    """Find what waits under a name.

    Parameters
    ----------
    workspace
        Where to look.
    name
        As ``springboard quarantine list`` shows it.
    role
        ``source`` or ``target``, where both wait.

    Raises
    ------
    NamingError
        Nothing waits under that name.
    SettingsError
        A source and a target of that name wait, and nobody said which.
    ArtefactError
        A file of that name is broken.
    """
    decisions = Decisions(workspace)
    files = _files(workspace, decisions)
    refusals = Refusals(decisions)
    known = {(f.card.inputs["name"], f.card.inputs["role"]) for f in files}
    known |= {(line["name"], line["role"]) for line in refusals.lines}
    found = []
    for one in ("source", "target"):
        if (name, one) in known and role in (None, one):
            waiting = _waiting(refusals, name, one, files)
            if waiting is not None:
                found.append(waiting)
    if len(found) == 1:
        return found[0]
    if found:
        raise SettingsError(
            f"a source and a target called {shown(name)} both wait in quarantine",
            consequence="nothing was done",
            next_step="say which with --role source or --role target",
        )
    _refuse_unread(workspace, name)
    # What was decided on is known still, and is no answer to its own name.
    hint = did_you_mean(name, {known_name for known_name, _ in known} - {name})
    raise NamingError(
        f"nothing waits in quarantine under {shown(name)}",
        consequence="nothing was done",
        next_step=f"springboard quarantine list shows what does{f' ({hint})' if hint else ''}",
    )


def _refuse_unread(workspace: Workspace, name: str) -> None:
    """Of what could not be read there are no rows to show, release or drop."""
    from features.inbox.listing import refused_unread

    for one in refused_unread(workspace):
        if one["name"] == name:
            raise NamingError(
                f"{shown(name)} could not be read ({one['reason']}), so that none of its rows wait in quarantine",
                consequence="nothing was done",
                next_step=f"it lies at {shown(one['place'], 300)}: take it away, or put another file in its place",
            )


def _files(workspace: Workspace, decisions: Decisions) -> list[_File]:
    found = []
    for path in sorted(workspace.folder("quarantine").glob("[!.]*.parquet")):
        if path.stem in decisions.dropped_files:
            continue
        try:
            found.append(_File(path, read_table_card(path)))
        except ArtefactError:
            continue  # The list names it; it must not keep the others from being decided.
    return found


def _waiting(refusals: Refusals, name: str, role: str, files: list[_File]) -> Waiting | None:
    mine = [f for f in files if (f.card.inputs["name"], f.card.inputs["role"]) == (name, role)]
    link = refusals.decisions.link(role, name)
    stopped = [f for f in mine if f.card.facts["stopped"] and refusals.is_waiting(f.path.stem, f.card)]
    refused = [r for r in refusals.waiting if (r["name"], r["role"]) == (name, role)]
    if stopped or refused:
        newest = max(stopped, key=lambda f: refusals.when(f.path.stem, f.card), default=None)
        rows = _rows([newest] if newest else [], Counter())
        line = refused[-1] if refused else None
        reasons = newest.card.facts["reasons"] if newest else (line or {}).get("reasons", [])
        # The rows that were refused when an earlier version was accepted wait for a decision of their own.
        whole = tuple(f.path.stem for f in mine if f.card.facts["stopped"])
        return Waiting(name, role, True, tuple(reasons), rows, whole, line)
    partial = [f for f in mine if not f.card.facts["stopped"]]
    if link is not None and link.is_known:
        partial = [f for f in partial if f.path.stem == link.file]
    rows = _rows(partial, link.released if link else Counter())
    return None if rows.is_empty() else Waiting(name, role, False, (), rows, tuple(f.path.stem for f in mine))


def _rows(files: list[_File], released: Counter[str]) -> pl.DataFrame:
    """The rows of files, each once, without those that were released."""
    frames = []
    for file in files:
        rows = read_table(file.path)
        digests = row_digests(rows)
        places = rows.select("split", "position").rows()
        names = [_row_name(digest, *place) for digest, place in zip(digests, places, strict=True)]
        frames.append(rows.with_columns(row=pl.Series(names, dtype=pl.String), digest=pl.Series(digests)))
    if not frames:
        return pl.DataFrame(schema=ROWS)
    every = pl.concat([frame.select(*ROWS) for frame in frames]).unique(
        "row", keep="last", maintain_order=True
    )
    ordered = every.sort("split", "position", maintain_order=True)
    # The gate lets the first so many of a content pass: those are the released ones.
    number = pl.int_range(pl.len()).over("digest")
    free = pl.Series("free", [released[digest] for digest in ordered["digest"]], dtype=pl.Int64)
    return ordered.with_columns(free, number=number).filter(pl.col("number") >= pl.col("free")).select(*ROWS)


def _row_name(digest: str, split: str, position: int) -> str:
    return hashlib.sha256(f"{digest} {split} {position}".encode()).hexdigest()[:10]
