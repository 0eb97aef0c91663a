"""Infer the rates of a simulated nucleus from arrays, and compare them with the true ones."""

import numpy as np

from chromamol import Settings, infer_rates
from chromamol.equations.chromatin_phase_field import ChromatinPhaseField

# A nucleus of 88 x 104 pixels (y, x) of 10 nm, and a rate that varies over it.
y, x = np.indices((88, 104))
mask = ((y - 43.5) / 40) ** 2 + ((x - 51.5) / 46) ** 2 < 1
true_rate = 1 + 0.4 * np.sin(2 * np.pi * x / 104)

model = ChromatinPhaseField(reaction_length_nm=141.4, gradient_length_nm=10)
heterochromatin, euchromatin = model.simulate(true_rate, (10, 10), mask=mask, duration=20)
random = np.random.default_rng(0)
heterochromatin += 0.01 * random.standard_normal(mask.shape)
euchromatin += 0.01 * random.standard_normal(mask.shape)

rate_map = infer_rates(
    heterochromatin,
    euchromatin,
    spacing_nm=10,
    mask=mask,
    calibrated=True,  # the arrays are volume fractions
    settings=Settings(reaction_length_nm=141.4),
)

error = np.linalg.norm((rate_map.rate - true_rate)[mask]) / np.linalg.norm(true_rate[mask])
low, high = rate_map.interval(0.95)
covered = np.mean((low <= true_rate)[mask] & (true_rate <= high)[mask])
print(
    f"relative L2 error {error:.3f}; the truth lies in the interval in {covered:.0%} of the pixels"
)
