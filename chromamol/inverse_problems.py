"""The three inverse problems on which networks with mollifier layers are compared.

They are those of Bhartari, Vinayak and Shenoy (arXiv 2505.11682), of order 1, 2 and 4: given the
fields, find the rate. Nothing has a unit, and there is no noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.equations.heat import Heat
from chromamol.equations.langevin import Langevin

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]


@dataclass(frozen=True)
class InverseProblem:
    """Fields that obey an equation, and the rate that is to be found from them.

    Attributes
    ----------
    equation : Langevin, Heat or ChromatinPhaseField
    fields : tuple of arrays
        (t,) or (y, x) float64, in the order in which `equation.residual` takes them.
    rate : array
        The truth, of the same shape.
    spacing : tuple of float
        Distance of the points along each axis.
    source : array, optional
        Of the same shape; known, where the equation has a source.
    """

    equation: Langevin | Heat | ChromatinPhaseField
    fields: tuple[Field, ...]
    rate: Field
    spacing: tuple[float, ...]
    source: Field | None = None


def langevin_problem(seed: int) -> InverseProblem:
    """Draw lambda = 1 + four sines on 512 times in [0, 2], with u(0) = 0.

    Frequencies are 0.37, 0.9, 1.6 and 2.7, amplitudes 1, 0.8, 0.7 and 0.5, each within 10 %, and
    phases are free.
    """
    generator = np.random.default_rng(seed)
    time, step = np.linspace(0.0, 2.0, 512, retstep=True)
    rate = np.ones_like(time)
    for frequency, amplitude in ((0.37, 1.0), (0.9, 0.8), (1.6, 0.7), (2.7, 0.5)):
        phase = generator.uniform(0, 2 * np.pi)
        wave = np.sin(2 * np.pi * frequency * time + phase)
        rate += amplitude * generator.uniform(0.9, 1.1) * wave
    equation = Langevin()
    field = equation.simulate(rate, float(step), initial=0.0)
    return InverseProblem(equation, (field,), rate, (float(step),))


def heat_problem(seed: int) -> InverseProblem:
    """Draw a diffusivity of 0.5 to 2 from 8 Gaussian blobs, on 64 x 64 points of [-1, 1]^2.

    The blobs have a sigma of 0.25 to 0.5 and either sign. The source is
    10 (1 + 0.3 sin(1.3 x + 0.4) cos(1.1 y - 0.7)). The temperature is solved on a grid 4 times
    finer, in a box of about [-1.5, 1.5]^2: the square itself has no edge.
    """
    generator = np.random.default_rng(seed)
    side, finer, margin = 64, 4, 64
    step = 2 / (side - 1)
    axis = -1 + step / finer * np.arange(-margin, finer * (side - 1) + margin + 1)
    y, x = axis[:, None], axis[None, :]
    blobs = np.zeros((axis.size, axis.size))
    for centre_y, centre_x in generator.uniform(-1, 1, (8, 2)):
        sigma = generator.uniform(0.25, 0.5)
        height = generator.uniform(-1, 1)
        blobs += height * np.exp(-((y - centre_y) ** 2 + (x - centre_x) ** 2) / (2 * sigma**2))
    fine_rate = 0.5 + 1.5 * (blobs - blobs.min()) / np.ptp(blobs)
    fine_source = 10 * (1 + 0.3 * np.sin(1.3 * x + 0.4) * np.cos(1.1 * y - 0.7))
    equation = Heat()
    fine_field = equation.simulate(fine_rate, fine_source, (step / finer, step / finer))
    points = slice(margin, axis.size - margin, finer)
    field, rate, source = (
        fine[points, points].copy() for fine in (fine_field, fine_rate, fine_source)
    )
    return InverseProblem(equation, (field,), rate, (step, step), source)


def chromatin_problem(seed: int) -> InverseProblem:
    """Draw a smooth rate ratio, and run chromatin to near its steady state, ell = 1, delta = 0.1.

    The fields, h and e, are a window of 64 x 64 points from a periodic box of 128 x 128 and side
    10. The rate is 1 + 0.5 g, where g is a Gaussian field with at most 4 waves along the box,
    scaled to a largest absolute value of 1. It can be recovered to about 0.1 %, as the steady
    state is near, not reached. The arguments of the equation are named after nm, but all lengths
    here are over ell, and the unit cancels.
    """
    box, side, waves = 128, 64, 4
    step = 10 / box
    spectrum = np.fft.rfft2(np.random.default_rng(seed).standard_normal((box, box)))
    count_y, count_x = np.fft.fftfreq(box, 1 / box)[:, None], np.fft.rfftfreq(box, 1 / box)
    spectrum[np.hypot(count_y, count_x) > waves] = 0
    spectrum[0, 0] = 0
    gaussian = np.fft.irfft2(spectrum, s=(box, box))
    rate = 1 + 0.5 * gaussian / np.abs(gaussian).max()
    equation = ChromatinPhaseField(reaction_length_nm=1.0, gradient_length_nm=0.1)
    h, e = equation.simulate(rate, (step, step), duration=200.0, time_step=0.2, seed=seed)
    h, e, rate = (field[:side, :side].copy() for field in (h, e, rate))
    return InverseProblem(equation, (h, e), rate, (step, step))
