"""What DVC recorded of ``data/``, asked of its own library: ``python -m features.record.dvcside``.

As :mod:`features.releases.dvcside`, it is a program of its own, for DVC's imports cost seconds and its state is global.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from features.record.dvc import answer_one

__all__ = ["answer"]


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Name the recorded files of some folders and their places in DVC's cache.

    Parameters
    ----------
    request
        ``root``; ``folders``, folder -> hash of its list of files, as dvc.lock has it.

    Returns
    -------
    dict
        ``files``, path -> [MD5, place in the cache, whether that exists or not]; ``lists``, the folders whose list of
        files the cache lacks.
    """
    from dvc.repo import Repo

    files: dict[str, list[str]] = {}
    lists: list[str] = []
    with Repo(request["root"]) as repo:
        cache = repo.cache.local
        for folder, oid in request["folders"].items():
            try:
                entries = json.loads(Path(cache.oid_to_path(oid)).read_text(encoding="utf-8"))
                names = {str(PurePosixPath(one["relpath"])): str(one["md5"]) for one in entries}
            except (OSError, ValueError, KeyError, TypeError):
                lists.append(folder)
                continue
            files |= {
                f"{folder}/{name}": [md5, str(cache.oid_to_path(md5))]
                for name, md5 in names.items()
                if ".." not in PurePosixPath(name).parts and not PurePosixPath(name).is_absolute()
            }
    return {"files": files, "lists": lists}


if __name__ == "__main__":
    answer_one(answer)
