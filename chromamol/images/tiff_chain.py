"""The chain of the pages of a TIFF: sound, and of an end."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_BIG = 43
# As many tags as tifffile reads.
_MOST_TAGS = 4_096


def check_chain(path: Path) -> None:
    """Walk from page to page of a TIFF, as each says where the next one is.

    tifffile may walk without end along a damaged chain.

    Parameters
    ----------
    path : Path
        A file that begins as a TIFF does.

    Raises
    ------
    ValueError
        If a page lies outside of the file, comes twice, or has no tags or too many.
    struct.error
        If the file ends within a page.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(16)
        order = "<" if header.startswith(b"II") else ">"
        big = struct.unpack(f"{order}H", header[2:4])[0] == _BIG
        count_code, next_code, tag_bytes = ("Q", "Q", 20) if big else ("H", "I", 12)
        where = header[8:16] if big else header[4:8]
        (offset,) = struct.unpack(f"{order}{next_code}", where)
        seen: set[int] = set()
        while offset:
            if offset in seen or offset >= size:
                msg = "a page comes twice" if offset in seen else "a page is not in the file"
                raise ValueError(msg)
            seen.add(offset)
            file.seek(offset)
            width = struct.calcsize(count_code)
            (n_tags,) = struct.unpack(f"{order}{count_code}", file.read(width))
            if not 0 < n_tags <= _MOST_TAGS:
                msg = f"a page has {n_tags} tags"
                raise ValueError(msg)
            file.seek(offset + width + n_tags * tag_bytes)
            (offset,) = struct.unpack(f"{order}{next_code}", file.read(struct.calcsize(next_code)))
