"""Everything that was reported, as plain records: what counts, and what was replaced or withdrawn since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.rankings.transfers import REPORTED, WITHDRAWN, Transfers

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["feedback_records"]

_KEPT = (
    "target",
    "source",
    "seed",
    "metric",
    "rank",
    "ranked",
    "tier",
    "advised_score",
    "ranking_id",
    "encoder",
    "scorer",
    "target_version",
    "source_version",
    "by",
    "note",
    "at",
)


def feedback_records(plan: Plan) -> list[dict[str, Any]]:
    """One record per line of ledgers/transfers.jsonl, newest first.

    Keys: ``number`` (of the line, from 1), ``status`` ("in force", "replaced", "withdrawn", or "withdrawal" of the
    line that took others back), ``score``, ``baseline`` and ``gain`` (None of a withdrawal), and what the line says
    beside; None where it says nothing.

    Raises
    ------
    ArtefactError
        A line is neither a result nor a withdrawal.
    """
    transfers = Transfers(plan)
    standing = transfers.standing
    records = []
    for number, line in enumerate(transfers.lines, start=1):
        is_result = line.get("event", REPORTED) != WITHDRAWN
        score, baseline = (float(line["score"]), float(line["baseline"])) if is_result else (None, None)
        gain = None if score is None or baseline is None else score - baseline
        said = {name: line.get(name) for name in _KEPT}
        shown = {"score": score, "baseline": baseline, "gain": gain}
        records.append({"number": number, "status": standing[number], **shown, **said})
    return records[::-1]
