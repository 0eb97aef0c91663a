"""An example of each finding: arguments of the function that makes it.

The sentences themselves are those of `chromamol.inference.findings`; the numbers in them are
examples.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chromamol.inference.forward_check import ForwardCheck, Statistic
from chromamol.inference.imprint import Imprint
from chromamol.inference.profile import Profile


def _checked(*statistics: Statistic, coarse: bool = True) -> ForwardCheck:
    shells = np.zeros(4)
    return ForwardCheck(statistics, shells, shells, shells, h_max=0.8, share=1.0, coarse=coarse)


EXAMPLES: dict[str, tuple[tuple[Any, ...], ...]] = {
    "ell_fitted": ((132.0, 150.0, 171.0),),
    "mixing_fitted": ((Profile(0.42, 0.31, 0.53, 0.0),),),
    "mixing_unknown": ((0.0,),),
    "averaged": ((0.4,),),
    "ell_doubtful": ((200.0, 153.8),),
    "ell_given": ((140.0,),),
    "ell_assumed": ((140.0, 0.12),),
    "ell_not_fitted": ((140.0,),),
    "uncalibrated_total": ((),),
    "uncalibrated": (
        (True,),
        (False,),
    ),
    "cut": ((119.0, 0.07),),
    "smoothing": ((50.0,),),
    "misfit": ((2.1,),),
    "vanishing": ((0.03,),),
    "plateaus": ((),),
    "null_test": (
        (0.012, 0.34),
        (0.08, 0.11),
    ),
    "preview": ((),),
    "by_network": ((1500, 1.0, 350.0),),
    "network_failed": ((1500, 4.0),),
    "network_not_exact": ((1500, 9.0),),
    "network_learned_noise": ((1500, 0.3),),
    "graphics_memory": ((),),
    "mark_is_sharpened_density": ((140.0,),),
    "smoothed_over": ((235.0, "domains"),),
    "density_only": ((),),
    "density_rejected": (("it ended at a mean chromatin fraction of 0.05, which no nucleus has",),),
    "too_coarse": ((60.0, 140.0),),
    "coloured_noise": (("heterochromatin", 0.4),),
    "noise_added": ((0.002, 1e-4, 40.0),),
    "noise_above_signal": (("heterochromatin", 0.6),),
    "saturated": (("heterochromatin", 0.012),),
    "low_signal": ((3.2,),),
    "few_localisations": ((85.0, 400.0),),
    "blinking": ((0.42,),),
    "out_of_focus": ((1450.0, 2.3),),
    "domain_imprint": (
        (Imprint(216.0, 0.05, 0.001, 0.004, 90.0),),
        (Imprint(216.0, -0.95, -0.055, 0.007, 90.0),),
        (Imprint(216.0, 0.8, 0.05, 0.007, 90.0),),
    ),
    "model_explains": (
        (_checked(Statistic("spacing of the domains", "nm", 216.0, 225.0, 15.0)),),
        (_checked(Statistic("spacing of the domains", "nm", 216.0, 225.0, 15.0), coarse=False),),
    ),
    "model_does_not_explain": (
        (
            _checked(
                Statistic("spacing of the domains", "nm", 289.0, 401.0, 13.0),
                Statistic("condensed share of the area", "", 0.22, 0.32, 0.01),
                coarse=False,
            ),
        ),
    ),
    "structured_residual": ((0.3,),),
    "undefined_rate": ((0.04,),),
    "excluded_bodies": ((3, 0.06),),
    "mask_in_pieces": ((2, 1),),
    "optical_section": ((120.0, 235.0),),
}
