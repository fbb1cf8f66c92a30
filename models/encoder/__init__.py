"""Encoders: a base language model with its pooling and max length; loading, naming by content, embedding."""

from __future__ import annotations

from models.encoder.encoder import Encoder
from models.encoder.identity import encoder_id
from models.encoder.load import load_encoder
from models.encoder.settings import EncoderSettings, Pooling

__all__ = ["Encoder", "EncoderSettings", "Pooling", "encoder_id", "load_encoder"]
