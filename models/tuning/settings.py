"""How an encoder is fine-tuned on a source."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from models.errors import SettingsError

__all__ = ["Method", "TuningSettings"]

Method = Literal["full", "lora"]
"""``full``: every weight; ``lora``: low-rank updates (Hu et al., "LoRA", ICLR 2022), merged in afterwards."""

_LEARNING_RATES: dict[Method, float] = {"full": 2e-5, "lora": 5e-4}


@dataclass(frozen=True)
class TuningSettings:
    """The choices of a fine-tuning run; the defaults are those of the paper's full fine-tuning.

    Parameters
    ----------
    epochs
        Passes over the rows; 0.5 is half of one.
    batch_size
        Rows a step.
    learning_rate
        Peak rate of the encoder's weights. None takes the method's own: 2e-5 for ``full``, 5e-4 for ``lora``,
        whose few new weights start from nothing.
    head_learning_rate
        Peak rate of the new head. It starts at random and at the encoder's rate would spend a small source's
        few steps sending noise into the encoder.
    weight_decay
        AdamW's, on all but biases and norms.
    warmup_share
        Share of the steps in which the rate rises from 0; it falls to 0 over the rest.
    seed
        Decides head, order and dropout. Same seed, same machine, same number of threads: same weights.
    method
        See :data:`Method`.
    lora_rank, lora_alpha, lora_dropout
        Of LoRA, on all linear layers.
    head_dropout
        On the pooled embedding before the head.
    max_grad_norm
        Gradients are scaled down to this norm.
    max_steps
        Stop after so many steps whatever ``epochs`` says; the schedule is laid out over them.

    Raises
    ------
    SettingsError
        If a value is one we cannot use.
    """

    epochs: float = 3
    batch_size: int = 32
    learning_rate: float | None = None
    head_learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup_share: float = 0.1
    seed: int = 0
    method: Method = "full"
    lora_rank: int = 8
    lora_alpha: float = 16
    lora_dropout: float = 0.05
    head_dropout: float = 0.1
    max_grad_norm: float = 1.0
    max_steps: int | None = None

    def __post_init__(self) -> None:
        if self.method not in get_args(Method):
            raise _bad("method", self.method, "one of " + ", ".join(get_args(Method)))
        for name in ("epochs", "learning_rate", "head_learning_rate", "lora_alpha", "max_grad_norm"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise _bad(name, value, "a number above 0")
        for name in ("warmup_share", "lora_dropout", "head_dropout", "weight_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise _bad(name, getattr(self, name), "from 0 to below 1")
        for name in ("batch_size", "lora_rank", "max_steps"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < 1):
                raise _bad(name, value, "a whole number, 1 or more")

    @property
    def rate(self) -> float:
        """The encoder's peak learning rate, the method's own where none is set."""
        return _LEARNING_RATES[self.method] if self.learning_rate is None else self.learning_rate

    def steps(self, rows: int) -> int:
        """How many steps a run over so many rows takes, at least one."""
        whole = math.ceil(self.epochs * math.ceil(rows / self.batch_size))
        return max(1, whole if self.max_steps is None else min(whole, self.max_steps))


def _bad(field: str, value: object, wanted: str) -> SettingsError:
    return SettingsError(
        f"tuning {field} is {value!r}",
        consequence="nothing was tuned",
        next_step=f"set tuning.{field} in params.yaml to {wanted}",
    )
