"""A Postgres of the test's own, in a folder of its own; Debian's binaries, which refuse to be run by root."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Postgres", "free_port", "postgres_folder", "temporary_postgres"]


@dataclass(frozen=True)
class Postgres:
    """A running server with an empty database ``prefect``."""

    programs: Path
    port: int

    @property
    def url(self) -> str:
        """As Prefect's server wants it."""
        return f"postgresql+asyncpg://springboard@127.0.0.1:{self.port}/prefect"

    def ask(self, sql: str) -> str:
        """What psql answers, without headings."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "springboard", "-d", "prefect"]
        said = subprocess.run(
            [self.programs / "psql", *where, "-Atc", sql], check=True, capture_output=True, text=True
        )
        return said.stdout.strip()


def postgres_folder() -> Path | None:
    """Where the newest Postgres's programs lie; None where there is none, or nobody who may run it."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts[-3])
    return found[-1].parent if found and (os.getuid() or _somebody()) else None


def _somebody() -> str | None:
    """An account that is not root."""
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    return None


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def temporary_postgres(programs: Path) -> Iterator[Postgres]:
    """Make one, start it, and take it away again."""
    # Not below pytest's own folder, which nobody else may look into.
    folder = Path(tempfile.mkdtemp(prefix="springboard-postgres-"))
    somebody: dict[str, Any] = {}
    if os.getuid() == 0:
        name = _somebody() or ""
        somebody = {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}
        shutil.chown(folder, name)
    place = Postgres(programs, free_port())
    quick = ["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username=springboard"]
    options = ["listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", "fsync=off"]
    try:
        made = [programs / "initdb", "-D", folder / "data", *quick]
        subprocess.run(made, check=True, cwd=folder, stdout=subprocess.DEVNULL, **somebody)
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", folder / "data", "-p", str(place.port)]
                + [part for option in options for part in ("-c", option)],
                cwd=folder,
                stdout=log,
                stderr=log,
                **somebody,
            )
        try:
            _create(place)
            yield place
        finally:
            server.send_signal(signal.SIGQUIT)  # At once; there is nothing to keep.
            server.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _create(place: Postgres) -> None:
    create = [place.programs / "createdb", "-h", "127.0.0.1", "-p", str(place.port), "-U", "springboard"]
    deadline = time.monotonic() + 60
    while subprocess.run([*create, "prefect"], check=False, capture_output=True).returncode:
        assert time.monotonic() < deadline, "Postgres does not come up"
        time.sleep(0.1)
