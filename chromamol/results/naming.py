"""What the numbers of a rate map are called: in files, tables, figures and layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chromamol.inference.rate_map import Quantity, Scale

if TYPE_CHECKING:
    from chromamol.settings import Settings


@dataclass(frozen=True)
class Naming:
    """The words for one kind of map.

    Attributes
    ----------
    name : str
        In tables, files and layers.
    title : str
        Above its panel.
    axis : str
        Below its colours, without the unit.
    meaning : str
        How to read a number, half a sentence.
    unit : str
        "1/s", or "" where the numbers have none.
    """

    name: str
    title: str
    axis: str
    meaning: str
    unit: str = ""

    @property
    def name_and_unit(self) -> str:
        """The name, with the unit where there is one."""
        return with_unit(self.name, self.unit)


_TWO_SPECIES = {
    Scale.ABSOLUTE: Naming(
        "methylation rate",
        "Methylation rate",
        "methylation rate",
        "how often per second an acetylated histone becomes a methylated one",
        "1/s",
    ),
    Scale.RATIO: Naming(
        "rate ratio",
        "Rate ratio",
        "methylation / acetylation rate",
        "above 1 histones are methylated faster than they are acetylated",
    ),
    Scale.RELATIVE: Naming(
        "relative rate ratio",
        "Rate ratio",
        "rate ratio / its nuclear mean",
        "methylation over acetylation rate, divided by its average in the nucleus",
    ),
}
_OTHERS = {
    Quantity.DENSITY_ONLY: Naming(
        Quantity.DENSITY_ONLY.value,
        "Rate ratio (density only)",
        "model-implied rate / its mean",
        "what a model of chromatin implies from the density alone",
    ),
    Quantity.DEPOSITION: Naming(
        Quantity.DEPOSITION.value,
        "Relative deposition",
        "deposition / its nuclear mean",
        "how fast the mark is put on, relative to how fast it is lost",
    ),
}


def naming_of(quantity: Quantity, scale: Scale) -> Naming:
    """Return the words for a kind of map."""
    return _TWO_SPECIES[scale] if quantity is Quantity.RATE_RATIO else _OTHERS[quantity]


def neutral_rate(scale: Scale, settings: Settings) -> float:
    """Return the rate at the middle of the colours, in the unit of the map.

    It is 1 for ratios: methylated as fast as acetylated, or the average of a nucleus. For an
    absolute map it is the acetylation rate, which means the same as a ratio of 1.
    """
    return settings.acetylation_rate_per_s or 1.0 if scale is Scale.ABSOLUTE else 1.0


def with_unit(text: str, unit: str) -> str:
    """Append the unit in brackets, where there is one."""
    return f"{text} ({unit})" if unit else text
