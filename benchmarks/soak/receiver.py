"""A webhook on this machine that keeps what it was sent, and may be down for a while."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Receiver", "receiving"]


@dataclass
class Receiver:
    """``alerts`` are the bodies taken so far; while ``down`` all are answered 503 and counted in ``turned_away``."""

    url: str = ""
    alerts: list[dict[str, Any]] = field(default_factory=list)
    down: bool = False
    turned_away: int = 0


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen on a free port of the loopback address."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            if receiver.down:
                receiver.turned_away += 1
                self.send_response(503)
            else:
                receiver.alerts.append(json.loads(body))
                self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/alerts"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
