"""The encoder of a run, loaded once per process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from models.encoder import Encoder

__all__ = ["encoder_of"]

_LOADED: dict[str, Encoder] = {}


def encoder_of(plan: Plan) -> Encoder:
    """The settings' encoder; the last one loaded stays, so that a run over many sources loads it once.

    Raises
    ------
    EncoderError, ReadError
        It cannot be loaded.
    """
    if plan.encoder not in _LOADED:
        from models.encoder import load_encoder

        _LOADED.clear()
        _LOADED[plan.encoder] = load_encoder(plan.workspace.settings.encoder)
    return _LOADED[plan.encoder]
