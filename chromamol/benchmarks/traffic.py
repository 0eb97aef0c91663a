"""How much memory traffic a computation causes, against what a CUDA device can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_COPY_BYTES = 2**29
_COPIES = 20


def bytes_moved(function: Callable[[], object]) -> int:
    """Run a function, and count what the operations of torch in it read and write.

    An operation counts once for every tensor that it takes or gives, whatever it does inside
    (a Fourier transform passes over its data more than once); views are free.
    """
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    total = 0

    class Count(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            nonlocal total
            result = func(*args, **(kwargs or {}))
            if not _is_view(func):
                tensors = tree_leaves((args, kwargs, result))
                total += sum(t.nbytes for t in tensors if isinstance(t, torch.Tensor))
            return result

    with Count():  # type: ignore[no-untyped-call]
        function()
    return total


def copy_bandwidth() -> float:
    """Return what the CUDA device reads and writes in a copy of 512 MiB, bytes a second."""
    import torch

    source = torch.zeros(_COPY_BYTES, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    target.copy_(source)
    before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    before.record()
    for _ in range(_COPIES):
        target.copy_(source)
    after.record()
    torch.cuda.synchronize()
    return 2 * _COPY_BYTES * _COPIES / (float(before.elapsed_time(after)) / 1000)


def _is_view(func: Any) -> bool:
    """Whether an operation returns its argument, seen in another way."""
    returned = func._schema.returns
    alias = returned[0].alias_info if returned else None
    return alias is not None and not alias.is_write
