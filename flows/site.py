"""The report pages and the metrics, served from one machine."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from flows.scraping import Scraped
from models.errors import SpringboardError

if TYPE_CHECKING:
    from features.workspace import Workspace

__all__ = ["port_taken", "site"]


class _Pages(SimpleHTTPRequestHandler):
    """The files below reports/, without a log line per request and without folder listings; and /metrics."""

    def __init__(self, *args: Any, scraped: Scraped, **kwargs: Any) -> None:
        self._scraped = scraped
        super().__init__(*args, **kwargs)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def list_directory(self, path: str | os.PathLike[str]) -> None:
        """A folder without an index page is not shown."""
        self.send_error(404)

    def do_GET(self) -> None:
        """Send a page; the root is the report."""
        if self.path in ("", "/"):
            self.send_response(302)
            self.send_header("Location", "/site/")
            self.end_headers()
        elif self.path.partition("?")[0] == "/metrics":
            self._send_metrics()
        else:
            super().do_GET()

    def _send_metrics(self) -> None:
        from features.metrics import CONTENT_TYPE

        try:
            text = self._scraped.text()
        except SpringboardError as problem:
            # A scrape that fails is seen by whoever scrapes; numbers from before would look well.
            self.send_error(500, explain=problem.what)
            return
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@contextmanager
def site(workspace: Workspace, host: str, port: int) -> Iterator[str]:
    """Serve the pages while something else goes on; gives their address.

    Raises
    ------
    SpringboardError
        The port is taken.
    """
    workspace.reports.mkdir(parents=True, exist_ok=True)
    pages = partial(_Pages, directory=str(workspace.reports), scraped=Scraped(workspace))
    try:
        server = ThreadingHTTPServer((host, port), pages)
    except OSError as problem:
        raise port_taken("the report pages", host, port, "--site-port", problem) from None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def port_taken(what: str, host: str, port: int, option: str, problem: OSError | None) -> SpringboardError:
    """The error of something that cannot listen where it was told to."""
    return SpringboardError(
        f"{what} cannot listen on {host}:{port}: {problem.strerror if problem else 'something answers there already'}",
        consequence="nothing was started",
        next_step=f"springboard serve {option} with a free port",
    )
