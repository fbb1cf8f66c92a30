"""``springboard rank``: shows what is stored, computes nothing and starts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say
from flows.cli.completing import scorer_names, target_names

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.registry import Entry

__all__ = ["rank"]


def rank(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A registered target.", autocompletion=target_names)
    ],
    top: Annotated[int | None, typer.Option(min=1, help="Only the first so many.")] = None,
    scorer: Annotated[
        str | None, typer.Option(help="A scorer; else the one of params.yaml.", autocompletion=scorer_names)
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(metavar="ID", help="The start of an encoder's id, where more than one is in use."),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN|RELEASE", help="As it was at a time (ISO 8601; a date is its end, UTC) or release."
        ),
    ] = None,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Show which sources to try first for a target."""
    from features.rankings.history import moment_of, shown_ranking
    from features.registry import Kind
    from models.scorers import get_scorer

    plan = plan_of(workspace)
    target = plan.registry.get(Kind.TARGET, name)
    chosen = get_scorer(scorer or plan.workspace.settings.ranking.scorer).name
    moment = moment_of(plan.workspace, as_of) if as_of else None
    shown = shown_ranking(plan.workspace, name, chosen, _encoder(plan, name, encoder), moment)
    if shown is None:
        when = f" as of {as_of}" if as_of else ""
        say_nothing_ranked(target, chosen, scorer is not None, when, json)
        raise typer.Exit(1)
    if json:
        rows = shown["ranking"][:top] if top else shown["ranking"]
        print_json({**shown, "ranking": rows})
    else:
        from features.rankings.view import view_of
        from flows.cli.render.ranking import print_ranking

        print_ranking(view_of(shown, top=top))
    if not shown["ranking"]:
        raise typer.Exit(1)


def say_nothing_ranked(target: Entry, scorer: str, named: bool, when: str, as_json: bool) -> None:
    """The answer where there is no ranking by a scorer, which was ``named`` or is the default one."""
    from features.rankings.pool import why_not_taken

    not_taken = why_not_taken(scorer, target)
    if as_json:
        empty: dict[str, object] = {"target": target.name, "scorer": scorer, "ranking": [], "excluded": []}
        print_json({**empty, "reason": not_taken or f"no ranking{when or ' yet'}"})
        return
    by = f" by {scorer}" if named else ""
    none = f"'{target.name}' had no ranking{by}{when}" if when else f"'{target.name}' has no ranking{by}"
    say(none + (f": {not_taken}." if not_taken else "." if when else " yet."))
    if not_taken:
        say("Next: springboard scorers lists which tasks each scorer takes")
    elif when:
        # What was is not changed by ranking now.
        say(
            f"Next: springboard rank {target.name} shows the present one; springboard releases lists what there was"
        )
    else:
        say(
            f"Next: springboard refresh {target.name} --scorer {scorer}"
            if named
            else "Next: springboard refresh"
        )


def _encoder(plan: Plan, target: str, prefix: str | None) -> str:
    from features.rankings.history import RankingLedger
    from models.errors import SettingsError

    if prefix is None:
        return plan.encoder
    known = {line["encoder"] for line in RankingLedger(plan.workspace).lines(target)} | {plan.encoder}
    found: list[str] = sorted(one for one in known if one.startswith(prefix))
    if len(found) != 1:
        raise SettingsError(
            f"{prefix[:64]!r} is the start of {len(found)} encoder ids",
            consequence="nothing was shown",
            next_step=f"--encoder with one of: {', '.join(sorted(known))}",
        )
    return found[0]
