"""The column of channels: numbers, or names such as "H3K9me3"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chromamol.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_CHANNEL = -1
# More is no column of channels; the longest name of a dye or mark is far shorter.
_MOST_LABELS, _LONGEST = 1_000, 100


@dataclass(frozen=True)
class Channel:
    """One label of a column of channels.

    Attributes
    ----------
    code : int
        Its number in `Localisations.channel`.
    label : str
        As it stands in the table, without blanks around it.
    number : int or None
        Of a label that is a number.
    """

    code: int
    label: str
    number: int | None


class ChannelLabels:
    """The labels that a table has in its column of channels, numbered as they appear.

    Parameters
    ----------
    file_name : str
        For messages.
    """

    def __init__(self, file_name: str) -> None:
        self._file_name = file_name
        self._channels: dict[int | str, Channel] = {}

    def codes(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Return the number of each label; -1 where there is none.

        Labels that differ in capital letters only are the same.

        Parameters
        ----------
        values : (rows,) array of numbers or text

        Raises
        ------
        InputError
            If there are far more labels than channels can be, one is a fraction, or one is no name.
        """
        import pandas as pd

        numbers, found = pd.factorize(values)
        if len(found) > _MOST_LABELS:
            self._refuse("has more than a thousand different values")
        codes = [self._code(label) for label in found]
        return np.asarray(np.array([*codes, NO_CHANNEL], dtype=np.int64)[numbers])

    def in_order(self) -> list[Channel]:
        """Return the channels, by number, then by name."""
        return sorted(
            self._channels.values(),
            key=lambda one: (one.number is None, one.number or 0, one.label.casefold()),
        )

    def _code(self, value: object) -> int:
        """Return the number of one label."""
        text = str(value)
        if len(text) > _LONGEST:
            self._refuse(f"holds texts of more than {_LONGEST} letters")
        label = " ".join(text.split())
        number = self._number(label)
        if not label or number == NO_CHANNEL:
            return NO_CHANNEL
        key = label.casefold() if number is None else number
        if key not in self._channels:
            if len(self._channels) >= _MOST_LABELS:
                self._refuse("has more than a thousand different values")
            shown = label if number is None else str(number)
            self._channels[key] = Channel(len(self._channels), shown, number)
        return self._channels[key].code

    def _number(self, label: str) -> int | None:
        """Return the whole number that a label stands for; -1 for one that is none of a channel."""
        try:
            number = float(label)
        except ValueError:
            return None
        if not np.isfinite(number):
            return NO_CHANNEL
        if number % 1:
            self._refuse("holds fractions, and so no numbers of channels")
        return int(number)

    def _refuse(self, what: str) -> None:
        msg = (
            f"{self._file_name}: the column of channels {what}. Name another with "
            "--columns channel=NAME."
        )
        raise InputError(msg)
