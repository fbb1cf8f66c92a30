"""The diagonal empirical Fisher information of a tuned encoder: what of it matters for its task.

Achille et al., "Task2Vec", ICCV 2019, and Vu et al., "Exploring and Predicting Transferability across NLP Tasks",
EMNLP 2020 (TaskEmb).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models.encoder.batches import padded, tokenise
from models.encoder.pooling import pool
from models.errors import ScoringError, TuningError
from models.labels import class_ids, regression_target
from models.tuning.linear import linear_weights

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from models.labels import Labels
    from models.tasks import Task
    from models.tuning.head import Head
    from models.tuning.tuned import TunedEncoder

__all__ = ["diagonal_fisher"]


def diagonal_fisher(
    tuned: TunedEncoder,
    text_a: Sequence[str],
    text_b: Sequence[str] | None,
    labels: Labels,
    task: Task,
    *,
    rows: int = 128,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Average the squared gradients of single rows' log-likelihoods, with the rows' own labels.

    The likelihood is the head's: a softmax over its classes, or a normal distribution of variance 1 around the
    standardised number. Each row is a batch of its own (the square of a batch's mean gradient is another thing),
    without dropout.

    Parameters
    ----------
    tuned
        With a head; its weights stay as they are.
    text_a, text_b, labels, task
        n rows of the dataset it was tuned on, as for :func:`models.tuning.tune`.
    rows
        How many of them are used at most.
    seed
        Decides which.

    Returns
    -------
    numpy.ndarray
        float64 [p], above or equal to 0: for each unit of each linear layer the mean over its incoming weights,
        layers in the model's order (Task2Vec averages over the weights of a filter in the same way). Layers
        that the pooled embedding does not depend on are left out. p is 20,736 for MiniLM with mean pooling.

    Raises
    ------
    TuningError
        There is no head, its classes are not the dataset's labels, the encoder has no linear layers, or a
        gradient is not finite.
    """
    wanted = _wanted(tuned.head, labels, task)
    n = len(wanted)
    chosen = np.sort(np.random.default_rng(seed).choice(n, size=min(rows, n), replace=False))
    first = [text_a[row] for row in chosen]
    second = None if text_b is None else [text_b[row] for row in chosen]
    encoder = tuned.encoder
    tokens = tokenise(encoder.tokenizer, first, second, encoder.settings.max_length)
    weights = linear_weights(encoder.model)
    if not weights:
        raise _refuse(f"a {type(encoder.model).__name__} has no linear layers")
    sums: dict[str, torch.Tensor] = {}
    with _watched(encoder.model, list(weights.values())), _one_thread():
        for place, row in enumerate(chosen):
            inputs = padded(tokens, [place], encoder.device)
            pooled = pool(encoder.model(**inputs), inputs["attention_mask"], encoder.settings.pooling)
            _add_squares(sums, weights, _log_likelihood(tuned.head, pooled, wanted[row]))
    values = np.concatenate([total.cpu().numpy() for total in sums.values()]) / len(chosen)
    if not np.isfinite(values).all():
        raise _refuse("a gradient is not finite")
    return np.asarray(values, dtype=np.float64)


def _wanted(head: Head, labels: Labels, task: Task) -> NDArray[Any]:
    """Give the labels as the head numbers or standardises them."""
    if not head.is_known:
        raise _refuse(f"there is no head ({head.note or 'none came with the model'})")
    if task.is_regression != (not head.classes):
        raise _refuse(f"the head is not one for {task}")
    try:
        if task.is_regression:
            return (regression_target(labels) - head.label_mean) / head.label_std
        names, ids = class_ids(labels)
    except ScoringError as problem:
        raise _refuse(problem.what) from problem
    unknown = sorted(set(names) - set(head.classes))
    if unknown:
        raise _refuse(f"the head knows no class {unknown[0][:60]!r}")
    return np.array([head.classes.index(name) for name in names])[ids]


def _log_likelihood(head: Head, pooled: torch.Tensor, wanted: Any) -> torch.Tensor:
    import torch

    weight, bias = (torch.from_numpy(part).to(pooled.device) for part in (head.weight, head.bias))
    outputs = pooled @ weight.T + bias
    if head.classes:
        return torch.log_softmax(outputs, dim=1)[0, int(wanted)]
    return -0.5 * (outputs[0, 0] - float(wanted)) ** 2


def _add_squares(
    sums: dict[str, torch.Tensor], weights: dict[str, torch.Tensor], value: torch.Tensor
) -> None:
    import torch

    gradients = torch.autograd.grad(value, list(weights.values()), allow_unused=True)
    for name, gradient in zip(weights, gradients, strict=True):
        if gradient is not None:
            lengths = torch.linalg.vector_norm(gradient, dim=1).double()
            square = lengths.square() / gradient.shape[1]
            sums[name] = sums[name] + square if name in sums else square


@contextlib.contextmanager
def _watched(model: Any, weights: list[torch.Tensor]) -> Iterator[None]:
    """Let gradients reach these weights and no others, without dropout; everything is as before afterwards."""
    before = {parameter: parameter.requires_grad for parameter in model.parameters()}
    was_training = model.training
    model.eval()
    for parameter in before:
        parameter.requires_grad_(False)
    for weight in weights:
        weight.requires_grad_(True)
    try:
        yield
    finally:
        for parameter, required in before.items():
            parameter.requires_grad_(required)
        model.train(was_training)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """One row is too little work to share: two threads take as long, and on a busy machine ten times as long."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _refuse(what: str) -> TuningError:
    return TuningError(
        f"no Fisher information can be had: {what}",
        consequence="scorers that need it leave the source out",
        next_step="let Springboard tune the source, or bring a model with a head for these labels",
    )
