"""The table of ranks as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.plots import pyplot, save

__all__ = ["write_plot"]

_WANTED, _SMALLER = 0.99, 2_780


def write_plot(rows: Sequence[dict[str, Any]], halves: float, path: Path) -> None:
    """Write an SVG: ranking agreement and held-out fit over the ESM's bytes.

    Parameters
    ----------
    rows
        Of :func:`benchmarks.esm.curve.table`.
    halves
        Mean Spearman of full maps fitted to halves of each source's rows, drawn as a line.
    path
        Where to.
    """
    ranks = [row for row in rows if " " not in row["rank"]]
    others = [row for row in rows if " " in row["rank"]]
    figure, (above, below) = pyplot().subplots(2, 1, figsize=(7, 7), sharex=True, layout="constrained")
    sizes = [row["bytes"] for row in ranks]
    for name, label, style in (
        ("spearman_mean", "Spearman, mean over targets", "o-"),
        ("spearman_least", "Spearman, least", "o:"),
        ("kendall_mean", "Kendall, mean", "s-"),
        ("kendall_least", "Kendall, least", "s:"),
    ):
        above.plot(sizes, [row[name] for row in ranks], style, label=label, markersize=3)
    for row in others:
        above.plot(
            row["bytes"], row["spearman_mean"], "k^" if row["rank"].startswith("auto") else "kx", markersize=5
        )
        above.annotate(
            row["rank"], (row["bytes"], row["spearman_mean"]), (4, -10), textcoords="offset points"
        )
    above.axhline(_WANTED, color="grey", linewidth=0.8)
    above.axhline(
        halves, color="grey", linewidth=0.8, linestyle=":", label="full maps, half of the rows each"
    )
    above.set_ylabel("agreement with the full maps' order")
    above.set_ylim(top=1.005)
    for name, label in (("heldout_r2_median", "median source"), ("heldout_r2_least", "worst source")):
        below.plot(sizes, [row[name] for row in ranks], "o-", label=label, markersize=3)
    below.set_ylabel("held-out R2")
    below.set_xlabel("bytes of the ESM in half precision (rank above)")
    for axes in (above, below):
        axes.set_xscale("log", base=2)
        axes.grid(True, alpha=0.3)
    for precision, name in (
        ("equal", "times_smaller_equal_precision"),
        ("stored", "times_smaller_stored_precision"),
    ):
        # Bytes at which the encoder is as many times larger as was asked for.
        edge = ranks[0]["bytes"] * ranks[0][name] / _SMALLER
        for axes in (above, below):
            axes.axvline(
                edge, color="green" if precision == "equal" else "olive", linewidth=0.8, linestyle="--"
            )
        below.text(
            edge, below.get_ylim()[0], f" {_SMALLER:,}x, {precision} precision", rotation=90, va="bottom"
        )
    for row in ranks:
        below.annotate(
            str(row["rank"]), (row["bytes"], row["heldout_r2_median"]), (0, 5), textcoords="offset points"
        )
    for axes in (above, below):
        axes.legend(loc="lower right")
    save(figure, path)
