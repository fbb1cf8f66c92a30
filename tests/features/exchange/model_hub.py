"""A hub of models on the loopback: listing by tags, and the files of a repository at one commit."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlparse

from support.hub_answers import HubAnswers

__all__ = ["COMMIT", "Repo", "hub_of"]

COMMIT = "b" * 40


@dataclass
class Repo:
    files: dict[str, bytes] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    renamed_to: str | None = None
    gated: bool = False
    claimed: dict[str, int] = field(default_factory=dict)
    """Sizes to tell of files, where they are not to be the real ones."""


class _Handler(HubAnswers, BaseHTTPRequestHandler):
    repos: dict[str, Repo]
    asked: list[str]

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        self.asked.append(f"{self.command} {unquote(self.path)}")
        url = urlparse(self.path)
        path = unquote(url.path)
        if path == "/api/models":
            wanted = {tag for text in parse_qs(url.query).get("filter", []) for tag in text.split(",")}
            found = [
                {"id": name, "tags": list(repo.tags)}
                for name, repo in self.repos.items()
                if wanted <= set(repo.tags)
            ]
            return self._json(found)
        if match := re.match(r"/api/models/([^/]+/[^/]+|[^/]+)(/revision/([^/]+)|/tree/([^/]+))?$", path):
            return self._about(match[1], match[3] or match[4] or "main", tree=bool(match[4]))
        if match := re.match(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)$", path):
            return self._file(match[1], match[3], body=body)
        return self._refuse(404, "RepoNotFound")

    def _about(self, name: str, revision: str, *, tree: bool) -> None:
        repo = self.repos.get(name)
        if repo is None:
            return self._refuse(401, "RepoNotFound")
        if revision not in ("main", COMMIT):
            return self._refuse(404, "RevisionNotFound")
        if tree:
            return self._json(
                [
                    {
                        "type": "file",
                        "path": p,
                        "size": repo.claimed.get(p, len(c)),
                        "oid": hashlib.sha1(c).hexdigest(),  # noqa: S324
                    }
                    for p, c in repo.files.items()
                ]
            )
        siblings = [{"rfilename": path} for path in repo.files]
        return self._json({"id": repo.renamed_to or name, "sha": COMMIT, "siblings": siblings, "tags": []})

    def _file(self, name: str, path: str, *, body: bool) -> None:
        repo = self.repos.get(name)
        if repo is None or path not in repo.files:
            return self._refuse(404, "EntryNotFound" if repo else "RepoNotFound")
        if repo.gated:
            return self._refuse(403, "GatedRepo")
        content = repo.files[path]
        self.send_response(200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        told = len(content) if body else repo.claimed.get(path, len(content))
        self.send_header("Content-Length", str(told))
        self.end_headers()
        if body:
            self.wfile.write(content)
        return None


@contextmanager
def hub_of(repos: dict[str, Repo]) -> Iterator[tuple[str, list[str]]]:
    """A hub that holds ``repos``: its address, and what it was asked so far."""
    asked: list[str] = []
    handler = type("Handler", (_Handler,), {"repos": repos, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
