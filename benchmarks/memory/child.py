"""``python -m benchmarks.memory.child REPORT ingest WORKSPACE``, or ``... REPORT libraries MODULES``.

The first runs the ingest flow and writes which modules it had loaded in the end; the second loads just these
and nothing else, and writes the memory that takes: the libraries themselves.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any


def _resident() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)


def peak() -> int:
    """The process's high-water mark in bytes."""
    # On Linux ru_maxrss still remembers the parent this process was forked from; the high-water mark does not.
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _sampled(samples: list[tuple[float, int]], stop: threading.Event) -> None:
    while not stop.wait(0.1):
        samples.append((time.monotonic(), _resident()))


def _ingest(workspace: str) -> dict[str, Any]:
    import models.tuning as tuning

    steps: list[tuple[int, int]] = []
    real = tuning.tune

    def tune(*arguments: Any, on_progress: Any = None, **options: Any) -> Any:
        def watched(done: int, total: int) -> None:
            steps.append((done, _resident()))
            if on_progress is not None:
                on_progress(done, total)

        return real(*arguments, on_progress=watched, **options)

    tuning.tune = tune
    samples: list[tuple[float, int]] = []
    stop = threading.Event()
    sampler = threading.Thread(target=_sampled, args=(samples, stop), daemon=True)
    sampler.start()
    import flows.ingest as flow

    result = flow.ingest(workspace=workspace)
    stop.set()
    if result["failed"] or not result["made"]:
        raise SystemExit(f"the ingest did not make its source: {result}")
    modules = sorted(name for name in sys.modules if not name.startswith(("benchmarks", "__main__")))
    started = samples[0][0]
    seconds = [(round(at - started, 1), resident) for at, resident in samples[:: max(1, len(samples) // 300)]]
    return {"peak": peak(), "modules": modules, "tuning": steps, "samples": seconds}


def _libraries(file: str) -> dict[str, Any]:
    failed = []
    for name in json.loads(Path(file).read_text(encoding="utf-8")):
        # Some parts of a library only load from within another; they were loaded so a moment ago.
        try:
            importlib.import_module(name)
        except Exception:  # whatever it is, that module is then counted as ours
            failed.append(name)
    return {"resident": _resident(), "peak": peak(), "not_loaded": failed}


def main() -> None:
    """Run what the command line says and write the report."""
    report, what, place = sys.argv[1:]
    with suppress(ImportError):
        from flows.environment import quiet_prefect

        quiet_prefect()
    found = _ingest(place) if what == "ingest" else _libraries(place)
    Path(report).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
