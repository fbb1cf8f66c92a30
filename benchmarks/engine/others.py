"""The other implementations, in a process of their own that waits between requests."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from benchmarks.engine.inputs import Target
from benchmarks.hfselect import hfselect_python, other_environment, thuml_logme
from models.esm import ESM

__all__ = ["Others"]


class Others:
    """`hf-dataset-selector` and, where its file could be had, thuml's LogME.

    Attributes
    ----------
    whose
        The implementations that are there.
    versions
        Of what they run on.
    """

    def __enter__(self) -> Self:
        python, thuml = hfselect_python(), thuml_logme()
        self.whose = ("hfselect",) if thuml is None else ("hfselect", "thuml")
        self._folder = tempfile.TemporaryDirectory(prefix="engine-")
        folder = Path(self._folder.name)
        self._log = (folder / "stderr.log").open("wb")
        # Importing the package writes a log file into the current folder.
        self._process = subprocess.Popen(
            [
                str(python),
                str(Path(__file__).with_name("child.py")),
                *([] if thuml is None else [str(thuml)]),
            ],
            env=other_environment(folder),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.versions: dict[str, str] = self._answer()["versions"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream is not None:
                stream.close()
        self._folder.cleanup()

    def hand_over(self, name: str, target: Target, esms: Sequence[ESM]) -> dict[str, Any]:
        """Write what is to be scored to a file; returns the request for it, all but whose code."""
        path = Path(self._folder.name) / f"{name}.npz"
        # An ESM's row map is x + (x V) U' + b; theirs is x W' + b.
        weights = np.stack([np.eye(esm.dim) + esm.u @ esm.v.T for esm in esms]).astype(np.float32)
        biases = np.stack([esm.b for esm in esms]).astype(np.float32)
        np.savez(path, base=target.base, weight=weights, bias=biases, labels=np.asarray(target.labels))
        return {"arrays": str(path), "regression": target.task.is_regression}

    def score(self, request: dict[str, Any], whose: str) -> dict[str, Any]:
        """``seconds`` of CPU for each ESM, and their ``scores``."""
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        self._process.stdin.write(json.dumps({**request, "whose": whose}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        line = self._process.stdout.readline()
        if not line:
            said = (Path(self._folder.name) / "stderr.log").read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"the other side failed:\n{said[-2000:]}")
        found: dict[str, Any] = json.loads(line)
        return found
