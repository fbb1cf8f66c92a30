"""``springboard explain``: where a source stands for a target, why, and what would change it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say
from flows.cli.completing import scorer_names, source_names, target_names

__all__ = ["explain"]


def explain(
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="A registered target.", autocompletion=target_names)
    ],
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="A source, as `rank` names it.", autocompletion=source_names),
    ],
    scorer: Annotated[
        str | None, typer.Option(help="A scorer; else the one of params.yaml.", autocompletion=scorer_names)
    ] = None,
    rows: Annotated[int, typer.Option(min=0, max=100, help="How many pairs of nearest rows.")] = 5,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Show what one row of a ranking comes from, the rows nearest to each other, and what would change it."""
    from features.lineage import explain as explained

    found = explained(plan_of(workspace), target, source, scorer=scorer, rows=rows)
    if json:
        print_json(found)
    else:
        _print(found)
    if found["status"] != "ranked":
        raise typer.Exit(1)


_MOST_TEXT = 300
"""Characters of a row's text that are shown."""


def _print(found: dict[str, Any]) -> None:
    say(f"{found['source']['name']} for {found['target']['name']}, by {found['scorer']}: {_standing(found)}")
    for term, value in _facts(found):
        say(f"  {term:<13}  {value}")
    _print_nearest(found)
    for change in found["would_change"]:
        say(f"Would change by {change}.")
    if not found["would_change"]:
        say("Nothing new would change it: the ranking is of the present state.")
    if found["reproduce"]:
        say("Again, from what is stored:")
        for command in found["reproduce"]:
            say(f"  {command}")
    elif found["ranking"] is not None:
        say("It is stale and in no release, so that it cannot be made again as it was.")


def _standing(found: dict[str, Any]) -> str:
    row, ranking = found["row"], found["ranking"]
    if row is None:
        return f"{found['status']} ({found['reason']})" if found["reason"] else str(found["status"])
    return f"rank {row['rank']:,} of {ranking['ranked']:,}, tier {row['tier']}"


def _facts(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Term and value, those that are known, in the order to show them."""
    row, ranking, esm = found["row"], found["ranking"], found["esm"]
    facts = []
    if row is not None:
        error = f" ± {row['stderr']:.4f}" if row["stderr"] is not None else ""
        base = "" if ranking["base_score"] is None else f"; untouched encoder {ranking['base_score']:.4f}"
        facts.append(("Score", f"{row['score']:.4f}{error}{base}"))
        if row["expected_gain"] is not None:
            gain = f"{row['expected_gain']:+.1f} points ({row['gain_low']:+.1f} to {row['gain_high']:+.1f})"
            facts.append(("Expected gain", gain))
        if row["previous_rank"] is not None:
            facts.append(("Before", f"rank {row['previous_rank']:,}"))
    facts += [("Target", _dataset(found["target"])), ("Source", _dataset(found["source"]))]
    facts.append(("Encoder", f"{found['encoder']['settings']} ({found['encoder']['id'][:12]})"))
    if esm is not None:
        facts.append(("ESM", _esm(esm)))
    if found["overlap"] is not None:
        facts.append(("Leak check", _overlap(found["overlap"])))
    if ranking is not None:
        settings = ", ".join(f"{name} {value}" for name, value in ranking["settings"].items())
        facts.append(("Settings", settings))
        held = f"in release {ranking['release'][:12]}" if ranking["release"] else "in no release yet"
        facts.append(("Ranking", f"{ranking['ranking_id']}, {ranking['created_at'][:16]}, {held}"))
        facts.append(("Code", ranking["code"]))
    return facts


def _dataset(dataset: dict[str, Any]) -> str:
    if "version" not in dataset:
        return str(dataset["name"])
    rows = f", {dataset['rows']:,} rows" if dataset["rows"] else ""
    return f"{dataset['name']} {dataset['version'][:12]}{rows}, from {dataset['reference']}"


def _esm(esm: dict[str, Any]) -> str:
    if "problem" in esm:
        return f"{esm['key'][:12]} ({esm['problem']})"
    error = esm["heldout_error"]
    known = error is not None and esm["identity_error"] is not None
    fit = f", held-out error {error:.4f} (no map: {esm['identity_error']:.4f})" if known else ""
    return f"{esm['key'][:12]}, rank {esm['rank']}{fit}, made {esm['made_at'][:16]}"


def _overlap(overlap: dict[str, Any]) -> str:
    allowed = f" (allowed since {overlap['allowed'][:16]})" if overlap["allowed"] else ""
    if not overlap["checked"]:
        return f"{overlap['reason']}{allowed}"
    return f"{overlap['share']:.1%} of the target's texts" + (
        f": {overlap['reason']}{allowed}" if overlap["excluded"] else allowed
    )


def _print_nearest(found: dict[str, Any]) -> None:
    from flows.cli.render.table import print_table

    if found["no_nearest"]:
        say(f"No nearest rows to show: {found['no_nearest']}.")
        return
    if not found["nearest"]:
        return
    say("Rows nearest to each other, by the untouched encoder's embeddings:")
    cells = [
        [
            f"{pair['cosine']:.3f}",
            _text(pair["target"]),
            str(pair["target"]["label"]),
            _text(pair["source"]),
            str(pair["source"]["label"]),
        ]
        for pair in found["nearest"]
    ]
    print_table(
        ["cosine", "target's", "label", "source's", "its label"],
        cells,
        keep=("cosine",),
        wrap=("target's", "source's"),
    )


def _text(row: dict[str, Any]) -> str:
    said = " | ".join(text for text in (row["text_a"], row["text_b"]) if text is not None)
    return said if len(said) <= _MOST_TEXT else f"{said[: _MOST_TEXT - 1]}…"
