"""``springboard feedback``: what a team saw when it really fine-tuned on a source first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say
from flows.cli.completing import source_names, target_names

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.feedback import Recorded, Report

__all__ = ["NEGATIVE_NUMBERS", "feedback"]

NEGATIVE_NUMBERS = {"ignore_unknown_options": True}
"""Settings of the command without which a SCORE of -0.1 is taken for an option."""

_USE = "springboard feedback TARGET SOURCE SCORE --baseline B"


def feedback(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="TARGET", help="A registered target.", show_default=False, autocompletion=target_names
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE",
            help="What it was tuned on first, as `rank` names it.",
            autocompletion=source_names,
        ),
    ] = None,
    score: Annotated[
        str | None,
        typer.Argument(metavar="SCORE", help="What the target's task reached then, as a share: 0.872."),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(metavar="B", help="What it reached without that source.")
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What both are; else accuracy, or pearson for numbers."),
    ] = None,
    seed: Annotated[
        str | None, typer.Option(metavar="N", help="Of the run; results of several seeds are averaged.")
    ] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="Kept with it.")] = None,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take back what was reported of TARGET and SOURCE.")
    ] = False,
    file: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE.csv",
            help="Columns source,target,score,baseline[,seed,metric,note]: all rows or none.",
        ),
    ] = None,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Record what the target's task reached after fine-tuning on a source first."""
    said = {"TARGET": target, "SOURCE": source, "SCORE": score, "--baseline": baseline, "--metric": metric}
    said |= {"--seed": seed, "--note": note, "--withdraw": "" if withdraw else None}
    if file is not None:
        _refuse("--from", said, list(said))
        _record_file(plan_of(workspace), file, json)
    elif withdraw:
        _refuse("--withdraw", said, ["SCORE", "--baseline", "--metric"])
        _require(said, ["TARGET", "SOURCE"], "springboard feedback TARGET SOURCE --withdraw")
        _withdraw(plan_of(workspace), str(target), str(source), seed, note, json)
    else:
        _require(said, ["TARGET", "SOURCE", "SCORE", "--baseline"], _USE)
        from features.feedback import Report

        report = Report(str(target), str(source), str(score), str(baseline), seed or "", metric, note)
        _record_one(plan_of(workspace), report, json)


def _refuse(option: str, said: dict[str, str | None], names: list[str]) -> None:
    """Refuse what does not go with an option; a word that looks like an option is told as what it is."""
    from models.errors import SettingsError

    given = [name for name in names if said[name] is not None]
    if not given:
        return
    _refuse_unknown_option(said)
    raise SettingsError(
        f"{option} does not go with {' and '.join(given)}",
        consequence="nothing was recorded",
        next_step="springboard feedback --help shows the three ways to call it",
    )


def _require(said: dict[str, str | None], names: list[str], use: str) -> None:
    from models.errors import SettingsError

    _refuse_unknown_option(said)
    missing = [name for name in names if said[name] is None]
    if missing:
        raise SettingsError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing",
            consequence="nothing was recorded",
            next_step=f"{use}, or springboard feedback --from FILE.csv",
        )


def _refuse_unknown_option(said: dict[str, str | None]) -> None:
    """Options that nobody knows arrive as arguments, since a negative number has to."""
    from features.reading.wording import shown
    from models.errors import SettingsError

    for name in ("TARGET", "SOURCE", "SCORE"):
        value = said[name]
        if value is not None and value.startswith("--"):
            raise SettingsError(
                f"there is no option {shown(value)}",
                consequence="nothing was recorded",
                next_step="springboard feedback --help shows the options",
            )


def _record_one(plan: Plan, report: Report, as_json: bool) -> None:
    from features.feedback import record_feedback, stale_through_feedback

    (done,) = record_feedback(plan, [report])
    stale = stale_through_feedback(plan)
    if as_json:
        print_json({**_record_of(done), "stale": stale})
        return
    line = done.record
    words = {
        "new": "Recorded",
        "replaced": "Recorded in place of what was said before",
        "unchanged": "Recorded already, nothing was stored",
    }
    say(f"{words[done.status]}: '{line['target']}' after '{line['source']}'{_seed_text(line['seed'])}")
    gain = line["score"] - line["baseline"]
    say(f"  {line['metric']} {line['score']:.4f}, {line['baseline']:.4f} without: {gain:+z.4f}")
    if done.seeds > 1:
        say(f"  mean gain over {done.seeds} runs: {done.gain:+z.4f}")
    say(f"  {_advice_text(line)}")
    _say_stale(stale)


def _advice_text(line: dict[str, Any]) -> str:
    if line["rank"] is not None:
        return f"was ranked {line['rank']:,} of {line['ranked']:,} by {line['scorer']}, tier {line['tier']}"
    if line["ranked"] is not None:
        return f"the ranking by {line['scorer']} had left it out"
    if line["ranking_id"] is not None:
        return "which rank it had is not known: the ranking's file is missing (dvc pull)"
    return f"the target had no ranking by {line['scorer']}"


def _record_file(plan: Plan, path: Path, as_json: bool) -> None:
    from features.feedback import record_feedback, reports_from, stale_through_feedback

    done = record_feedback(plan, reports_from(plan, path))
    stale = stale_through_feedback(plan)
    if as_json:
        print_json({"recorded": [_record_of(one) for one in done], "stale": stale})
        return
    counts = {status: sum(one.status == status for one in done) for status in ("new", "replaced")}
    same = len(done) - sum(counts.values())
    say(f"Recorded: {counts['new'] + counts['replaced']:,} of {len(done):,} results from {path}")
    if counts["replaced"]:
        say(f"  {counts['replaced']:,} in place of what was said before")
    if same:
        say(f"  {same:,} were recorded already")
    _say_stale(stale)


def _withdraw(
    plan: Plan, target: str, source: str, seed: str | None, note: str | None, as_json: bool
) -> None:
    from features.feedback import read_seed, stale_through_feedback, withdraw_feedback

    taken = withdraw_feedback(plan, target, source, seed=read_seed(seed or ""), note=note)
    stale = stale_through_feedback(plan)
    if as_json:
        print_json({"withdrawn": taken, "stale": stale})
        return
    for line in taken:
        said = f"{line['score']:.4f}, {line['baseline']:.4f} without"
        say(f"Withdrawn: '{line['target']}' after '{line['source']}'{_seed_text(line.get('seed'))} ({said})")
    say("  it stays in springboard list feedback, and counts no more")
    _say_stale(stale)


def _say_stale(stale: dict[str, list[str]]) -> None:
    for scorer, targets in stale.items():
        shown = ", ".join(targets[:5]) + (f" and {len(targets) - 5:,} more" if len(targets) > 5 else "")
        say(f"Stale by {scorer}: {shown}")
        say(f"Next: springboard refresh --scorer {scorer}")


def _seed_text(seed: int | None) -> str:
    return "" if seed is None else f", seed {seed}"


def _record_of(done: Recorded) -> dict[str, Any]:
    return {**done.record, "status": done.status, "mean_gain": done.gain, "seeds": done.seeds}
