"""Which worker of xdist runs what: a file's tests stay together, and those of a folder with a server of its own."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

__all__ = ["FilesAndServers"]

SERVED = "tests/flows/with_server/"
"""Each worker that ran one of these would start a server: half a minute of CPU."""


class FilesAndServers(LoadFileScheduling):
    """``--dist loadfile``, with the files of :data:`SERVED` as one."""

    def _split_scope(self, nodeid: str) -> str:
        return SERVED if nodeid.startswith(SERVED) else super()._split_scope(nodeid)
