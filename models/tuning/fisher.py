"""The diagonal empirical Fisher information of a tuned encoder: what of it matters for its task.

Achille et al., "Task2Vec", ICCV 2019, and Vu et al., "Exploring and Predicting Transferability across NLP Tasks",
EMNLP 2020 (TaskEmb).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models.encoder.batches import padded, plan_batches, tokenise
from models.encoder.pooling import pool
from models.errors import ScoringError, TuningError
from models.labels import class_ids, regression_target
from models.tuning.linear import linear_layers

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from models.encoder.batches import Tokens
    from models.labels import Labels
    from models.tasks import Task
    from models.tuning.head import Head
    from models.tuning.tuned import TunedEncoder

__all__ = ["diagonal_fisher"]

_ROWS_AT_ONCE = 16


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
    standardised number. Squares are of each row's own gradient (the square of a batch's mean gradient is another
    thing), without dropout.

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
    if not linear_layers(encoder.model):
        raise _refuse(f"a {type(encoder.model).__name__} has no linear layers")
    try:
        sums = _sums(tuned, tokens, wanted[chosen], _ROWS_AT_ONCE)
    except _RowsMixedError:
        sums = _sums(tuned, tokens, wanted[chosen], 1)
    values = np.concatenate([total.numpy() for total in sums.values()]) / len(chosen)
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


class _RowsMixedError(Exception):
    """A layer's output has no place of its own for each row."""


def _sums(tuned: TunedEncoder, tokens: Tokens, wanted: NDArray[Any], at_once: int) -> dict[str, torch.Tensor]:
    """Sum the squares of all rows, per layer by name [out]; raises _RowsMixedError where rows cannot be told apart."""
    import torch

    encoder = tuned.encoder
    sums: dict[str, torch.Tensor] = {}
    for rows in _batches(tokens, at_once):
        inputs = padded(tokens, rows, encoder.device)
        with _seen(encoder.model, len(rows)) as seen:
            pooled = pool(encoder.model(**inputs), inputs["attention_mask"], encoder.settings.pooling)
        # Rows know nothing of each other, so that the gradient of their sum is each row's own at the row's place.
        value = _log_likelihood(tuned.head, pooled, wanted[rows])
        outputs = [output for calls in seen.values() for _, output in calls]
        gradients = iter(torch.autograd.grad(value, outputs, allow_unused=True))
        for name, calls in seen.items():
            # What is called more than once has one gradient: its calls' tokens are those of one longer text.
            both = [(given, next(gradients)) for given, _ in calls]
            used = [(given, one.reshape(*given.shape[:2], -1)) for given, one in both if one is not None]
            if used:
                square = (
                    _squares(*(torch.cat(parts, dim=1) for parts in zip(*used, strict=True))).cpu().double()
                )
                sums[name] = sums[name] + square if name in sums else square
    return {name: sums[name] for name in linear_layers(encoder.model) if name in sums}


def _batches(tokens: Tokens, at_once: int) -> Iterator[NDArray[np.int64]]:
    for rows in plan_batches(tokens.lengths, at_once):
        # As many rows as tokens, and a model that puts tokens first would be taken for one that puts rows first.
        cut = len(rows) - int(len(rows) == tokens.lengths[rows].max() > 1)
        yield rows[:cut]
        if cut < len(rows):
            yield rows[cut:]


@contextlib.contextmanager
def _seen(model: Any, rows: int) -> Iterator[dict[str, list[tuple[torch.Tensor, torch.Tensor]]]]:
    """Collect what each linear layer is given [rows, tokens, in], and its outputs, which gradients can be had of.

    No weight takes part in gradients, and nothing is dropped out; the model is as before afterwards.
    """
    before = {parameter: parameter.requires_grad for parameter in model.parameters()}
    was_training = model.training
    seen: dict[str, list[tuple[torch.Tensor, torch.Tensor]]] = {}

    def keep(name: str, given: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
        if rows > 1 and len(given) != rows:
            raise _RowsMixedError
        if not output.requires_grad:
            # The first layers begin the graph: nothing before them asks for a gradient.
            output = output.detach().requires_grad_()
        seen.setdefault(name, []).append((given.detach().reshape(rows, -1, given.shape[-1]), output))
        return output.clone()  # Whoever changes it in place leaves ours alone.

    model.eval()
    for parameter in before:
        parameter.requires_grad_(False)
    hooks = [
        layer.register_forward_hook(lambda _, given, output, name=name: keep(name, given[0], output))
        for name, layer in linear_layers(model).items()
    ]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
        for parameter, required in before.items():
            parameter.requires_grad_(required)
        model.train(was_training)


def _squares(given: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Sum over rows of the squared gradients of a layer's weights, averaged over the incoming ones.

    A row's gradient is G'A with A its inputs and G the gradients of its outputs; the squared length of its row o is
    g_o' (AA') g_o. With fewer tokens than units that is a fraction of the work, and no matrix of the weights' size.

    Parameters
    ----------
    given, gradient
        [rows, tokens, in] and [rows, tokens, out].

    Returns
    -------
    torch.Tensor
        [out], above or equal to 0.
    """
    products = given @ given.transpose(1, 2)
    return ((products @ gradient) * gradient).sum(dim=(0, 1)).clamp_min(0.0) / given.shape[2]


def _log_likelihood(head: Head, pooled: torch.Tensor, wanted: NDArray[Any]) -> torch.Tensor:
    import torch

    weight, bias = (torch.from_numpy(part).to(pooled.device) for part in (head.weight, head.bias))
    outputs = pooled @ weight.T + bias
    if head.classes:
        ids = torch.from_numpy(wanted).to(pooled.device)
        return -torch.nn.functional.cross_entropy(outputs, ids, reduction="sum")
    return -0.5 * (outputs[:, 0] - torch.from_numpy(wanted).to(outputs)).square().sum()


def _refuse(what: str) -> TuningError:
    return TuningError(
        f"no Fisher information can be had: {what}",
        consequence="scorers that need it leave the source out",
        next_step="let Springboard tune the source, or bring a model with a head for these labels",
    )
