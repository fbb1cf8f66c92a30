"""How many bytes an ESM takes."""

from __future__ import annotations

from models.errors import ArtefactError

__all__ = ["esm_bytes", "most_rank"]


def esm_bytes(dim: int, rank: int, bytes_per_number: int = 2) -> int:
    """Give the bytes of the factors U, V [d, r] and of b [d]; in half precision unless said otherwise.

    The file around them (a card, four figures) is left out: it does not grow with the rank.
    """
    return bytes_per_number * (2 * rank * dim + dim)


def most_rank(dim: int, max_bytes: int) -> int:
    """Give the highest rank, d at most, whose factors take no more than so many bytes in half precision.

    Raises
    ------
    ArtefactError
        If not even rank 1 does.
    """
    rank = (max_bytes - esm_bytes(dim, 0)) // (esm_bytes(dim, 1) - esm_bytes(dim, 0))
    if rank < 1:
        raise ArtefactError(
            f"no ESM of width {dim} fits into {max_bytes} bytes; rank 1 takes {esm_bytes(dim, 1)}",
            consequence="the source stays pending",
            next_step=f"set esm.max_bytes in params.yaml to {esm_bytes(dim, 1)} or more",
        )
    return min(rank, dim)
