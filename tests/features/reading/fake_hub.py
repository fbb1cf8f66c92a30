"""A hub on the loopback: the few calls of its interface that reading a dataset needs."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlparse

from support.hub_answers import HubAnswers

COMMIT = "a" * 40
Files = dict[str, bytes]


class _Handler(HubAnswers, BaseHTTPRequestHandler):
    repos: dict[str, Files]
    gated: set[str]

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        asked = json.loads(self.rfile.read(length) or b"{}")
        match = re.match(r"/api/datasets/([^/]+/[^/]+)/paths-info/([^/]+)", unquote(self.path))
        if not match or match[1] not in self.repos:
            return self._refuse(404, "RepoNotFound")
        files = self.repos[match[1]]
        self._json([_entry(path, files[path]) for path in asked.get("paths", []) if path in files])
        return None

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlparse(self.path).path)
        if match := re.match(r"/api/datasets/([^/]+/[^/]+)(/revision/([^/]+)|/tree/([^/]+)(/.*)?)?$", path):
            return self._about(
                match[1], match[3] or match[4] or "main", tree=bool(match[4]), under=match[5] or ""
            )
        if match := re.match(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)$", path):
            return self._file(match[1], match[2], match[3], body=body)
        return self._refuse(404, "RepoNotFound")

    def _about(self, repo: str, revision: str, *, tree: bool, under: str) -> None:
        if repo not in self.repos:
            return self._refuse(401, "RepoNotFound")
        if revision not in ("main", COMMIT):
            return self._refuse(404, "RevisionNotFound")
        files = self.repos[repo]
        if tree:
            prefix = f"{under.strip('/')}/".lstrip("/")
            inside = {p: c for p, c in files.items() if p.startswith(prefix)}
            if not inside:
                return self._refuse(404, "EntryNotFound")
            if "recursive=true" in self.path.lower():
                folders = {p.rpartition("/")[0] for p in inside if "/" in p[len(prefix) :]}
                inside_now = inside
            else:
                folders = {prefix + p[len(prefix) :].split("/")[0] for p in inside if "/" in p[len(prefix) :]}
                inside_now = {p: c for p, c in inside.items() if "/" not in p[len(prefix) :]}
            entries = [{"type": "directory", "path": f, "oid": "0" * 40, "size": 0} for f in sorted(folders)]
            return self._json([*entries, *(_entry(p, c) for p, c in inside_now.items())])
        siblings = [{"rfilename": p, "size": len(c)} for p, c in files.items()]
        return self._json(
            {
                "id": repo,
                "sha": COMMIT,
                "siblings": siblings,
                "cardData": {"license": "cc-by-4.0"},
                "tags": [],
            }
        )

    def _file(self, repo: str, revision: str, path: str, *, body: bool) -> None:
        if repo in self.gated:
            return self._refuse(403, "GatedRepo")
        if repo not in self.repos:
            return self._refuse(404, "RepoNotFound")
        if path not in self.repos[repo]:
            return self._refuse(404, "EntryNotFound")
        content = self.repos[repo][path]
        start = 0
        asked = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        part = content
        if asked:
            start = int(asked[1])
            part = content[start : int(asked[2]) + 1 if asked[2] else None]
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{start + len(part) - 1}/{len(content)}")
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if body:
            self.wfile.write(part)
        return None


def _entry(path: str, content: bytes) -> dict[str, object]:
    return {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}  # noqa: S324


def start(repos: dict[str, Files], gated: set[str]) -> tuple[ThreadingHTTPServer, str]:
    """Start a hub that holds `repos`; the caller shuts it down."""
    handler = type("Handler", (_Handler,), {"repos": repos, "gated": gated})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}"
