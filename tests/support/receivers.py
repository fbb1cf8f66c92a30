"""A webhook and a mail server on the loopback address, which keep what they are sent."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Hook", "Mailbox", "hook", "mailbox"]


@dataclass
class Hook:
    """What a webhook was sent; ``answers`` are the codes it gives, the last one for ever, ``raw`` path and body."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [200])
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    raw: list[tuple[str, bytes]] = field(default_factory=list)
    drips: bool = False


@contextmanager
def hook() -> Iterator[Hook]:
    kept = Hook()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if kept.drips:
                # A byte now and then: no time-out of a socket ever fires.
                for byte in b"HTTP/1.0 200 OK\r\nX-Long: " + b"x" * 50:
                    self.wfile.write(bytes([byte]))
                    time.sleep(0.05)
                return
            kept.raw.append((self.path, body))
            if self.headers["Content-Type"] == "application/json":
                kept.bodies.append(json.loads(body))
            kept.headers.append(dict(self.headers.items()))
            self.send_response(kept.answers.pop(0) if len(kept.answers) > 1 else kept.answers[0])
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Mailbox:
    """What a mail server was sent, and who logged in."""

    port: int = 0
    mails: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    kept = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

        def handle(self) -> None:
            self.say("220 here")
            while line := self.rfile.readline().decode().strip():
                verb = line.split(" ")[0].upper()
                if verb == "EHLO":
                    self.say("250-here\r\n250 AUTH PLAIN")
                elif verb == "AUTH":
                    kept.logins.append(line)
                    self.say("235 welcome")
                elif verb == "DATA":
                    self.say("354 go on")
                    lines = []
                    while (text := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                        lines.append(text)
                    kept.mails.append("\n".join(lines))
                    self.say("250 taken")
                else:
                    self.say("221 bye" if verb == "QUIT" else "250 fine")
                    if verb == "QUIT":
                        return

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
