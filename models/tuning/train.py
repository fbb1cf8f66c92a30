"""The training loop."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models.encoder.batches import Tokens, padded, tokenise
from models.encoder.encoder import Encoder
from models.encoder.identity import weights_id
from models.encoder.pooling import pool
from models.errors import TuningError
from models.tasks import OnProgress, silent
from models.tuning.goal import Goal, make_goal
from models.tuning.head import Head
from models.tuning.lora import merge_lora, wrap_lora
from models.tuning.order import epoch_batches
from models.tuning.settings import TuningSettings
from models.tuning.tuned import TunedEncoder

if TYPE_CHECKING:
    import torch

    from models.labels import Labels
    from models.tasks import Task

__all__ = ["tune"]

_PART_TOKENS = 2048
"""Tokens, padding included, whose activations are held at a time on a CPU.

A batch of 32 texts of 128 tokens holds about a gigabyte of them in MiniLM; in parts the same gradients cost half of
that, and less padding besides. A GPU is quicker with the whole batch.
"""


def tune(
    encoder: Encoder,
    text_a: Sequence[str],
    text_b: Sequence[str] | None,
    labels: Labels,
    task: Task,
    settings: TuningSettings | None = None,
    *,
    on_progress: OnProgress = silent,
) -> TunedEncoder:
    """Fine-tune a copy of an encoder, with a linear head on its pooled embedding.

    AdamW (Loshchilov, Hutter, ICLR 2019) with a linear warm-up and a linear fall; classes are numbered in the
    order of their sorted labels, regression labels are standardised. The base encoder and everybody's random
    state stay as they were.

    Parameters
    ----------
    encoder
        The base; copied, never changed.
    text_a, text_b, labels
        n rows; ``text_b`` is None unless rows are pairs.
    task
        The task type.
    settings
        See :class:`TuningSettings`.
    on_progress
        Called with (steps done, steps in all).

    Raises
    ------
    TuningError
        If rows and labels disagree, labels teach nothing, or the loss stops being finite.
    """
    chosen = settings or TuningSettings()
    counts = {len(text_a), len(labels), *(() if text_b is None else (len(text_b),))}
    if len(counts) != 1 or not len(text_a) or task.is_pair != (text_b is not None):
        raise _refuse(
            f"rows do not match: {len(text_a)} first texts, "
            f"{'no' if text_b is None else len(text_b)} second texts, {len(labels)} labels, task {task}",
            "pass one of each a row, and second texts for pair tasks only",
        )
    goal = make_goal(labels, task)
    tokens = tokenise(encoder.tokenizer, text_a, text_b, encoder.settings.max_length)
    started = time.perf_counter()
    with _own_dice(encoder.device, chosen.seed):
        run = _Run(encoder, goal, chosen)
        losses = run.train(tokens, on_progress)
    return run.result(losses, time.perf_counter() - started)


class _Run:
    """One training run: model, head, optimiser and schedule."""

    def __init__(self, base: Encoder, goal: Goal, settings: TuningSettings) -> None:
        import torch

        self.base, self.goal, self.settings = base, goal, settings
        model = base.clone().model
        for parameter in model.parameters():
            parameter.requires_grad_(True)
        self.model = wrap_lora(model, settings) if settings.method == "lora" else model
        self.head = torch.nn.Linear(base.dim, goal.width)
        # Small, as in BERT: at the start every class is as likely and the encoder hears little of a random
        # head.
        torch.nn.init.normal_(self.head.weight, std=0.02)
        torch.nn.init.zeros_(self.head.bias)
        self.head.to(base.device)

    def train(self, tokens: Tokens, on_progress: OnProgress) -> list[float]:
        import torch

        steps = self.settings.steps(len(tokens))
        # Fused: one pass over the weights a step. On a CPU the ordinary one takes as long as a small batch.
        optimiser = torch.optim.AdamW(self._groups(), weight_decay=0.0, fused=True)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, _ramp(steps, self.settings.warmup_share))
        self.model.train()
        losses: list[float] = []
        for rows in _stream(tokens, self.settings, steps):
            optimiser.zero_grad(set_to_none=True)
            value = self._gradients(tokens, rows)
            if not np.isfinite(value):
                raise _refuse(
                    f"the loss was {value} at step {len(losses) + 1} of {steps}",
                    f"lower tuning.learning_rate in params.yaml (it was {self.settings.rate:g})",
                )
            torch.nn.utils.clip_grad_norm_(self._trainable(), self.settings.max_grad_norm)
            optimiser.step()
            schedule.step()
            losses.append(value)
            on_progress(len(losses), steps)
        return losses

    def result(self, losses: list[float], seconds: float) -> TunedEncoder:
        import torch

        model = merge_lora(self.model) if self.settings.method == "lora" else self.model
        if not all(bool(torch.isfinite(parameter).all()) for parameter in model.parameters()):
            raise _refuse("the tuned weights are not finite", "lower tuning.learning_rate in params.yaml")
        model.eval()
        encoder = Encoder(
            identity=weights_id(self.base.id, model),
            settings=self.base.settings,
            model=model,
            tokenizer=self.base.tokenizer,
            device=self.base.device,
        )
        head = Head(
            self.head.weight.detach().cpu().numpy().astype(np.float32),
            self.head.bias.detach().cpu().numpy().astype(np.float32),
            self.goal.classes,
            label_mean=self.goal.mean,
            label_std=self.goal.std,
        )
        return TunedEncoder(encoder, head, losses=losses, seconds=seconds)

    def _gradients(self, tokens: Tokens, rows: np.ndarray[Any, np.dtype[np.int64]]) -> float:
        """Add up the gradients of a batch's mean loss, part by part, and give that loss."""
        value = 0.0
        for part in _parts(tokens.lengths, rows, _PART_TOKENS if self.base.device == "cpu" else None):
            loss = self._loss(tokens, part) * (len(part) / len(rows))
            loss.backward()  # type: ignore[no-untyped-call]
            value += float(loss.detach())
        return value

    def _loss(self, tokens: Tokens, rows: np.ndarray[Any, np.dtype[np.int64]]) -> torch.Tensor:
        from torch.nn import functional

        inputs = padded(tokens, rows, self.base.device)
        pooled = pool(self.model(**inputs), inputs["attention_mask"], self.base.settings.pooling)
        dropped = functional.dropout(pooled, self.settings.head_dropout, training=True)
        return self.goal.loss(self.head(dropped), rows)

    def _trainable(self) -> list[torch.nn.Parameter]:
        return [p for module in (self.model, self.head) for p in module.parameters() if p.requires_grad]

    def _groups(self) -> list[dict[str, Any]]:
        """Weights that decay are the matrices; biases and the norms' gains are vectors and do not."""
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        decay, rate = self.settings.weight_decay, self.settings.rate
        return [
            {"params": [p for p in parameters if p.ndim > 1], "lr": rate, "weight_decay": decay},
            {"params": [p for p in parameters if p.ndim <= 1], "lr": rate},
            {"params": [self.head.weight], "lr": self.settings.head_learning_rate, "weight_decay": decay},
            {"params": [self.head.bias], "lr": self.settings.head_learning_rate},
        ]


