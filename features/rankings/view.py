"""What a person sees of a ranking: one view model behind the terminal table, the page and the artifact.

:func:`view_of` turns the dict that ``springboard rank --json`` prints into display strings and numbers to
draw. It formats and derives only: nothing is read, nothing is written, nothing is scored.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from features.calibration.advice import advice_of, evidence_words, gain_words, helps
from features.rankings.verdict import WHISKER, TierView, base_sentence, first_sentence, hidden_of, tiers_of
from features.wording import age_in_words, counted, decimals_for, fixed, plain
from models.errors import ArtefactError

__all__ = ["BaseView", "ExcludedView", "RankingView", "RowView", "TierView", "view_of"]


@dataclass(frozen=True)
class RowView:
    """One ranked source: its numbers, and each of them as text.

    ``low`` and ``high`` are 2 standard errors below and above the score, or the score itself where there is
    no standard error. ``gain`` is the expected gain in points, from ``gain_low`` to ``gain_high``, all None where
    there is none; ``gain_text`` is the same in words, ``"+2.1 (-0.4 to +4.6)"``, or empty. ``moved`` is ``"new"``,
    ``"▲ 2"``, ``"▼ 1"`` or ``"="`` (``moved_words`` the same in ASCII words); both are empty in a first ranking,
    where there is nothing to have moved from. ``climbed`` is by how many ranks, below 0 for down, None where there
    was no rank before.
    """

    rank: int
    source: str
    source_version: str
    score: float
    stderr: float | None
    score_text: str
    stderr_text: str
    tier: int
    moved: str
    moved_words: str
    low: float
    high: float
    starts_tier: bool
    gain_text: str = ""
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    climbed: int | None = None


@dataclass(frozen=True)
class ExcludedView:
    """A source that was left out of the ranking, and why."""

    source: str
    reason: str


@dataclass(frozen=True)
class BaseView:
    """The untouched encoder's own score, what every source has to beat."""

    score: float
    stderr: float | None
    score_text: str
    stderr_text: str
    beaten_by: int


@dataclass(frozen=True)
class RankingView:
    """A ranking, ready to be shown. ``rows`` may be cut at ``top``; tiers and summary speak of all of it."""

    target: str
    target_version: str
    target_rows: int | None
    task: str
    encoder: str
    encoder_label: str
    scorer: str
    lower_is_better: bool
    ranking_id: str
    previous_ranking_id: str
    created_at: datetime
    created_text: str
    age: str
    pool_size: int
    ranked: int
    rows: tuple[RowView, ...]
    hidden_text: str
    tiers: tuple[TierView, ...]
    excluded: tuple[ExcludedView, ...]
    base: BaseView | None
    first_sentence: str
    base_sentence: str
    warnings: tuple[str, ...]
    advice: str = ""
    helps: bool = True
    evidence_text: str = ""
    no_gains: str = ""
    pinned_text: str = ""
    restored_text: str = ""

    @property
    def summary(self) -> str:
        """What the ranking says, honestly; expected gains, where there are any, say more than the base score."""
        return f"{self.first_sentence} {self.advice or self.base_sentence}".rstrip()

    @property
    def is_discouraging(self) -> bool:
        """Whether it comes down to no source at all: none is ranked, or none is expected to help."""
        if self.advice:
            return not self.helps
        return not self.ranked or (self.base is not None and self.base.beaten_by == 0)

    @property
    def has_gains(self) -> bool:
        """Whether any shown row has an expected gain."""
        return any(row.gain_text for row in self.rows)

    @property
    def first_tier(self) -> tuple[str, ...]:
        """The shown sources of the first tier."""
        return tuple(row.source for row in self.rows if row.tier == self.tiers[0].number)

    @property
    def target_text(self) -> str:
        """The target's task and size, as far as they are known: ``"classification, 240 rows"``."""
        rows = "" if self.target_rows is None else counted(self.target_rows, "row")
        return ", ".join(part for part in (self.task, rows) if part)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """The head of the ranking as (term, value) pairs, in the order to show them."""
        pairs = [
            ("Target", self.target_text),
            ("Ranked", f"{self.age} ({self.created_text})"),
            ("Pinned", self.pinned_text),
            ("Restored", self.restored_text),
            ("Sources", self.pool_text),
            ("Scorer", self.scorer_text),
            ("Encoder", self.encoder_label),
            ("Untouched encoder", self.base_text),
            ("Expected gains", self.evidence_text),
            ("Ranking", self.ranking_id),
        ]
        return tuple((term, value) for term, value in pairs if value)

    @property
    def scorer_text(self) -> str:
        """The scorer's name; where its low scores are the good ones, that too."""
        return f"{self.scorer} (lower is better)" if self.lower_is_better else self.scorer

    @property
    def has_errors(self) -> bool:
        """Whether any shown row has a standard error."""
        return any(row.stderr is not None for row in self.rows)

    @property
    def pool_text(self) -> str:
        """How many sources the pool held and how many of them were left out."""
        out = f", {len(self.excluded):,} left out" if self.excluded else ""
        return f"{self.ranked:,} ranked of {self.pool_size:,} in the pool{out}"

    @property
    def base_text(self) -> str:
        """The untouched encoder's score and how many sources beat it; empty where it was not scored."""
        if self.base is None:
            return ""
        error = "" if self.base.stderr is None else f" {self.base.stderr_text}"
        return f"{self.base.score_text}{error}, beaten by {self.base.beaten_by:,} of {self.ranked:,}"

    @property
    def axis(self) -> tuple[float, float]:
        """Lowest and highest number a drawing of the shown rows has to hold, the base encoder's included."""
        ends = [end for row in self.rows for end in (row.low, row.high)]
        if self.base is not None:
            ends.append(self.base.score)
        return (min(ends), max(ends)) if ends else (0.0, 0.0)


