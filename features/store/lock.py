"""One writer at a time: LanceDB takes several, but only at the price of duplicates and orphans."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from models.errors import BusyError, StoreError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["writing"]

LOCK = "store.lock"


@contextmanager
def writing(lock_dir: Path, timeout: float) -> Iterator[None]:
    """Hold the writer's lock, released by the operating system when the process dies.

    Raises
    ------
    BusyError
        Another process holds it for longer than ``timeout`` seconds.
    """
    from filelock import FileLock, Timeout

    path = lock_dir / LOCK
    try:
        lock_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=timeout)
        lock.acquire()
    except Timeout as error:
        raise BusyError(
            f"Another run has been writing to the LanceDB store for over {timeout:g} s ({path} is locked)",
            consequence="nothing of this call was stored",
            next_step="wait for that run to end and repeat the command",
        ) from error
    except OSError as error:
        raise StoreError(
            f"The store's lock {path} cannot be made: {error}",
            consequence="nothing was stored",
            next_step=f"make {lock_dir} writable",
        ) from error
    try:
        yield
    finally:
        lock.release()
