"""Words that the declarations of many columns share: units, definitions, where they come from."""

from __future__ import annotations

# Name, unit, meaning, formula and reference of a column.
Declaration = tuple[str, str, str, str, str]

RATE_UNIT = "1/s, or none"  # 1/s where the scale is ABSOLUTE

NONE = "none"
OURS = "this project"
STANDARD = "standard"
MODEL = (
    "Kant et al., Nat. Commun. 15, 4338 (2024); Bhartari, Vinayak and Shenoy, arXiv 2505.11682 "
    "(2025)"
)
POSTERIOR = "Papandreou and Yuille, NIPS (2010)"
OTSU = "Otsu, IEEE Trans. Syst. Man Cybern. 9, 62 (1979)"
REGIONPROPS = "scikit-image, skimage.measure.regionprops"

DENSITY = (
    "the density in which domains are sought: heterochromatin h; total minus euchromatin where "
    "those two are given; otherwise the one channel there is"
)
STAIN = "the total density where there is one, else the density in which domains are sought"
RESOLUTION = "the resolution, the larger of 3 pixels and 60 nm"
OF_THE_MEAN = (
    "Standard deviation of this mean by the posterior covariance, smaller than that of a pixel: "
    "of the noise, of the prior, and of an outline that is right to half a pixel. "
    "Empty where the method gives no covariance."
)
MEAN_SD = "sqrt(mean over the posterior draws of (mean of the draw's error over the region)^2)"

SHELL_COUNT = 5  # of equal area, from the rim to the centre
SHELLS = "Mehta et al., PLoS ONE 8, e61386 (2013): shells of equal area"
BY_DISTANCE = (
    "by distance to the nuclear envelope (holes filled); empty where the image border cuts the "
    "nucleus."
)


def shell(number: int) -> str:
    """Say which of the shells of a nucleus it is, from 1."""
    where = {1: ", at the rim", SHELL_COUNT: ", the centre"}.get(number, "")
    return f"shell {number} of {SHELL_COUNT} of equal area from rim to centre{where}"
