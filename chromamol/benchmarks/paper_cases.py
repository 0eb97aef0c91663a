"""The inverse problems of the paper with noise, and what is found without a network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.inverse_problems import (
    InverseProblem,
    chromatin_problem,
    heat_problem,
    langevin_problem,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from chromamol.inference.network.problem import NetworkProblem

    Field = NDArray[np.float64]

_DRAW: Final[dict[str, Callable[[int], InverseProblem]]] = {
    "langevin": langevin_problem,
    "heat": heat_problem,
    "chromatin": chromatin_problem,
}
PROBLEMS = tuple(_DRAW)
# Finest wavelength of each rate: the fastest sine, the narrowest blob, the shortest wave.
_VARIATION = {"langevin": 1 / 2.7, "heat": 1.0, "chromatin": 2.5}
# Of all seeds, that of the tables; that of the noise is another one, lest it look like the field.
_SEED, _NOISE_SEED = 1, 1001
# The inner part of a window, where derivatives have neighbours on both sides.
_INNER = 0.6
# The weak form takes lengths in nm; ell is 1 in the problem.
_ELL_NM = 140.0


@dataclass(frozen=True)
class PaperCase:
    """A problem with noise.

    Attributes
    ----------
    problem : InverseProblem
    noisy : NetworkProblem
        The same as a network is given it.
    """

    problem: InverseProblem
    noisy: NetworkProblem

    def scores(self, rate: Field) -> dict[str, Any]:
        """Return relative L2 error, not rescaled, and r, of the whole window and its inner part.

        NaN where there is no rate in a part of it.
        """
        truth = self.problem.rate
        margins = [round(size * (1 - _INNER) / 2) for size in truth.shape]
        inner = tuple(
            slice(cut, size - cut) for cut, size in zip(margins, truth.shape, strict=True)
        )
        found = {}
        for name, part in (("", (...,)), ("_inner", inner)):
            here, true = rate[part], truth[part]
            found[f"l2{name}"] = float(np.linalg.norm(here - true) / np.linalg.norm(true))
            with np.errstate(divide="ignore", invalid="ignore"):
                found[f"r{name}"] = float(np.corrcoef(here.ravel(), true.ravel())[0, 1])
        return found


def paper_case(name: str, level: float) -> PaperCase:
    """Return a problem with white noise, `level` times the spread of each field."""
    from chromamol.inference.network.problem import NetworkProblem

    problem = _problem(name)
    generator = np.random.default_rng(_NOISE_SEED)
    noise_sd = [level * float(field.std()) for field in problem.fields]
    fields = [
        field + sd * generator.standard_normal(field.shape)
        for field, sd in zip(problem.fields, noise_sd, strict=True)
    ]
    noisy = NetworkProblem(
        problem.equation,
        fields,
        noise_sd,
        problem.spacing,
        source=problem.source,
        positive=name != "langevin",
        variation=_VARIATION[name],
    )
    return PaperCase(problem, noisy)


def half_as_fine(case: PaperCase) -> NetworkProblem:
    """Return every second cell of a problem: a quarter of the memory, for two axes."""
    from dataclasses import replace

    noisy = case.noisy
    every = (slice(None, None, 2),) * len(noisy.shape)
    return replace(
        noisy,
        fields=[field[every] for field in noisy.fields],
        spacing=tuple(2 * side for side in noisy.spacing),
        source=None if noisy.source is None else noisy.source[every],
    )


def direct(case: PaperCase) -> Field:
    """Mollify the data and take the ratio, with the radius that is best against the truth."""
    problem, noisy = case.problem, case.noisy
    source = () if problem.source is None else (problem.source,)
    maps = []
    for radius in _radii(min(noisy.shape)):
        derived = _mollified(noisy, (radius,) * len(noisy.shape))
        fields = [
            {name: values[i] for name, values in derived.items()} for i in range(len(noisy.fields))
        ]
        maps.append(problem.equation.recover(*fields, *source))
    return min(maps, key=lambda found: case.scores(found)["l2_inner"])


def mollified_regression(case: PaperCase) -> Field:
    """Mollify the data as the network is, and solve for the rate with its prior, once."""
    import torch
    from torch import nn

    from chromamol.inference.network.loss import NetworkLoss
    from chromamol.inference.network.solve import mollifier_radius

    noisy = case.noisy
    derived = {
        name: torch.as_tensor(values[None], dtype=torch.float32)
        for name, values in _mollified(noisy, mollifier_radius(noisy)).items()
    }
    loss = NetworkLoss(noisy, nn.Identity(), lambda _: derived, lambda _: derived)
    loss.begin_rate()
    loss.improve_rate(steps=20)
    rate: Field = loss.rate().numpy()
    return rate


def weak_form(case: PaperCase) -> Field | None:
    """Give the chromatin problem to `infer_rates`; None for the others, which it does not know."""
    from chromamol.inference.infer import infer_rates
    from chromamol.settings import Settings

    equation, noisy = case.problem.equation, case.noisy
    if not isinstance(equation, ChromatinPhaseField):
        return None
    scale = _ELL_NM / equation.reaction_length_nm
    h, e = noisy.fields
    sd = dict(zip(("heterochromatin", "euchromatin"), noisy.noise_sd, strict=True))
    return infer_rates(
        h,
        e,
        spacing_nm=(scale * noisy.spacing[0], scale * noisy.spacing[1]),
        calibrated=True,
        noise_sd=sd,
        settings=Settings(
            reaction_length_nm=_ELL_NM,
            gradient_length_nm=scale * equation.gradient_length_nm,
            boundary="cut",
            forward_check=False,
        ),
    ).rate


def _mollified(noisy: NetworkProblem, radius: tuple[int, ...]) -> dict[str, Field]:
    """Return the derivatives of the data by a mollifier that sees no cell outside the window."""
    import torch

    from chromamol.mollifiers.layer import MollifierLayer

    names = tuple(dict.fromkeys(("", *noisy.equation.derivatives)))
    layer = MollifierLayer(noisy.spacing, radius, names, boundary="one-sided")
    derived = layer(torch.as_tensor(np.stack(noisy.fields))[None])
    return {name: values[0].numpy() for name, values in derived.items()}


def _radii(cells: int) -> list[int]:
    return sorted({round(radius) for radius in np.geomspace(3, cells / 4, 12)})


@cache
def _problem(name: str) -> InverseProblem:
    return _DRAW[name](_SEED)
