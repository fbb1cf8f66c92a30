"""``springboard explain``: the lineage of one row of a ranking, from what is stored; nothing is computed anew."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from features.artefacts.failures import reasons
from features.lineage.nearest import nearest_rows
from features.lineage.parts import dataset_facts, esm_facts, overlap_facts, release_of
from features.rankings.history import shown_ranking
from features.rankings.pool import Member, Pool
from features.rankings.staleness import freshness
from features.registry.entries import Kind
from features.wording import did_you_mean, joined
from models.errors import ArtefactError, NamingError
from models.scorers import get_scorer

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.rankings.staleness import Freshness
    from features.registry.entries import Entry

__all__ = ["explain"]

_ROW = ("rank", "tier", "score", "stderr", "previous_rank", "expected_gain", "gain_low", "gain_high")


def explain(
    plan: Plan, target_name: str, source_name: str, *, scorer: str | None = None, rows: int = 5
) -> dict[str, Any]:
    """Explain where a source stands for a target, and why.

    Parameters
    ----------
    plan
        Keys and paths under the settings in force.
    target_name, source_name
        As ``springboard rank`` names them; of several names of the same rows any.
    scorer
        A scorer's name; the settings' default when not given.
    rows
        How many of the nearest pairs of rows.

    Returns
    -------
    dict
        JSON-able; docs/operations.md gives the keys. ``status`` is ``ranked``, ``excluded``, ``pending`` or
        ``not in the ranking``; ``ranking`` is None where the target was never ranked by the scorer.

    Raises
    ------
    NamingError
        The target or the source is not known.
    ArtefactError
        The ranking's file is missing or was changed.
    """
    scorer = get_scorer(scorer or plan.workspace.settings.ranking.scorer).name
    target = plan.registry.get(Kind.TARGET, target_name)
    pool = Pool(plan)
    member = next((m for m in pool.members if m.entry.name == source_name), None)
    source = member.entry if member else _known(plan, pool, source_name)
    name = source.name if source else source_name
    member = member or next((m for m in pool.members if m.entry.name == name), None)
    shown = shown_ranking(plan.workspace, target.name, scorer, plan.encoder)
    row = _of_source(shown, "ranking", name)
    excluded = _of_source(shown, "excluded", name)
    fresh = next(one for one in freshness(plan, scorer) if one.target == target.name)
    pending = None if member or source is None else reasons(plan.workspace).get(name, "not ingested yet")
    return {
        "target": dataset_facts(target),
        "source": {"name": name, **(dataset_facts(source) if source else {}), "came_as": _came_as(member)},
        "scorer": scorer,
        "status": _status(row, excluded, pending, pool.left_out.get(name)),
        "reason": (excluded or {}).get("reason") or pool.left_out.get(name) or pending,
        "row": None if row is None else {key: row.get(key) for key in _ROW},
        "ranking": None if shown is None else _ranking_facts(plan, shown),
        "versions_in_ranking": None
        if row is None or shown is None
        else {"target": shown["target_version"], "source": row["source_version"]},
        "encoder": {"id": plan.encoder, "settings": _encoder_settings(plan)},
        "esm": None if member is None else esm_facts(plan, member),
        "overlap": None if source is None else overlap_facts(plan, pool, target, source),
        **_nearest(plan, target, source, member, rows),
        "would_change": _would_change(
            target, source, shown, row, fresh.reason if fresh.is_stale else "", pending
        ),
        "stale_since": fresh.stale_since,
        "reproduce": _reproduce(plan, target.name, scorer, shown, fresh),
    }


def _known(plan: Plan, pool: Pool, name: str) -> Entry | None:
    """The source of a name that is not in the pool as such: another name of it, or one that waits or is left out."""
    if name in pool.left_out:
        return next((one.as_source() for one in plan.registry.pooled().values() if one.name == name), None)
    try:
        return plan.registry.offered(name)
    except NamingError as problem:
        known = {*plan.registry.current(Kind.SOURCE), *pool.left_out, *(m.entry.name for m in pool.members)}
        raise NamingError(
            problem.what,
            consequence="nothing was shown",
            next_step=f"springboard list sources shows the names.{did_you_mean(name, sorted(known))}",
        ) from problem


def _of_source(shown: dict[str, Any] | None, part: str, name: str) -> dict[str, Any] | None:
    return next((row for row in (shown or {}).get(part, ()) if row["source"] == name), None)


def _status(
    row: dict[str, Any] | None, excluded: dict[str, Any] | None, pending: str | None, left_out: str | None
) -> str:
    if row is not None:
        return "ranked"
    if excluded is not None or left_out is not None:
        return "excluded"
    return "not in the ranking" if pending is None else "pending"


def _came_as(member: Member | None) -> str:
    if member is None or member.is_own:
        return "dataset"
    return "imported ESM" if member.imported else "source of a ready-made pool"


def _encoder_settings(plan: Plan) -> str:
    settings = plan.workspace.settings.encoder
    return f"{settings.ref}, {settings.pooling}, {settings.max_length} tokens"


def _ranking_facts(plan: Plan, shown: dict[str, Any]) -> dict[str, Any]:
    base = shown.get("base_score")
    return {
        "ranking_id": shown["ranking_id"],
        "created_at": shown["created_at"],
        "settings": shown["settings"],
        "code": shown["code"],
        "direction": shown.get("direction", "higher"),
        "ranked": len(shown["ranking"]),
        "pool_size": shown["pool_size"],
        "base_score": None if base is None else base["score"],
        "leader": shown["ranking"][0]["source"] if shown["ranking"] else None,
        "no_stderr": shown.get("no_stderr"),
        "advice": shown.get("advice"),
        "release": release_of(plan, shown["ranking_id"]),
    }


def _nearest(
    plan: Plan, target: Entry, source: Entry | None, member: Member | None, most: int
) -> dict[str, Any]:
    if member is not None and not member.is_own:
        return {"nearest": [], "no_nearest": f"it came as {_an(_came_as(member))}, without its rows"}
    if source is None:
        return {"nearest": [], "no_nearest": "its rows are not here"}
    try:
        return {"nearest": nearest_rows(plan, target, source, most), "no_nearest": None}
    except ArtefactError as problem:
        return {"nearest": [], "no_nearest": problem.what}


def _an(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _would_change(
    target: Entry,
    source: Entry | None,
    shown: dict[str, Any] | None,
    row: dict[str, Any] | None,
    stale: str,
    pending: str | None,
) -> list[str]:
    """What would bring something else into this row, and why, as far as it is known: "a refresh: ..."."""
    others = []
    if shown is not None and shown["target_version"] != target.version:
        others.append("target")
    if row is not None and source is not None and row["source_version"] not in (source.version, None):
        others.append("source")
    reasons = [stale] if stale else []
    if others:
        stand = "stand" if len(others) > 1 else "stands"
        reasons.append(f"the {joined(others)} {stand} for other rows than the ranking was made of")
    found = [f"{_what_shows_another(shown, stale)}: {'; '.join(reasons)}"] if reasons else []
    if pending is not None:
        found.append(f"an ingest of '{source.name if source else ''}': {pending}")
    return found


def _what_shows_another(shown: dict[str, Any] | None, stale: str) -> str:
    if shown is not None and shown["pinned"]:
        return "an unpin and a refresh" if stale else "an unpin"
    # A restored ranking counts as fresh until something new changes: a refresh passes it over.
    return "a forced refresh" if shown is not None and shown["restored"] and not stale else "a refresh"


def _reproduce(
    plan: Plan, target: str, scorer: str, shown: dict[str, Any] | None, fresh: Freshness
) -> list[str]:
    """The commands, typed in the workspace, that give this ranking again."""
    again = f"springboard refresh {shlex.quote(target)} --scorer {shlex.quote(scorer)} --force"
    if shown is None or not (fresh.is_stale or shown["pinned"] or shown["restored"]):
        return [again]
    release = release_of(plan, shown["ranking_id"])
    if release is None:
        return []
    place = f"../{plan.workspace.root.name}-{release[:12]}"
    here = shlex.quote(str(plan.workspace.root))
    return [
        f"git worktree add --detach {shlex.quote(place)} {release[:12]}",
        f"cd {shlex.quote(place)}",
        # The cache and the default remote lie in the workspace and not in git, so that a worktree has neither.
        f'dvc cache dir --local "$(dvc --cd {here} cache dir)"',
        "dvc pull",
        # Where $SPRINGBOARD_WORKSPACE is set it would be the workspace, and not this worktree, that is refreshed.
        f"{again} --workspace .",
    ]