def _parts(
    lengths: np.ndarray[Any, np.dtype[np.int64]],
    rows: np.ndarray[Any, np.dtype[np.int64]],
    budget: int | None,
) -> Iterator[np.ndarray[Any, np.dtype[np.int64]]]:
    """Cut a batch into parts of at most ``budget`` tokens with padding, shortest texts first."""
    if budget is None:
        yield rows
        return
    ordered = rows[np.argsort(lengths[rows], kind="stable")]
    start = 0
    for end in range(1, len(ordered) + 1):
        if end == len(ordered) or lengths[ordered[end]] * (end + 1 - start) > budget:
            yield ordered[start:end]
            start = end


def _stream(
    tokens: Tokens, settings: TuningSettings, steps: int
) -> Iterator[np.ndarray[Any, np.dtype[np.int64]]]:
    generator = np.random.default_rng(settings.seed)
    taken = 0
    while True:
        for rows in epoch_batches(tokens.lengths, settings.batch_size, generator):
            if taken == steps:
                return
            taken += 1
            yield rows


def _ramp(steps: int, warmup_share: float) -> Any:
    warmup = round(steps * warmup_share)

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / (warmup + 1)
        return max(0.0, (steps - step) / max(1, steps - warmup))

    return factor


@contextlib.contextmanager
def _own_dice(device: str, seed: int) -> Iterator[None]:
    """Seed torch for the block and give its random state back afterwards."""
    import torch

    devices: list[int] = []
    if device.startswith("cuda"):
        devices = [torch.device(device).index or torch.cuda.current_device()]
    metal = torch.mps.get_rng_state() if device == "mps" else None
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        try:
            yield
        finally:
            if metal is not None:
                torch.mps.set_rng_state(metal)


def _refuse(what: str, next_step: str) -> TuningError:
    return TuningError(
        f"fine-tuning failed: {what}", consequence="the source stays pending", next_step=next_step
    )