def view_of(
    ranking: Mapping[str, Any], *, top: int | None = None, now: datetime | None = None
) -> RankingView:
    """Make the view of a ranking.

    Parameters
    ----------
    ranking
        The object that ``springboard rank --json`` prints.
    top
        Keep only this many rows; None keeps all.
    now
        The moment its age is counted to, with a time zone; None is this moment.

    Raises
    ------
    ArtefactError
        A field is missing or is not what it should be.
    """
    try:
        return _view_of(ranking, top, now or datetime.now(UTC))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        name = plain(ranking.get("target", "?")) if isinstance(ranking, Mapping) else "?"
        what = f"field {error} is missing" if isinstance(error, KeyError) else str(error)
        raise ArtefactError(
            f"The stored ranking of target '{name}' cannot be shown: {what}",
            consequence="the ranking is left as it is",
            next_step="springboard refresh --force NAME",
        ) from error


def _view_of(ranking: Mapping[str, Any], top: int | None, now: datetime) -> RankingView:
    entries = sorted(ranking["ranking"], key=lambda entry: int(entry["rank"]))
    first_time = _is_first(ranking, entries)
    base = ranking.get("base_score")
    lower = _lower_is_better(ranking)
    decimals = decimals_for([_number(e["score"], e["source"]) for e in entries[:top]])
    rows = [_row(entry, decimals, first_time) for entry in entries]
    rows = [_marked(row, before) for row, before in zip(rows, [None, *rows], strict=False)]
    tiers = tiers_of(rows)
    base_view = None if base is None else _base(base, decimals, rows, lower)
    created = _moment(ranking["created_at"])
    shown = rows if top is None else rows[: max(top, 0)]
    excluded = tuple(
        ExcludedView(plain(e["source"]), plain(e["reason"])) for e in ranking.get("excluded", ())
    )
    return RankingView(
        target=plain(ranking["target"]),
        target_version=plain(ranking["target_version"]),
        target_rows=None if ranking.get("target_rows") is None else int(ranking["target_rows"]),
        task=plain(ranking.get("task") or "").replace("_", " "),
        encoder=plain(ranking["encoder"]),
        encoder_label=plain(ranking.get("encoder_label") or ranking["encoder"]),
        scorer=plain(ranking["scorer"]),
        lower_is_better=lower,
        ranking_id=plain(ranking["ranking_id"]),
        previous_ranking_id=plain(ranking.get("previous_ranking_id") or ""),
        created_at=created,
        created_text=f"{created:%Y-%m-%d %H:%M} UTC",
        age=age_in_words(created, now),
        pool_size=int(ranking["pool_size"]),
        ranked=len(rows),
        rows=tuple(shown),
        hidden_text=hidden_of(rows, len(shown)),
        tiers=tiers,
        excluded=excluded,
        base=base_view,
        first_sentence=first_sentence(
            rows,
            tiers,
            [out.reason for out in excluded],
            lower=lower,
            no_stderr=plain(ranking.get("no_stderr") or ""),
        ),
        base_sentence=base_sentence(rows, base_view, lower=lower),
        warnings=tuple(plain(w) for w in ranking.get("warnings") or ()),
        advice=plain(advice_of(ranking, with_tier=False)) if ranking.get("calibration") else "",
        helps=helps(ranking),
        no_gains="" if ranking.get("calibration") else plain(ranking.get("advice") or ""),
        pinned_text=_pinned_text(ranking),
        restored_text=_restored_text(ranking),
        evidence_text=evidence_words(ranking["calibration"]) if ranking.get("calibration") else "",
    )


