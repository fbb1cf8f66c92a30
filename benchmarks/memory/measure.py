"""Peak memory of a real ingest of 10,000 rows with the real encoder, beside the libraries themselves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.outcome import Goal, MissingInput, Outcome
from benchmarks.processes import environment
from benchmarks.texts import datasets_folder, joined_texts, short_texts

__all__ = ["measure"]

ROWS = 10_000
STEPS = 40
_SCRATCH = Path(__file__).resolve().parents[1] / "scratch" / "memory"
_GIB = 2**30


def measure(keep: bool = False) -> Outcome:
    """Measure; the workspace is removed afterwards unless ``keep``."""
    shutil.rmtree(_SCRATCH, ignore_errors=True)
    _SCRATCH.mkdir(parents=True)
    try:
        made_of, rows = _workspace(_SCRATCH)
        tree = _run("ingest", str(_SCRATCH / "workspace"))
        ingest = json.loads((_SCRATCH / "ingest.json").read_text(encoding="utf-8"))
        names = _SCRATCH / "modules.json"
        names.write_text(json.dumps(ingest.pop("modules")), encoding="utf-8")
        _run("libraries", str(names))
        libraries = json.loads((_SCRATCH / "libraries.json").read_text(encoding="utf-8"))
    finally:
        if not keep:
            shutil.rmtree(_SCRATCH, ignore_errors=True)
    return _judge(ingest, libraries, tree, made_of, rows)


def _judge(ingest: dict[str, Any], libraries: dict[str, Any], tree: int, made_of: str, rows: int) -> Outcome:
    steps = [resident for _, resident in ingest["tuning"]]
    early, late = max(steps[STEPS // 4 : STEPS // 2]), max(steps[STEPS // 2 :])
    goals = [
        Goal(
            "peak memory of the ingest of 10,000 rows less its libraries",
            (ingest["peak"] - libraries["resident"]) / _GIB,
            2.0,
            unit="GiB",
        ),
        Goal("peak memory of the ingest, libraries included", ingest["peak"] / _GIB, unit="GiB"),
        Goal("the libraries themselves", libraries["resident"] / _GIB, unit="GiB"),
        Goal("most that the whole process tree had at a time", tree / _GIB, unit="GiB"),
        Goal(f"peak of tuning steps {STEPS // 2} to {STEPS} / of {STEPS // 4} to {STEPS // 2}", late / early),
    ]
    notes = [
        f"{rows:,} rows registered, {made_of}; the real all-MiniLM-L6-v2, reading, gate, embedding twice, full "
        f"fine-tuning, moments, ESM, LanceDB, DVC and git.",
        f"Fine-tuning was stopped after {STEPS} steps of 32 texts: memory does not grow with the steps (last "
        "line).",
        "The libraries: a process that loads the very modules that the ingest had loaded in the end, and does "
        f"nothing ({len(libraries['not_loaded'])} of them load only from within others). The tree adds "
        "Prefect's temporary server, DVC and git.",
    ]
    return Outcome(
        title="memory of an ingest",
        goals=goals,
        raw={"ingest": ingest, "libraries": libraries, "tree_peak": tree},
        notes=notes,
    )


def _run(what: str, place: str) -> int:
    """Run the child; returns the most resident bytes its tree was seen to have (every 0.2 s)."""
    try:
        import psutil
    except ImportError:
        raise MissingInput("psutil is missing: pip install -e '.[bench]'") from None
    command = [sys.executable, "-m", "benchmarks.memory.child", str(_SCRATCH / f"{what}.json"), what, place]
    env = environment(PREFECT_HOME=str(_SCRATCH / "prefect"), SPRINGBOARD_PROGRESS="")
    most = 0
    with (_SCRATCH / "log").open("ab") as log:
        child = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)
        while child.poll() is None:
            total = 0
            try:
                top = psutil.Process(child.pid)
                for process in (top, *top.children(recursive=True)):
                    total += process.memory_info().rss
            except psutil.Error:
                pass  # one of them has just ended
            most = max(most, total)
            time.sleep(0.2)
    if child.returncode:
        tail = (_SCRATCH / "log").read_text(encoding="utf-8", errors="replace").splitlines()[-25:]
        raise RuntimeError("\n".join(tail))
    return most


def _workspace(folder: Path) -> tuple[str, int]:
    from features.intake import AddOptions, add_dataset
    from features.registry import Kind
    from features.workspace import init_workspace

    place = init_workspace(folder / "workspace")
    params = place.root / "params.yaml"
    text = params.read_text(encoding="utf-8")
    if "max_steps: null" not in text:
        raise RuntimeError("params.yaml no longer says max_steps: null")
    params.write_text(text.replace("max_steps: null", f"max_steps: {STEPS}"), encoding="utf-8")
    made_of, rows = _rows()
    file = folder / "big.parquet"
    rows.write_parquet(file)
    place = type(place)(place.root)
    entry = add_dataset(place, Kind.SOURCE, str(file), AddOptions(name="big")).entry
    if entry.rows < ROWS:
        raise RuntimeError(f"only {entry.rows} of {ROWS} rows came through the gate")
    return made_of, entry.rows


def _rows() -> tuple[str, pl.DataFrame]:
    """12,000 rows (the ingest caps them to 10,000), some of them long, so that full batches of 128 tokens occur."""
    wanted = ROWS + 2_000
    real = _team_texts(wanted - 500)
    if real is None:
        short = short_texts(3_000)
        texts = [f"{short[i % len(short)]} {i // len(short)}" for i in range(wanted - 500)]
        made_of = "texts bundled with the demo, repeated with a number to make them distinct"
    else:
        texts, made_of = real, "real short texts of the folder of datasets"
    long = joined_texts(500, words=(120, 160))
    texts += [f"{long[i % len(long)]} {i}" for i in range(500)]
    labels = [("one", "two", "three", "four")[i % 4] for i in range(len(texts))]
    return f"{made_of}, 500 of them long ones", pl.DataFrame({"text": texts, "label": labels})


def _team_texts(count: int) -> list[str] | None:
    texts: dict[str, None] = {}
    for file in sorted(datasets_folder().glob("*/train.parquet")):
        if "text" not in pl.read_parquet_schema(file):
            continue
        column = pl.read_parquet(file, columns=["text"])["text"].drop_nulls()
        short = column.filter(column.str.len_chars().is_between(20, 90))
        texts |= dict.fromkeys(short.head(1_500).to_list())
        if len(texts) >= count:
            return list(texts)[:count]
    return None
