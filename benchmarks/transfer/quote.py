"""``python -m benchmarks.transfer.quote``: write the README's figures from the files that the benchmark wrote.

Between the README's markers stands what this makes of ``minilm_evaluation.json``, ``minilm_calibration.csv`` and
``mpnet_evaluation.json``, and nothing else; a test holds one to the other, so that no figure there is by hand or out of
date.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from features.wording import counted

__all__ = ["BEGIN", "END", "block", "main", "on_another", "quoted"]

HERE = Path(__file__).parent
README = HERE.parents[1] / "README.md"
BEGIN, END = "<!-- figures of benchmarks/transfer -->", "<!-- end of figures -->"
NONE_YET = "Being measured: `benchmarks/transfer/minilm.csv` grows run by run; there are no figures yet.\n"
_ROWS = {
    "logme@tuned": "LogME, the source's tuned encoder",
    "hf_dataset_selector": "hf-dataset-selector, its own ESMs",
    "textemb": "nearest centroid (`textemb`)",
    "jsd": "nearest distribution of words (`jsd`)",
    "source_popularity": "what helped other targets",
    "source_size": "the largest source",
    "random": "at random",
    "oracle_half": "an oracle with half of the seeds",
}
_METRICS = (
    ("regret@1", "regret@1"),
    ("regret@5", "regret@5"),
    ("excess_regret@5", "excess@5"),
    ("gain", "gain"),
)


def block(evaluation: dict[str, Any], calibration: list[dict[str, str]], method: str) -> str:
    """The README's part, in Markdown.

    Parameters
    ----------
    evaluation
        As ``springboard evaluate --json`` prints it.
    calibration
        Rows of ``calibrate.py``'s table.
    method
        The method of params.yaml that expected gains are told by.
    """
    scorers, default = evaluation["scorers"], evaluation["default"]
    lines = [
        f"On {evaluation['pairs']} real pairs ({evaluation['candidates']} sources, {evaluation['targets']} targets "
        f"of 100 training rows, {counted(evaluation['seeds'], 'seed')}, MiniLM):",
        "",
        "| ranked by | " + " | ".join(title for _, title in _METRICS) + " |",
        "|---|" + "---:|" * len(_METRICS),
    ]
    titles = {default: f"**Springboard's default (`{default}`)**"} | _ROWS
    for name, title in titles.items():
        if name in scorers:
            cells = [_number(scorers[name].get(metric)) for metric, _ in _METRICS]
            lines.append(f"| {title} | {' | '.join(cells)} |")
    lines += [
        "",
        "Regret: how far the best of the first k falls short of the best source of all, in percent; excess: over that "
        "of the oracle. Gain of the first source over no transfer, in points.",
        "",
    ]
    words = {True: "met", False: "missed", None: "cannot be said yet"}
    lines += [
        f"- Goal {_safe(one['goal'])}: {words[one['met']]}{_value(one)}." for one in evaluation["goals"]
    ]
    overall = [row for row in calibration if row["method"] == method and row["target"] == "all"]
    for row in overall:
        number = {
            name: float(row[name]) for name in ("coverage", "covered", "width", "error", "error_of_zero")
        }
        lines.append(
            f"- Expected gains on targets never seen (leave one target out, `{method}`): intervals that are to hold "
            f"{number['coverage']:.0%} hold {number['covered']:.0%} of the gains and are {number['width']:.1f} points "
            f"wide; the mean error is {number['error']:.1f} points, and {number['error_of_zero']:.1f} for expecting "
            "nothing."
        )
    return "\n".join(lines) + "\n"


def on_another(evaluation: dict[str, Any], encoder: str) -> str:
    """One line on a smaller matrix of another encoder: first sources alone, since the first five are nearly all of it.

    Parameters
    ----------
    evaluation
        As ``springboard evaluate --json`` prints it.
    encoder
        What it is called.
    """
    default, scorers = evaluation["default"], evaluation["scorers"]
    said = [
        f"{_number(scorers[name].get('gain'))} points by {title} (regret@1 {_number(scorers[name].get('regret@1'))})"
        for name, title in ((default, f"`{default}`"), ("random", "chance"))
        if name in scorers
    ]
    return (
        f"- On another encoder ({encoder}; {evaluation['pairs']} pairs of {evaluation['candidates']} of these sources "
        f"and {evaluation['targets']} of these targets, {counted(evaluation['seeds'], 'seed')}), gain of the first "
        f"source: {', '.join(said)}.\n"
    )


def _value(goal: dict[str, Any]) -> str:
    if goal["value"] is None:
        return f" ({_safe(goal['why'])})" if goal.get("why") else ""
    return f" ({goal['value']:.2f})"


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"


def _safe(text: str) -> str:
    return text.replace("|", "\\|")


def quoted(readme: str, part: str) -> str:
    """The README with another part between its markers.

    Raises
    ------
    ValueError
        It has no such markers, or more than one of them.
    """
    if readme.count(BEGIN) != 1 or readme.count(END) != 1 or readme.index(BEGIN) > readme.index(END):
        raise ValueError(f"the README needs one {BEGIN} and one {END} behind it")
    before, rest = readme.split(BEGIN)
    return f"{before}{BEGIN}\n{part}{END}{rest.split(END)[1]}"


def current_block() -> str:
    """:func:`block` of the committed files, by the method of params.yaml; before there are any, that."""
    import yaml

    results = HERE / "minilm_evaluation.json"
    if not results.exists():
        return NONE_YET
    evaluation = json.loads(results.read_text(encoding="utf-8"))
    table = HERE / "minilm_calibration.csv"
    rows = list(csv.DictReader(table.open(encoding="utf-8", newline=""))) if table.exists() else []
    params = yaml.safe_load((HERE.parents[1] / "params.yaml").read_text(encoding="utf-8"))
    part = block(evaluation, rows, params["calibration"]["method"])
    other = HERE / "mpnet_evaluation.json"
    return part + (
        on_another(json.loads(other.read_text(encoding="utf-8")), "mpnet") if other.exists() else ""
    )


def main() -> None:
    """Write the README's part anew."""
    README.write_text(quoted(README.read_text(encoding="utf-8"), current_block()), encoding="utf-8")


if __name__ == "__main__":
    main()
