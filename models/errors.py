"""The one exception tree of Springboard.

::

    SpringboardError                    every error we raise on purpose; the command exits with 2
    ├── ReadError                 a dataset or model reference that cannot be read
    │   ├── UnreadableError             the file is not what its name says, or is broken
    │   ├── UnknownReferenceError       no such file, folder or hub id
    │   └── OfflineError                the hub is needed and cannot be reached
    ├── MappingError                    no text or label column can be told, or the named one is absent
    ├── GateError                       the quality gate refused a whole dataset (it is in quarantine)
    ├── NamingError                      a name we cannot take, or one that is not registered
    ├── WorkspaceError                  no workspace here, or one that is broken or of another format
    ├── SettingsError                   params.yaml or an option holds a value we cannot use
    ├── EncoderError                    an encoder that cannot be loaded, or one of another width
    ├── TuningError                     fine-tuning cannot start, or diverged
    ├── ArtefactError                   an artefact file is missing, truncated or fails its check
    ├── ScoringError                    a score that cannot be computed (it is never returned as a number)
    │   └── InputsError                 an array that no scorer can take: its name, its shape and the cure
    ├── StoreError                      LanceDB cannot be opened, or holds what it should not
    ├── RecordError                     DVC or git refused to record
    │   └── PushError                       the release is made, and DVC's remote lacks files of it
    └── BusyError                       another run holds the lock for longer than we were told to wait

Each message says four things: what failed, on which object, what happens now, and what to type next.
"""

from __future__ import annotations

__all__ = [
    "ArtefactError",
    "BusyError",
    "EncoderError",
    "GateError",
    "InputsError",
    "MappingError",
    "NamingError",
    "OfflineError",
    "PushError",
    "ReadError",
    "RecordError",
    "ScoringError",
    "SettingsError",
    "SpringboardError",
    "StoreError",
    "TuningError",
    "UnknownReferenceError",
    "UnreadableError",
    "WorkspaceError",
]


class SpringboardError(Exception):
    """Root of the tree.

    Parameters
    ----------
    what
        What failed and on which object, one sentence without a final stop.
    consequence
        What happens now ("nothing was stored").
    next_step
        What to type or do next; an exact command where there is one.
    """

    def __init__(self, what: str, *, consequence: str = "", next_step: str = "") -> None:
        self.what = what
        self.consequence = consequence
        self.next_step = next_step
        super().__init__(what, consequence, next_step)

    def __str__(self) -> str:
        parts = [f"{self.what}."]
        if self.consequence:
            parts.append(f"{self.consequence[0].upper()}{self.consequence[1:]}.")
        if self.next_step:
            parts.append(f"Next: {self.next_step}")
        return " ".join(parts)


class ReadError(SpringboardError):
    """A dataset or model reference that cannot be read."""


class UnreadableError(ReadError):
    """The file is not what its name says, or is broken."""


class UnknownReferenceError(ReadError):
    """No such file, folder or hub id."""


class OfflineError(ReadError):
    """The hub is needed and cannot be reached."""


class MappingError(SpringboardError):
    """No text or label column can be told, or the named one is absent."""


class GateError(SpringboardError):
    """The quality gate refused a whole dataset; it waits in quarantine."""


class NamingError(SpringboardError):
    """A name we cannot take, or one that is not registered."""


class WorkspaceError(SpringboardError):
    """No workspace here, or one that is broken or of another format."""


class SettingsError(SpringboardError):
    """params.yaml or an option holds a value we cannot use."""


class EncoderError(SpringboardError):
    """An encoder that cannot be loaded, or one of another width."""


class TuningError(SpringboardError):
    """Fine-tuning cannot start, or diverged."""


class ArtefactError(SpringboardError):
    """An artefact file is missing, truncated or fails its check."""


class ScoringError(SpringboardError):
    """A score that cannot be computed; it is never returned as a number."""


class InputsError(ScoringError):
    """An array that no scorer can take; the message has its name, its shape and the cure."""


class StoreError(SpringboardError):
    """LanceDB cannot be opened, or holds what it should not."""


class RecordError(SpringboardError):
    """DVC or git refused to record."""


class PushError(RecordError):
    """The release is made, and DVC's remote lacks files of it."""


class BusyError(SpringboardError):
    """Another run holds the lock for longer than we were told to wait."""
