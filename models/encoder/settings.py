"""What an encoder is: weights by reference, pooling, and how much of a text it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from models.errors import SettingsError

__all__ = ["EncoderSettings", "Pooling"]

Pooling = Literal["mean", "first", "pooler"]
"""From token states to one vector: mean over real tokens, the first token, or the model's own pooler."""


@dataclass(frozen=True)
class EncoderSettings:
    """The choices that name an encoder.

    Parameters
    ----------
    ref
        A hub id, a folder, or ``package:<import name>`` for weights that lie inside an installed package.
    pooling
        See :data:`Pooling`.
    max_length
        Tokens read of a text (or of both texts of a pair together), special tokens included.
    revision
        Hub commit, tag or branch; None takes the snapshot already in the cache, else the newest. Only for hub
        ids.
    batch_size
        Rows encoded at once, at most. Changes the speed and the memory, not the result, so it is no part of
        the id.

    Raises
    ------
    SettingsError
        If a value is one we cannot use.
    """

    ref: str
    pooling: Pooling = "mean"
    max_length: int = 128
    revision: str | None = None
    batch_size: int = 64

    def __post_init__(self) -> None:
        if not self.ref or not self.ref.strip():
            raise _bad("ref", self.ref, "a hub id, a folder or package:<import name>")
        if self.pooling not in get_args(Pooling):
            raise _bad("pooling", self.pooling, "one of " + ", ".join(get_args(Pooling)))
        if isinstance(self.max_length, bool) or not isinstance(self.max_length, int) or self.max_length < 4:
            raise _bad("max_length", self.max_length, "a whole number of tokens, 4 or more")
        if isinstance(self.batch_size, bool) or not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise _bad("batch_size", self.batch_size, "a whole number of rows, 1 or more")


def _bad(field: str, value: object, wanted: str) -> SettingsError:
    return SettingsError(
        f"encoder {field} is {value!r}",
        consequence="no encoder was loaded",
        next_step=f"set it to {wanted}",
    )
