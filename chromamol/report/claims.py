"""What may be claimed of each kind of map, in words."""

from __future__ import annotations

from chromamol.inference.rate_map import Quantity, Scale

_OF_TWO_SPECIES = {
    Scale.ABSOLUTE: "The maps are methylation rates in 1/s. Their levels compare between images, "
    "as far as the calibration and the acetylation rate, which was measured elsewhere, hold.",
    Scale.RATIO: "The maps are ratios of the methylation to the acetylation rate. Their levels "
    "compare between images that were calibrated alike. No still image gives a rate in 1/s.",
    Scale.RELATIVE: "The maps are relative: each is divided by its own average. Their patterns may "
    "be read and compared, their levels may not: a difference of the level between nuclei or "
    "groups was divided away.",
}
_OF_OTHERS = {
    Quantity.DENSITY_ONLY: "A total density does not determine the rates. The rate maps show what "
    "a model would imply, and suggest what to look for; a difference between groups in them is no "
    "difference of the rates. The compaction maps are measured, and may be compared.",
    Quantity.DEPOSITION: "The maps are relative depositions of one mark: each is divided by its "
    "own average. Their patterns may be read, their levels may not; without a DNA channel they "
    "show the density of chromatin, too.",
}
_EXPLORATORY = (
    "They are exploratory (the gain of a total density beside another channel is unknown, or they "
    "were made with the method direct or network, whose maps are not tested for false patterns): "
    "they suggest what to look for, and are no measurement."
)


def claim(quantity: Quantity, scale: Scale, *, exploratory: bool) -> str:
    """Say what may be claimed of maps of one kind.

    Parameters
    ----------
    quantity : Quantity
    scale : Scale
    exploratory : bool
    """
    if quantity is Quantity.DENSITY_ONLY:  # always exploratory, and says so
        return _OF_OTHERS[quantity]
    of = _OF_TWO_SPECIES[scale] if quantity is Quantity.RATE_RATIO else _OF_OTHERS[quantity]
    return f"{of} {_EXPLORATORY}" if exploratory else of
