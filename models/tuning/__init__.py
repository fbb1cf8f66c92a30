"""Fine-tuning an encoder on a source, and models that were tuned elsewhere."""

from __future__ import annotations

from models.tuning.elsewhere import load_tuned, tuned_model_id
from models.tuning.head import Head
from models.tuning.settings import Method, TuningSettings
from models.tuning.train import tune
from models.tuning.tuned import TunedEncoder

__all__ = ["Head", "Method", "TunedEncoder", "TuningSettings", "load_tuned", "tune", "tuned_model_id"]
