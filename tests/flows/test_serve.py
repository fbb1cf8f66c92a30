"""What ``springboard serve`` refuses; the whole of it, served, fed and killed, is tests/benchmarks/test_soak.py."""

from __future__ import annotations

import socket
from collections.abc import Callable

from features.workspace import Workspace


def test_a_taken_port_is_a_clear_error(workspace: Workspace, cli: Callable[..., object]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = cli("serve", "--site-port", taken.getsockname()[1], "-w", workspace.root)
    assert said.is_clear_error("cannot listen", "--site-port")  # type: ignore[attr-defined]
