"""How many threads a computation is worth."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Below this many pixels, threads wait for each other longer than they work.
_WORTH_THREADS = 2**18


@contextmanager
def threads_for(pixels: int) -> Iterator[None]:
    """Use one thread for a small image, and as many as before afterwards."""
    import torch

    before = torch.get_num_threads()
    if pixels < _WORTH_THREADS:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
