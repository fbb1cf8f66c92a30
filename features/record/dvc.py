"""DVC, run as its own program so that its global state and imports stay out of our process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from features.record.git import git_environment, refuse_left_lock
from models.errors import PushError, RecordError

__all__ = ["RECORDING", "answer_one", "ask_dvc", "dvc", "dvc_environment", "push", "repro"]

RECORDING = "SPRINGBOARD_RECORDING"
"""Environment variable under which the stages of dvc.yaml make nothing (:func:`flows.cli.main` looks at it).

A flow has made all it was asked for before it records; the sources that it was not asked for, or that failed, are
not to be computed inside the recording.
"""


def dvc_environment(root: Path) -> dict[str, str]:
    """The environment in which DVC runs on a workspace: quiet, without questions, with this Springboard."""
    scripts = str(Path(sys.executable).parent)
    return {
        **git_environment(),
        # The stages call `springboard`: the one of this environment, whether or not it is activated.
        "PATH": scripts + os.pathsep + os.environ.get("PATH", ""),
        "DVC_NO_ANALYTICS": "1",
        "SPRINGBOARD_WORKSPACE": str(root),
    }


_NOT_RECORDED = "what was computed is kept in data/, but is not recorded yet"


def dvc(root: Path, *arguments: str, recording: bool = False, consequence: str = _NOT_RECORDED) -> str:
    """Run ``dvc`` in ``root`` and give its output; ``consequence`` is what it means where DVC says no.

    Raises
    ------
    RecordError
        It said no; what was computed stays in data/.
    """
    environment = {**dvc_environment(root), **({RECORDING: "1"} if recording else {})}
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if done.returncode != 0:
        refuse_left_lock(root, done.stderr, consequence)
        said = (done.stderr or done.stdout).strip().splitlines()
        raise RecordError(
            f"'dvc {arguments[0]}' failed in '{root}': {' '.join(said[-6:])}",
            consequence=consequence,
            next_step=f"mend what dvc says, then: cd '{root}' && dvc {' '.join(arguments)}",
        )
    return done.stdout


def ask_dvc(root: Path, program: str, request: Mapping[str, Any], *, consequence: str) -> dict[str, Any]:
    """Ask what only DVC's own library can say, in a process of its own.

    Parameters
    ----------
    root
        Where it runs.
    program
        The module that answers: it reads the request as JSON from stdin and writes the answer as JSON to stdout.
    request
        What is asked.
    consequence
        What it means where there is no answer.

    Raises
    ------
    RecordError
        It failed.
    """
    # The other program is of this very installation, wherever that was imported from.
    here = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(part for part in (here, os.environ.get("PYTHONPATH", "")) if part)
    done = subprocess.run(
        [sys.executable, "-m", program],
        cwd=root,
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
        env=dvc_environment(root) | {"PYTHONPATH": path},
    )
    if done.returncode != 0:
        raise RecordError(
            f"DVC cannot be asked in '{root}': {' '.join(done.stderr.strip().splitlines()[-3:])}",
            consequence=consequence,
            next_step="mend what DVC says and type the same command again",
        )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def answer_one(answer: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
    """The other side of :func:`ask_dvc`: answer the request that stands on stdin."""
    request = json.load(sys.stdin)
    # DVC prints what it likes; only the answer goes to stdout.
    with redirect_stdout(sys.stderr):
        found = answer(request)
    sys.stdout.write(json.dumps(found))


def repro(root: Path) -> None:
    """``dvc repro`` after a flow: write down what is in data/ without computing anything more.

    Typed by hand, ``dvc repro`` makes what is missing.
    """
    dvc(root, "repro", recording=True)


def push(root: Path) -> None:
    """``dvc push`` to the default remote of .dvc/config; what is there already is not sent again.

    Raises
    ------
    PushError
        DVC said no: the remote cannot be reached, or there is none.
    """
    try:
        dvc(root, "push")
    except RecordError as problem:
        raise PushError(
            problem.what,
            consequence="the release is made, and DVC's remote lacks files of it",
            next_step="mend what dvc says, then: springboard push --all (the next run sends the newest release only)",
        ) from None
