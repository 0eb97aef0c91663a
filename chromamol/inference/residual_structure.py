"""Whether a residual is white, or holds structures that the model left out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chromamol.images.smoothing import smooth_inside, smoothed_noise_sd

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SMOOTHING_PX = 2.0
_SIGNIFICANT = 3.0
# Less than this is left near the cuts of any image.
_LEAST_STRUCTURED = 0.1


@dataclass(frozen=True)
class ResidualStructure:
    """The part of a residual that a Gaussian of two pixels leaves.

    Attributes
    ----------
    share : float
        Share of the residual's variance that is left, 0 to 1.
    white_share : float
        The share of white noise.
    white_share_sd : float
        Its standard deviation in a mask of this size.
    """

    share: float
    white_share: float
    white_share_sd: float

    @property
    def structured(self) -> bool:
        """Whether a tenth is structure, and more than white noise by three standard deviations."""
        significant = self.share > self.white_share + _SIGNIFICANT * self.white_share_sd
        return significant and self.structured_share > _LEAST_STRUCTURED

    @property
    def structured_share(self) -> float:
        """Share of the variance that is structure rather than white noise, 0 to 1.

        A mixture of a share s of smooth structure and 1 - s of white noise leaves
        s + (1 - s) white_share: a structure not much wider than the Gaussian counts in part.
        """
        return max(0.0, (self.share - self.white_share) / (1 - self.white_share))


def residual_structure(
    yx_residual: NDArray[np.float64], yx_mask: NDArray[np.bool_], spacing_nm: tuple[float, float]
) -> ResidualStructure | None:
    """Compare what smoothing leaves of a residual with what it leaves of white noise.

    A fitted map takes long waves out of the residual, which makes the test careful: structure
    that it finds is there. Noise that is not white (interpolated, deconvolved or compressed
    images) is structure too; the array alone cannot tell the two apart.

    Parameters
    ----------
    yx_residual : (y, x) float64
        Measured less explained, in the unit of the data, before any weighting that colours its
        noise; NaN where there is none.
    yx_mask : (y, x) bool
    spacing_nm : (float, float)
        Pixel size, nm.

    Returns
    -------
    ResidualStructure or None
        None where no residual is left, or it is zero.
    """
    shown = yx_mask & np.isfinite(yx_residual)
    if not shown.any():
        return None
    residual = np.where(shown, yx_residual - yx_residual[shown].mean(), 0.0)
    variance = float((residual[shown] ** 2).mean())
    if variance == 0:
        return None
    sd_nm = _SMOOTHING_PX * max(spacing_nm)
    left = smooth_inside(residual, shown, sd_nm, spacing_nm)[shown]
    white_share = float((smoothed_noise_sd(shown, sd_nm, spacing_nm)[shown] ** 2).mean())
    # Smoothed white noise is correlated as a Gaussian wider by sqrt(2), its square as sd_nm.
    patch_px = 2 * math.pi * sd_nm**2 / math.prod(spacing_nm)
    patches = max(np.count_nonzero(shown) / patch_px, 1.0)
    return ResidualStructure(
        share=float((left**2).mean()) / variance,
        white_share=white_share,
        white_share_sd=white_share * math.sqrt(2 / patches),
    )
