"""What every imitation of the hub on the loopback answers alike."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler

__all__ = ["HubAnswers"]


class HubAnswers(BaseHTTPRequestHandler):
    """JSON, and refusals by the hub's own codes; nothing on the terminal."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def _json(self, value: object) -> None:
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", code)
        self.send_header("Content-Length", "0")
        self.end_headers()