def _pinned_text(ranking: Mapping[str, Any]) -> str:
    pin = ranking.get("pinned")
    if not pin:
        return ""
    since = f"since {_moment(pin['since']):%Y-%m-%d %H:%M} UTC"
    why = f": {plain(pin['reason'])}" if pin.get("reason") else ""
    newer = "; a newer ranking is stored" if pin.get("newest_ranking_id") != ranking["ranking_id"] else ""
    return f"as in release {plain(pin['release'])[:12]}, {since}{why}{newer}"


def _restored_text(ranking: Mapping[str, Any]) -> str:
    back = ranking.get("restored")
    if not back:
        return ""
    return (
        f"from release {plain(back['release'])[:12]} on {_moment(back['since']):%Y-%m-%d %H:%M} UTC; "
        "what came between counts from the next change on"
    )


def _lower_is_better(ranking: Mapping[str, Any]) -> bool:
    # Rankings from before there was a direction are by LogME, where higher is better.
    direction = ranking.get("direction", "higher")
    if direction not in ("higher", "lower"):
        raise ValueError(f"its direction is {plain(direction)}, neither higher nor lower")
    return bool(direction == "lower")


def _number(value: object, source: object) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"the score of '{plain(source)}' is {plain(value)}, not a number")
    return float(value)


def _spread(value: object) -> float | None:
    """Return a standard error, or None where there is none or it is not a finite number."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return abs(float(value))


def _error_text(stderr: float | None, decimals: int) -> str:
    return "\N{EN DASH}" if stderr is None else f"± {fixed(stderr, decimals)}"


def _is_first(ranking: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether nothing came before: said outright, or else told from no row having a previous rank."""
    if ranking.get("previous_ranking_id"):
        return False
    return all(entry.get("previous_rank") is None for entry in entries)


def _moved(rank: int, previous: int | None, first_time: bool) -> tuple[str, str]:
    if first_time:
        return "", ""
    if previous is None:
        return "new", "new"
    if previous == rank:
        return "=", "same"
    return (
        (f"▲ {previous - rank}", f"up {previous - rank}")
        if previous > rank
        else (
            f"▼ {rank - previous}",
            f"down {rank - previous}",
        )
    )


def _row(entry: Mapping[str, Any], decimals: int, first_time: bool) -> RowView:
    score = _number(entry["score"], entry["source"])
    stderr = _spread(entry["stderr"])
    rank, previous = int(entry["rank"]), entry.get("previous_rank")
    moved, words = _moved(rank, None if previous is None else int(previous), first_time)
    half = 0.0 if stderr is None else WHISKER * stderr
    return RowView(
        rank=rank,
        source=plain(entry["source"]),
        source_version=plain(entry["source_version"]),
        score=score,
        stderr=stderr,
        score_text=fixed(score, decimals),
        stderr_text=_error_text(stderr, decimals),
        tier=int(entry["tier"]),
        moved=moved,
        moved_words=words,
        low=score - half,
        high=score + half,
        starts_tier=False,
        gain_text="" if entry.get("expected_gain") is None else gain_words(entry),
        gain=_points(entry, "expected_gain"),
        gain_low=_points(entry, "gain_low"),
        gain_high=_points(entry, "gain_high"),
        climbed=None if previous is None else int(previous) - rank,
    )


def _points(entry: Mapping[str, Any], name: str) -> float | None:
    return None if entry.get(name) is None else _number(entry[name], entry["source"])


def _marked(row: RowView, before: RowView | None) -> RowView:
    return replace(row, starts_tier=before is None or before.tier != row.tier)


def _base(base: Mapping[str, Any], decimals: int, rows: Sequence[RowView], lower: bool) -> BaseView:
    score, stderr = _number(base["score"], "the untouched encoder"), _spread(base.get("stderr"))
    return BaseView(
        score=score,
        stderr=stderr,
        score_text=fixed(score, decimals),
        stderr_text=_error_text(stderr, decimals),
        beaten_by=sum(row.score < score if lower else row.score > score for row in rows),
    )


def _moment(value: object) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
