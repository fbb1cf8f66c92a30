"""The engine's array code is one for numpy and torch, in memory and on a GPU."""

from __future__ import annotations

import array_api_compat.numpy as numpy_arrays
import array_api_compat.torch as torch_arrays
import numpy as np
import pytest
import torch
from support.esm_cases import assert_equal_to_the_definition, clustered, esm_of, mixed_esms, random_esm

from models.evidence.arrays import Arrays
from models.evidence.low_rank import LowRankMaps, Probe, shift_of
from models.evidence.target import TargetSpectrum
from models.evidence.triangular import solve_lower, squared_norms

needs_cuda = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="no CUDA device: torch.cuda.is_available() is False here"
)
DEVICES = ["cpu", pytest.param("cuda", marks=needs_cuda)]


def _on(target: TargetSpectrum, device: str) -> TargetSpectrum:
    """The target with torch tensors in place of its arrays."""
    return target.placed(Arrays.on("torch" if device == "cpu" else device))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("rank", [1, 3, 9])
@pytest.mark.parametrize(("n", "d", "classes"), [(60, 20, 2), (14, 30, 3), (40, 20, 7)])
def test_shifts_are_the_same_on_torch(
    n: int, d: int, classes: int, rank: int, center: bool, device: str
) -> None:
    rng = np.random.default_rng(rank)
    x, ids = clustered(rng, n, d, classes)
    esms = [random_esm(rng, d, rank, size, bias) for size in (0.1, 1.0) for bias in (0.0, 0.5)]
    target = TargetSpectrum.of(x, (ids[:, None] == np.arange(classes)).astype(np.float64), center=center)
    lam = target.mean_eigenvalue * np.geomspace(1e-4, 1e4, 9)

    expected = shift_of(
        Probe.at(target, lam, numpy_arrays), LowRankMaps.of(target, esms, numpy_arrays), numpy_arrays
    )
    moved = _on(target, device)
    probe = Probe.at(moved, torch.tensor(lam, dtype=torch.float64, device=device), torch_arrays)
    found = shift_of(probe, LowRankMaps.of(moved, esms, torch_arrays), torch_arrays)

    assert found.residual.device.type == device
    assert found.residual.dtype == torch.float64
    for ours, theirs in (
        (expected.log_determinant, found.log_determinant),
        (expected.residual, found.residual),
    ):
        assert ours.shape == tuple(theirs.shape)
        np.testing.assert_allclose(theirs.cpu().numpy(), ours, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("m", "columns"), [(1, 1), (3, 2), (8, 9), (9, 4), (23, 5)])
def test_triangular_systems_agree_with_the_libraries_own(m: int, columns: int) -> None:
    rng = np.random.default_rng(m)
    half = rng.normal(size=(4, 2, m, m)) / np.sqrt(m)
    matrix = half @ np.swapaxes(half, -1, -2) + np.eye(m)
    right = rng.normal(size=(4, 2, m, columns))
    lower = np.linalg.cholesky(matrix)
    for xp, bring in ((numpy_arrays, np.asarray), (torch_arrays, torch.tensor)):
        solved = solve_lower(bring(lower), bring(right), xp)
        np.testing.assert_allclose(np.asarray(solved), np.linalg.solve(lower, right), atol=1e-10)
        half_log, norms = squared_norms(bring(matrix), bring(right), xp)
        np.testing.assert_allclose(np.asarray(half_log), np.linalg.slogdet(matrix)[1] / 2, atol=1e-10)
        expected = (right * np.linalg.solve(matrix, right)).sum(axis=-2)
        np.testing.assert_allclose(np.asarray(norms), expected, atol=1e-10)


@pytest.mark.parametrize("device", ["torch", pytest.param("cuda", marks=needs_cuda)])
@pytest.mark.parametrize("shape", [(60, 24), (16, 40)])
def test_the_whole_engine_is_the_definition_on_torch(shape: tuple[int, int], device: str) -> None:
    rng = np.random.default_rng(0)
    d = shape[1]
    x, ids = clustered(rng, *shape)
    q = np.linalg.qr(rng.normal(size=(d, 2)))[0]
    awkward = [esm_of(-q, q), esm_of(99 * q, q), esm_of(0 * q, q), esm_of(-q * (1 - 1e-12), q, np.ones(d))]
    assert_equal_to_the_definition(x, ids, mixed_esms(rng, d) + awkward, device=device)
    perfect = x.copy()
    perfect[:, :3] = np.eye(3)[ids]
    assert_equal_to_the_definition(perfect, ids, mixed_esms(rng, d), device=device)
