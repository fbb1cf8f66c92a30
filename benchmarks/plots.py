"""What the benchmarks' plots share: SVG by matplotlib, the same file for the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["pyplot", "save"]


def pyplot() -> Any:
    """``matplotlib.pyplot``, set so that nothing in a file is random and its text stays text."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "springboard", "svg.fonttype": "none", "font.size": 9}
    from matplotlib import pyplot as ready

    return ready


def save(figure: Any, path: Path) -> None:
    """Write a figure without its date, and forget it."""
    figure.savefig(path, metadata={"Date": None})
    pyplot().close(figure)
