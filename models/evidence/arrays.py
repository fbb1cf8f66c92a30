"""Where the engine's arrays lie: numpy's in memory, or torch's on a device, by the same names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import SettingsError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Arrays"]


@dataclass(frozen=True)
class Arrays:
    """An array library that keeps to the array API standard, and a device of it.

    Attributes
    ----------
    xp
        The namespace, from array_api_compat.
    device
        Of that library.
    """

    xp: Any
    device: Any

    @classmethod
    def on(cls, device: str = "cpu") -> Arrays:
        """Numpy for ``cpu``; torch for ``cuda``, ``cuda:1`` and whatever else torch knows (``torch`` is its CPU).

        Raises
        ------
        SettingsError
            If torch does not have the device, or it has no double precision.
        """
        if device == "cpu":
            import array_api_compat.numpy

            return cls(array_api_compat.numpy, "cpu")
        import array_api_compat.torch
        import torch

        place = "cpu" if device == "torch" else device
        try:
            torch.zeros(1, dtype=torch.float64, device=place)
        except (RuntimeError, AssertionError, TypeError) as problem:
            raise SettingsError(
                f"scores cannot be computed on {device[:40]!r}: {str(problem).splitlines()[0][:120]}",
                consequence="nothing was scored",
                next_step="choose cpu, or a device on which torch.zeros(1, dtype=torch.float64) works",
            ) from problem
        return cls(array_api_compat.torch, torch.device(place))

    @property
    def is_numpy(self) -> bool:
        """Whether arrays are numpy's."""
        return bool(self.device == "cpu")

    def put(self, array: ArrayLike) -> Any:
        """Bring an array there, as float64."""
        wide = np.asarray(array, dtype=np.float64)
        return wide if self.is_numpy else self.xp.asarray(wide, device=self.device)

    def get(self, array: Any) -> NDArray[np.float64]:
        """Bring an array back."""
        return np.asarray(array if self.is_numpy else array.cpu(), dtype=np.float64)

    @property
    def indefinite(self) -> tuple[type[Exception], ...]:
        """What a Cholesky factor of a matrix that is not positive definite raises."""
        if self.is_numpy:
            return (np.linalg.LinAlgError,)
        from torch.linalg import LinAlgError  # type: ignore[attr-defined]

        return (LinAlgError,)
