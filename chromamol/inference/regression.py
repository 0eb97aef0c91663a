r"""A smooth or an edge-preserving map from rows with correlated noise: the whitened weak form.

Rows say `weight * blur(factor * field) = target`, with noise of variance v(-lap) (a polynomial).
With the precision W2 = 1 / v(-lap) the field minimises

    (rows of field - target)' W2 (rows of field - target) + prior(field)

over a band of empty pixels around the data as well, so that the prior imposes nothing at the
edge of the nucleus. The strength of the prior, and which prior it is, are chosen by generalised
cross-validation (Craven and Wahba, Numer. Math. 31, 377, 1979) with degrees of freedom counted
1.4 times (Kim and Gu, J. R. Stat. Soc. B 66, 337, 2004).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy import ndimage

from chromamol.inference.conjugate_gradients import conjugate_gradients
from chromamol.inference.preconditioner import Preconditioner
from chromamol.inference.prior import EdgePrior, SmoothPrior
from chromamol.inference.walk import WIDE_STEP

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from chromamol.inference.domain import Domain, Operator
    from chromamol.inference.prior import Prior
    from chromamol.inference.rows import Rows
    from chromamol.progress import Progress

_DF_WEIGHT = 1.4
# How far past the minimum a walk goes.
_STEPS_PAST_MINIMUM = 2
# Heights of edges (times nm) that cost as much as they explain, from flat to rough.
_EDGE_COSTS = tuple(1.5 * 0.5**step for step in range(12))
_REWEIGHTINGS = 2
# Edge-preserving maps: changes slower than this over a reaction length are not edges.
LEAST_SLOPE = 0.04
# Random rows behind the degrees of freedom: the more, the smaller the image.
_PROBED_ROWS, _MOST_PROBES = 30_000, 16
# Draws from the posterior that are worked out at a time.
_BATCH = 4
# Strength of the hold far from the data, as a share of theirs; what is far, nm, and what no data.
_HOLD, _FAR_NM, _SEEN = 2e-4, 100.0, 0.1
# Smoothing lengths on either side of the best one that are weighed against it.
_OTHERS = 2
# Relative tolerance of the solves: to count degrees of freedom, whose error goes with its square,
# for draws ...
_COUNTED, _DRAWN = 3e-2, 1e-2
# ... and for maps: to come near, to choose the smoothing, and for the result.
FIRST, ROUGH, EXACT = 1e-3, 1e-4, 3e-5


@dataclass(frozen=True)
class Fit:
    """The map that explains the rows and is likely under the prior.

    Attributes
    ----------
    field : (y, x) tensor
        On the whole box.
    prior : Prior
        At the strength that was chosen.
    strength : float
        Smoothing length (nm) of a smooth prior, cost of an edge of one.
    degrees_of_freedom : float
        Numbers that the map has taken from the data.
    misfit : float
        Mean square of the residual, in units of the expected noise's variance.
    noise_scale : float
        Noise found in the residual over noise expected.
    score : float
        Generalised cross-validation, in units of the expected noise's variance.
    converged : bool
        Whether every linear solve did.
    """

    field: torch.Tensor
    prior: Prior
    strength: float
    degrees_of_freedom: float
    misfit: float
    noise_scale: float
    score: float
    converged: bool

    @property
    def has_edges(self) -> bool:
        """Whether the prior is the edge-preserving one."""
        return isinstance(self.prior, EdgePrior)


class Regression:
    """The rows and the mean-field preconditioner of one linear problem.

    Parameters
    ----------
    rows : Rows
    domain : Domain
    least_slope : float
        Of the edge-preserving prior, 1/nm.
    preconditioner : Preconditioner, optional
        Of an earlier regression of the same problem; used if it is near enough.
    """

    def __init__(
        self,
        rows: Rows,
        domain: Domain,
        least_slope: float,
        preconditioner: Preconditioner | None = None,
    ) -> None:
        self._rows = rows
        self._domain = domain
        self._least_slope = least_slope
        used = rows.weight * rows.factor
        # A row that is faded out counts for less.
        self.n_rows = float((rows.weight**2)[used != 0].sum())
        mean_square = float((used**2).sum()) / used.numel()
        self._information: NDArray[np.float64] = (
            mean_square * rows.blur_symbol**2 / rows.variance(domain.k2)
        )
        self._multiplicity = np.full(domain.k2.shape, 2.0)
        self._multiplicity[:, 0] = 1.0
        if rows.factor.shape[1] % 2 == 0:
            self._multiplicity[:, -1] = 1.0
        self._right = rows.backward(rows.target)
        seen = used.abs() > _SEEN * float((used**2)[domain.inside].mean().sqrt())
        self._hold = _HOLD * float(self._information[0, 0]) * _far_from(seen, domain.spacing_nm)
        if preconditioner is None or not preconditioner.serves(used):
            preconditioner = Preconditioner(
                used,
                seen,
                self._hold,
                information=self._information,
                variance=rows.variance,
                domain=domain,
            )
        self.preconditioner = preconditioner
        self._freedom_ratio = 1.0

    def walk(
        self,
        lengths_nm: Iterable[float],
        start: torch.Tensor,
        progress: Progress,
        *,
        tolerance: float = ROUGH,
    ) -> Fit:
        """Go from smooth to rough, stop past the best score, and return the best map roughly.

        The walk also ends where the solver no longer converges: the data then contradict the
        model so strongly that no smoothness is left.
        """

        def roughen() -> Iterator[Fit]:
            field = start
            for length_nm in lengths_nm:
                progress.advance()
                fit = self.smooth(length_nm, field, tolerance)
                field = fit.field
                yield fit

        best = _first_minimum(roughen())
        if best is None:
            msg = "There is no smoothing length to try."
            raise ValueError(msg)
        return best

    def calibrate(self, length_nm: float) -> None:
        """Compare the degrees of freedom counted wave by wave, as in the open, with true ones.

        Both change alike with the smoothing length, so that the ratio at one is enough.
        """
        prior = self._smooth_prior(length_nm)
        self._freedom_ratio = self._count_freedom(prior.symbol, prior.apply) / self._waves(prior)

    def smooth(self, length_nm: float, start: torch.Tensor, tolerance: float) -> Fit:
        """Return the smooth map at one smoothing length."""
        prior = self._smooth_prior(length_nm)
        field, converged = self._solve(self._right, prior.symbol, prior.apply, start, tolerance)
        freedom = self._freedom_ratio * self._waves(prior)
        return self._fit(field, prior, length_nm, freedom, converged=converged)

    def walk_edges(self, smooth: Fit, progress: Progress) -> Fit:
        """Go from flat to rough with the edge-preserving prior; return the best map roughly.

        Maps whose misfit alone is above the score of the smooth one are passed by.
        """
        last = smooth

        def roughen() -> Iterator[Fit]:
            nonlocal last
            for cost in _EDGE_COSTS:
                progress.advance()
                last = self.edges(cost, last.field, ROUGH, freedom=0.0)
                if last.misfit <= smooth.score or not last.converged:
                    yield self.scored(last)

        return _first_minimum(roughen()) or self.scored(last)

    def edges(self, cost: float, start: torch.Tensor, tolerance: float, *, freedom: float) -> Fit:
        """Return the map with edges at one cost of them, its degrees of freedom being known."""
        field, converged = start, True
        for _ in range(_REWEIGHTINGS):
            prior = EdgePrior(
                cost * float(self._information[0, 0]), field, self._least_slope, self._domain
            )
            field, solved = self._solve(self._right, prior.symbol, prior.apply, field, tolerance)
            converged = converged and solved
        return self._fit(field, prior, cost, freedom, converged=converged)

    def scored(self, fit: Fit) -> Fit:
        """Return a fit with edges with its degrees of freedom counted.

        They are the divergence of the map, not of one reweighted step: edges follow the data
        freely (Stein, Ann. Stat. 9, 1135, 1981).
        """
        freedom = self._count_freedom(fit.prior.symbol, fit.prior.bend)
        return self._fit(fit.field, fit.prior, fit.strength, freedom, converged=fit.converged)

    def residual(self, fit: Fit) -> torch.Tensor:
        """Return the residual seen through the precision, in units of its expected noise.

        Long waves weigh most in it, and there the map follows the data: what is expected is the
        noise that the map leaves.
        """
        rows = self._rows
        precise = rows.precision(rows.forward(fit.field) - rows.target)
        left = fit.prior.symbol / (self._information + fit.prior.symbol)
        variance = rows.variance(self._domain.k2)
        expected = (self._multiplicity * left**2 / variance).sum()
        return precise / float(np.sqrt(expected / self._multiplicity.sum()))

    def product_of_misfits(self, fit: Fit, other: Regression, other_fit: Fit) -> float:
        """Return the mean product of the residuals of two fits of the same data.

        Each is that of its own linearisation; in units of the expected noise's variance.
        """
        first, second = (
            regression._rows.forward(each.field) - regression._rows.target
            for regression, each in ((self, fit), (other, other_fit))
        )
        return float((first * self._rows.precision(second)).sum()) / self.n_rows

    def posterior_samples(
        self, fit: Fit, batches: int, generator: torch.Generator, progress: Progress
    ) -> torch.Tensor:
        """Draw from the posterior, centred at zero: (4 * batches, y, x) in single precision.

        Perturb-and-optimise (Papandreou and Yuille, NIPS 2010): solving for a right-hand side
        whose covariance is the normal matrix gives its inverse. To each draw some of what the
        prior took away is added, as much as it would take away if the map were the truth: a prior
        is wrong about most maps, and what it smooths away is alike all over a domain or a zone.
        """
        smoothed_away = self._smoothed_away(fit).cpu()
        drawn = []
        for other in self._plausible(fit, batches):
            progress.advance()
            errors = self._rows.draw_errors(_BATCH, fit.noise_scale, generator)
            of_prior = fit.noise_scale * other.prior.draw(_BATCH, generator)
            right = self._rows.backward(errors) + of_prior
            samples, _ = self._solve(
                right, other.prior.symbol, other.prior.apply, torch.zeros_like(right), _DRAWN
            )
            draws = (samples + (other.field - fit.field)).cpu()
            some = torch.randn((_BATCH, 1, 1), generator=generator, dtype=torch.float64)
            drawn.append((draws + some * smoothed_away).float())
        return torch.cat(drawn)

    def _smoothed_away(self, fit: Fit) -> torch.Tensor:
        """Return about how much the prior took from the map: its smoothing bias.

        What it would take from the map is too little, since the map is smoothed already; what it
        would take from that is added (twicing; Tukey, Exploratory Data Analysis, 1977).
        """

        def taken(field: torch.Tensor) -> torch.Tensor:
            right = self._rows.backward(self._rows.forward(field))
            left, _ = self._solve(right, fit.prior.symbol, fit.prior.apply, field, ROUGH)
            return field - left

        once = taken(fit.field)
        return once + taken(once)

    def _plausible(self, fit: Fit, count: int) -> list[Fit]:
        """Return fits of other strengths, each as often as its score makes it likely."""
        if fit.has_edges:
            return [fit] * count
        lengths_nm = fit.strength * WIDE_STEP ** np.arange(-_OTHERS, _OTHERS + 1)
        fits = [self.smooth(float(length_nm), fit.field, ROUGH) for length_nm in lengths_nm]
        fits = [other for other in fits if other.converged] or [fit]
        deviance = self.n_rows * np.log([other.score for other in fits])
        likely = np.cumsum(np.exp((deviance.min() - deviance) / 2))
        at = np.searchsorted(likely, likely[-1] * (np.arange(count) + 0.5) / count)
        return [fits[index] for index in at]

    def share_of_shortest_wave(self, fit: Fit) -> float:
        """Return how much of the shortest wave of the box comes from the data, 0 to 1."""
        at = np.unravel_index(np.argmax(self._domain.k2), self._domain.k2.shape)
        information = self._information[at]
        return float(information / (information + fit.prior.symbol[at]))

    def _smooth_prior(self, length_nm: float) -> SmoothPrior:
        return SmoothPrior(float(self._information[0, 0]), length_nm, self._domain)

    def _waves(self, prior: SmoothPrior) -> float:
        """Count the waves that follow the data."""
        shares = self._information / (self._information + prior.symbol)
        return float((self._multiplicity * shares).sum())

    def _count_freedom(self, symbol: NDArray[np.float64], penalty: Operator) -> float:
        """Estimate the degrees of freedom from what the map makes of random rows."""
        generator = torch.Generator().manual_seed(0)
        count = int(np.clip(_PROBED_ROWS / self.n_rows, 1, _MOST_PROBES))
        rows = self._rows.backward(self._rows.draw_noise(count, generator))
        fields, _ = self._solve(rows, symbol, penalty, torch.zeros_like(rows), _COUNTED)
        return float((rows * fields).sum()) / count

    def _fit(
        self, field: torch.Tensor, prior: Prior, strength: float, freedom: float, *, converged: bool
    ) -> Fit:
        rows = self._rows
        residual = rows.forward(field) - rows.target
        misfit = float((residual * rows.precision(residual)).sum()) / self.n_rows
        noise_scale = float(np.sqrt(misfit / max(1 - freedom / self.n_rows, 1e-3)))
        score = cross_validation(misfit, freedom, self.n_rows)
        return Fit(field, prior, strength, freedom, misfit, noise_scale, score, converged)

    def _solve(
        self,
        right: torch.Tensor,
        symbol: NDArray[np.float64],
        penalty: Operator,
        start: torch.Tensor,
        tolerance: float,
    ) -> tuple[torch.Tensor, bool]:
        """Solve the normal equation with a penalty, whose symbol is about `symbol`.

        Far from the data nothing but the penalty holds the field, and long waves hardly cost
        anything: conjugate gradients would need hundreds of steps for what no one sees. So there
        the field is also held near `start`, very weakly.
        """
        rows, hold = self._rows, self._hold
        return conjugate_gradients(
            lambda field: rows.backward(rows.forward(field)) + penalty(field) + hold * field,
            right + hold * start,
            self.preconditioner.inverse(symbol),
            start,
            tolerance=tolerance,
        )


def cross_validation(misfit: float, freedom: float, n_rows: float) -> float:
    """Return the generalised cross-validation score, in units of the expected noise's variance."""
    return misfit / max(1 - _DF_WEIGHT * freedom / n_rows, 1e-3) ** 2


def _far_from(seen: torch.Tensor, spacing_nm: tuple[float, float]) -> torch.Tensor:
    """Return the cells so far from data that they hardly matter to a map there, (y, x) bool."""
    if bool(seen.all()):
        return ~seen
    distance_nm = ndimage.distance_transform_edt(~seen.cpu().numpy(), sampling=spacing_nm)
    return torch.from_numpy(distance_nm > _FAR_NM).to(seen.device)


def _first_minimum(fits: Iterable[Fit]) -> Fit | None:
    """Return the fit of the best score so far, once enough were worse or one did not converge."""
    best: Fit | None = None
    worse = 0
    for fit in fits:
        if best is None or (fit.converged and fit.score < best.score):
            best, worse = fit, 0
        else:
            worse += 1
        if worse == _STEPS_PAST_MINIMUM or not fit.converged:
            break
    return best
