"""The environment of `hf-dataset-selector`, which pins numpy; and thuml's LogME, which is one file."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import venv
from contextlib import suppress
from pathlib import Path

from benchmarks.outcome import MissingInput

__all__ = ["hfselect_python", "other_environment", "thuml_logme"]

_PRIVATE = Path(__file__).resolve().parents[1] / ".springboard"
ENVIRONMENT = _PRIVATE / "hfselect-venv"
REQUIREMENTS = Path(__file__).parent / "exchange" / "requirements.txt"

_THUML_COMMIT = "56551ca94a3295bcc37e6a01b1291911af985f07"
_THUML_URL = f"https://raw.githubusercontent.com/thuml/LogME/{_THUML_COMMIT}/LogME.py"
_THUML_SHA256 = "ccedeb18e8703b685a7f2dd24a81740d12d06c69b24e84165e5b9a29eb3f3287"


def hfselect_python() -> Path:
    """A Python that has it: ``$SPRINGBOARD_HFSELECT_PYTHON``, or one made once under .springboard, from the index.

    Raises
    ------
    MissingInput
        It could not be installed.
    """
    named = os.environ.get("SPRINGBOARD_HFSELECT_PYTHON")
    if named:
        return Path(named)
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / ".ready").exists():
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        wanted = ["-r", str(REQUIREMENTS)]
        quiet = ["--quiet", "--disable-pip-version-check"]
        # Our torch is the CPU's; the index would give it the one with CUDA, of gigabytes.
        import torch

        ours = f"torch=={torch.__version__.partition('+')[0]}"
        done = subprocess.run(
            [python, "-m", "pip", "install", *quiet, *wanted, ours],
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            shutil.rmtree(ENVIRONMENT, ignore_errors=True)
            raise MissingInput(
                f"hf-dataset-selector could not be installed ({done.stderr.strip()[-200:]}); "
                "name a Python that has it in $SPRINGBOARD_HFSELECT_PYTHON"
            )
        (ENVIRONMENT / ".ready").touch()
    return python


def thuml_logme() -> Path | None:
    """Find the ``LogME.py`` of thuml (MIT): ``$SPRINGBOARD_THUML_LOGME``, or fetched once to .springboard; or None.

    It is on no package index. Only the very file that was looked at is run.
    """
    named = os.environ.get("SPRINGBOARD_THUML_LOGME")
    place = Path(named) if named else _PRIVATE / "thuml" / "LogME.py"
    if not named and not _is_thuml(place):
        with suppress(OSError):
            content = _download(_THUML_URL)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    return place if _is_thuml(place) else None


def other_environment(folder: Path) -> dict[str, str]:
    """What a program of the other environment is run with: nothing of ours on its path, one thread, no network."""
    return {
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "VIRTUAL_ENV"))
        },
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "NUMBA_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(folder / "hf"),
    }


def _is_thuml(place: Path) -> bool:
    return place.is_file() and hashlib.sha256(place.read_bytes()).hexdigest() == _THUML_SHA256


def _download(url: str) -> bytes:
    from urllib.request import urlopen

    with urlopen(url, timeout=30) as answer:  # noqa: S310 - a constant https address
        content: bytes = answer.read()
    return content
