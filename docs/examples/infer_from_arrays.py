"""Infer the rates of a simulated nucleus from arrays, and compare them with the true ones."""

import numpy as np

from chromamol import Settings, infer_rates
from chromamol.equations.chromatin_phase_field import ChromatinPhaseField

# A nucleus of 44 x 52 pixels (y, x) of 20 nm, and a rate that varies over it.
y, x = np.indices((44, 52))
mask = ((y - 21.5) / 20) ** 2 + ((x - 25.5) / 23) ** 2 < 1
true_rate = 1 + 0.4 * np.sin(2 * np.pi * x / 52)

model = ChromatinPhaseField(reaction_length_nm=141.4, gradient_length_nm=10)
heterochromatin, euchromatin = model.simulate(true_rate, (20, 20), mask=mask, duration=20)
random = np.random.default_rng(0)
heterochromatin += 0.01 * random.standard_normal(mask.shape)
euchromatin += 0.01 * random.standard_normal(mask.shape)

rate_map = infer_rates(
    heterochromatin,
    euchromatin,
    spacing_nm=20,
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
