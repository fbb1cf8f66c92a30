"""What makes a state durable: dvc repro, dvc push, a git commit."""

from __future__ import annotations

from features.record.dvc import push, repro
from features.record.git import commit_paths, ensure_repository
from features.record.recorder import Recording, mark_unrecorded, record, unrecorded

__all__ = [
    "Recording",
    "commit_paths",
    "ensure_repository",
    "mark_unrecorded",
    "push",
    "record",
    "repro",
    "unrecorded",
]
