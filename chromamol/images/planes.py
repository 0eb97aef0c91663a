"""Pixels that stay in their file until they are asked for, as (channel, y, x)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.images.image import Planes

_ALL = slice(None)


@dataclass(frozen=True)
class LazyPlanes:
    """The chosen part of a stored array.

    Attributes
    ----------
    stored : array
        Indexing it with one integer or slice for each axis decodes that part.
    axes : str
        A letter for each axis of `stored`. C and S (samples of a pixel) become the channel.
    fixed : mapping of str to int
        The chosen index along other axes.
    averaged : str
        The axis whose planes are averaged, or "".
    decode : function
        Calls the function that it is given and returns its result; turns what decoders raise on
        damaged files into an `InputError`.
    piece_rows : int
        Rows that are decoded together.
    """

    stored: Any
    axes: str
    fixed: Mapping[str, int]
    averaged: str
    decode: Callable[[Callable[[], NDArray[Any]]], NDArray[Any]]
    piece_rows: int = 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of channels, rows and columns."""
        return self._size("C") * self._size("S"), self._size("Y"), self._size("X")

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values, in native byte order; means of integers are float32."""
        # By its name: C has two types for 64 bits, of which zarr knows one.
        stored = np.dtype(np.dtype(self.stored.dtype).newbyteorder("=").name)
        return np.result_type(stored, np.float32) if self.averaged else stored

    def __getitem__(self, key: Any, /) -> Any:
        """Read a channel (cyx[0]), a part of one (cyx[0, 10:20]), or all (cyx[:])."""
        channel, *window = key if isinstance(key, tuple) else (key,)
        rows, columns = (*window, _ALL, _ALL)[:2]
        if isinstance(channel, slice):
            numbers = range(self.shape[0])[channel]
            return np.stack([self[number, rows, columns] for number in numbers])
        return self.decode(partial(self._read, channel, rows, columns))

    def _size(self, axis: str) -> int:
        return int(self.stored.shape[self.axes.index(axis)]) if axis in self.axes else 1

    def _read(self, channel: int, rows: slice, columns: slice) -> NDArray[Any]:
        """Read a window of one channel, plane after plane where they are averaged."""
        of_c, of_s = divmod(channel, self._size("S"))
        where: dict[str, int | slice] = {
            "C": of_c,
            "S": of_s,
            "Y": rows,
            "X": columns,
            **self.fixed,
        }
        if not self.averaged:
            return self._part(where).astype(self.dtype, copy=False)
        total: Any = 0.0
        n_planes = self._size(self.averaged)
        for plane in range(n_planes):
            total = total + self._part({**where, self.averaged: plane}).astype(np.float64)
        return np.asarray(total / n_planes, dtype=self.dtype)

    def _part(self, where: Mapping[str, int | slice]) -> NDArray[Any]:
        part = np.asarray(self.stored[tuple(where.get(axis, 0) for axis in self.axes)])
        return part if self.axes.index("Y") < self.axes.index("X") else part.T


@dataclass(frozen=True)
class PlainNumbers:
    """Uncompressed numbers in a file, read when they are asked for.

    They are not mapped into memory: a file that is cut short meanwhile would end the process.

    Attributes
    ----------
    path : Path
    offset : int
        Bytes before the first number.
    shape : tuple of int
    dtype : numpy dtype
        As stored.
    """

    path: Path
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __getitem__(self, key: tuple[int | slice, ...], /) -> NDArray[Any]:
        """Read a part; of the first axis that is not one index, whole pieces."""
        leading = 0
        while leading < len(key) and not isinstance(key[leading], slice):
            leading += 1
        inner = self.shape[leading:]
        before = 0
        for index, size in zip(key[:leading], self.shape, strict=False):
            before = before * size + int(index)  # type: ignore[arg-type]
        if not inner:
            return self._numbers(before, 1).reshape(())
        start, stop, step = key[leading].indices(inner[0])  # type: ignore[union-attr]
        each = math.prod(inner[1:])
        count = max(0, stop - start)
        numbers = self._numbers((before * inner[0] + start) * each, count * each)
        part = numbers.reshape(count, *inner[1:])[::step]
        return np.asarray(part[(slice(None), *key[leading + 1 :])])

    def _numbers(self, first: int, count: int) -> NDArray[Any]:
        """Read numbers in a row."""
        start = self.offset + first * self.dtype.itemsize
        numbers = np.fromfile(self.path, self.dtype, count, offset=start)
        if len(numbers) < count:
            msg = f"it ends before its pixels do, at {self.path.stat().st_size} bytes"
            raise ValueError(msg)
        return numbers


@dataclass(frozen=True)
class JoinedPlanes:
    """The channels of several images of one shape, one after the other."""

    parts: Sequence[Planes]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of channels, rows and columns."""
        return sum(part.shape[0] for part in self.parts), *self.parts[0].shape[1:]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type that holds the values of all."""
        return np.result_type(*(part.dtype for part in self.parts))

    @property
    def piece_rows(self) -> int:
        """Rows that are decoded together."""
        return max(getattr(part, "piece_rows", 1) for part in self.parts)

    def __getitem__(self, key: Any, /) -> Any:
        """Read a channel (cyx[0]), a part of one (cyx[0, 10:20]), or all (cyx[:])."""
        channel, *window = key if isinstance(key, tuple) else (key,)
        if isinstance(channel, slice):
            numbers = range(self.shape[0])[channel]
            return np.stack([self[(number, *window)] for number in numbers])
        for part in self.parts:
            if channel < part.shape[0]:
                return np.asarray(part[(channel, *window)]).astype(self.dtype, copy=False)
            channel -= part.shape[0]
        msg = f"There is no channel {channel}."
        raise IndexError(msg)
