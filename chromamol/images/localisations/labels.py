"""The column of channels: numbers, or names such as "H3K9me3"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chromamol.errors import InputError
from chromamol.images.source import MAX_CHANNELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_CHANNEL = -1
# How the name of a channel begins that has a number only.
NUMBERED = "channel "
_LONGEST = 100


class ChannelLabels:
    """The labels that a table has in its column of channels, numbered as they appear.

    Parameters
    ----------
    file_name : str
        For messages.
    """

    def __init__(self, file_name: str) -> None:
        self._file_name = file_name
        self._codes: dict[str, int] = {}

    def codes(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Return the number of each label; -1 where there is none.

        Parameters
        ----------
        values : (rows,) array of numbers or text

        Raises
        ------
        InputError
            If there are more labels than channels can be, or fractions.
        """
        import pandas as pd

        numbers, found = pd.factorize(values)
        if len(found) > 2 * MAX_CHANNELS:  # absent ones are among them
            self._refuse_many()
        codes = [self._code(label) for label in found]
        return np.asarray(np.array([*codes, NO_CHANNEL], dtype=np.int64)[numbers])

    def in_order(self) -> list[tuple[int, str]]:
        """Return the number and the name of each channel, by number, then by name."""
        by_number = {label: int(label) for label in self._codes if label.lstrip("-").isdecimal()}
        ordered = sorted(
            self._codes, key=lambda one: (one not in by_number, by_number.get(one), one)
        )
        return [
            (self._codes[label], f"{NUMBERED}{label}" if label in by_number else label)
            for label in ordered
        ]

    def _code(self, label: object) -> int:
        """Return the number of one label."""
        text = " ".join(str(label).split())[:_LONGEST]
        try:
            number = float(text)
        except ValueError:
            pass
        else:
            if not np.isfinite(number) or number == NO_CHANNEL:
                return NO_CHANNEL
            if number % 1:
                msg = (
                    f"{self._file_name}: the column of channels holds fractions, and so no numbers "
                    "of channels. Name another with --columns channel=NAME."
                )
                raise InputError(msg)
            text = f"{number:.0f}"
        if not text:
            return NO_CHANNEL
        code = self._codes.setdefault(text, len(self._codes))
        if code >= MAX_CHANNELS:
            self._refuse_many()
        return code

    def _refuse_many(self) -> None:
        msg = (
            f"{self._file_name} has more than {MAX_CHANNELS} channels in its column of channels. "
            "Is it the column of channels? Name another with --columns channel=NAME."
        )
        raise InputError(msg)
