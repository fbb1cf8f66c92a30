"""A report as somebody gives it, and the same checked against what the workspace knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from features.feedback.numbers import NOTHING, checked_metric, read_score, read_seed
from features.feedback.offers import offer_of
from features.reading.wording import shown
from features.registry.entries import Kind
from models.errors import SettingsError

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.feedback.offers import Offer
    from features.registry.entries import Entry

__all__ = ["Checked", "Report", "checked_note", "checked_report"]

_MOST_NOTE = 1000


@dataclass(frozen=True)
class Report:
    """What a team saw, as it was typed.

    Attributes
    ----------
    target, source
        Names, as ``springboard rank`` shows them.
    score, baseline
        What the target's task reached after fine-tuning on the source first, and without.
    seed
        Of the run; reports of several seeds are averaged. Empty for none.
    metric
        What score and baseline are; None for accuracy, or Pearson's correlation where labels are numbers.
    note
        Anything worth keeping.
    """

    target: str
    source: str
    score: str
    baseline: str
    seed: str = ""
    metric: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Checked:
    """A report that can be recorded."""

    target: Entry
    offer: Offer
    score: float
    baseline: float
    seed: int | None
    metric: str
    note: str | None


def checked_report(plan: Plan, report: Report) -> Checked:
    """Check a report; nothing is stored.

    Raises
    ------
    NamingError
        The target or the source is not known, or the source is ``none``.
    SettingsError
        A number, the metric or the note cannot be taken, or the source is the target's own rows.
    """
    target = plan.registry.get(Kind.TARGET, report.target)
    offer = offer_of(plan, report.source)
    if offer.version == target.version:
        raise SettingsError(
            f"source '{offer.name}' has the very rows of target '{target.name}': nothing was transferred",
            consequence=NOTHING,
            next_step="report sources that are another dataset",
        )
    metric = checked_metric(report.metric, target.task)
    return Checked(
        target=target,
        offer=offer,
        score=read_score(report.score, "score", target.task, metric),
        baseline=read_score(report.baseline, "baseline", target.task, metric),
        seed=read_seed(report.seed),
        metric=metric,
        note=checked_note(report.note),
    )


def checked_note(note: str | None) -> str | None:
    """Return a note without the space around it; None where there is none.

    Raises
    ------
    SettingsError
        It is longer than 1,000 characters.
    """
    stripped = (note or "").strip()
    if len(stripped) > _MOST_NOTE:
        raise SettingsError(
            f"the note {shown(stripped, 40)} has {len(stripped):,} characters, and {_MOST_NOTE:,} are kept",
            consequence=NOTHING,
            next_step="shorten it, or name the place where the rest stands",
        )
    return stripped or None
