"""What only DVC's own library can say, run as its own program: ``python -m features.releases.dvcside``.

Its imports cost seconds and its state is global, so that it stays out of our process. It reads a request as JSON
from stdin and writes the answer as JSON to stdout.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from features.record.dvc import answer_one

__all__ = ["answer"]


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Find out what a release's artefacts are and which of them have to be put in place.

    Parameters
    ----------
    request
        ``root``; ``folders``, folder -> hash of its list of files, as a dvc.lock has it; ``remote``, the name of one,
        or None for the default.

    Returns
    -------
    dict
        ``files`` (how many there are), ``put`` (path -> the cache's file, of those that are not there or are other
        bytes), ``missing`` (what nobody has) and ``trouble`` (what the remote said, where it was asked in vain).
    """
    from dvc.repo import Repo

    with Repo(request["root"]) as repo:
        side = _Side(repo, request)
        trouble = ""
        # First the lists of files, then the files that they name: a remote is asked for no more than is missing.
        for _ in range(2):
            found = side.look()
            if not found["missing"]:
                break
            trouble = side.fetch(found["missing"].values())
        found = side.look()
        return {**found, "missing": list(found["missing"]), "trouble": trouble}


class _Side:
    def __init__(self, repo: Any, request: Mapping[str, Any]) -> None:
        self.repo, self.request = repo, request
        self.root = Path(request["root"])
        self.cache = repo.cache.local

    def fetch(self, hashes: Iterable[str]) -> str:
        """Ask the remote for what the cache lacks; gives what it said, where that is an error."""
        from dvc_data.hashfile.hash_info import HashInfo

        # By hash, and not by commit: of another commit DVC would read a remote's relative path from elsewhere.
        wanted = [HashInfo("md5", one) for one in hashes]
        try:
            self.repo.cloud.pull(wanted, remote=self.request.get("remote"))
        except Exception as problem:
            return f"{type(problem).__name__}: {problem}"
        return ""

    def look(self) -> dict[str, Any]:
        """What is there, what is to be put in place, and what is missing (path -> hash)."""
        put: dict[str, str] = {}
        missing: dict[str, str] = {}
        files = 0
        for folder, oid in self.request["folders"].items():
            listing = self._listing(oid)
            if listing is None:
                missing[f"{folder} (the list of its files)"] = oid
                continue
            for name, md5 in listing:
                files += 1
                path = f"{folder}/{name}"
                if self._hash_of(self.root / path) == md5:
                    continue
                cached = Path(self.cache.oid_to_path(md5))
                if self._hash_of(cached) == md5:
                    put[path] = str(cached)
                else:
                    missing[path] = md5
        return {"files": files, "put": put, "missing": missing}

    def _listing(self, oid: str) -> list[tuple[str, str]] | None:
        path = Path(self.cache.oid_to_path(oid))
        # DVC remembers some of its lists by their hash with the ending, and some without.
        if (self._hash_of(path) or "").removesuffix(".dir") != oid.removesuffix(".dir"):
            return None
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
            return list(_safe(entries))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _hash_of(self, path: Path) -> str | None:
        from dvc.fs import LocalFileSystem
        from dvc_data.hashfile.hash import hash_file

        if not path.is_file():
            return None
        # DVC remembers hashes by path, size and time: only what is new to it is read.
        _, found = hash_file(str(path), LocalFileSystem(), "md5", state=self.repo.state)
        return str(found.value)


def _safe(entries: list[dict[str, str]]) -> Iterator[tuple[str, str]]:
    """The (path, hash) pairs of a list of files; a path that leads out of its folder makes the list unusable."""
    for entry in entries:
        path = PurePosixPath(entry["relpath"])
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(entry["relpath"])
        yield str(path), entry["md5"]


if __name__ == "__main__":
    answer_one(answer)
