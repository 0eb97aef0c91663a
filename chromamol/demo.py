"""The demo: a real nucleus, and a simulated one whose true rates are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chromamol.images.formats import read_source
from chromamol.pipeline import analyse
from chromamol.results.write import write_results
from chromamol.samples import STED_PIXEL_SIZE_NM, sample_path
from chromamol.settings import make_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.analysis import Analysis
    from chromamol.progress import Progress


@dataclass(frozen=True)
class DemoCase:
    """One image of the demo.

    Attributes
    ----------
    folder : str
        Name of the folder of its results.
    story : str
        What it shows, for the user.
    image, mask : str
        Names of samples.
    settings : mapping
        What differs from the default settings.
    truth : str or None
        Name of the sample that holds the true rates, where they are known.
    """

    folder: str
    story: str
    image: str
    mask: str
    settings: Mapping[str, Any]
    truth: str | None = None


DEMO_CASES = (
    DemoCase(
        folder="sted-nucleus",
        story="A real nucleus: DNA of a human fibroblast under a STED microscope, outlined by the "
        "authors of the image. One channel shows how chromatin is packed; what it implies of the "
        "rates is exploratory.",
        image="sted",
        mask="sted-mask",
        settings={"pixel_size_nm": STED_PIXEL_SIZE_NM, "roles": {"total": 0}},
    ),
    DemoCase(
        folder="simulated-nucleus",
        story="A simulated nucleus: hetero- and euchromatin in two calibrated channels, with "
        "noise. Its true rates are known, so that you see how well they are found.",
        image="simulated",
        mask="simulated-mask",
        settings={
            "intensity_per_fraction": 2000,
            "background_intensity": 0,
            "reaction_length_nm": 141.4,
        },
        truth="simulated-rate",
    ),
)


@dataclass(frozen=True)
class DemoResult:
    """What came out of one case.

    Attributes
    ----------
    analysis : Analysis
    relative_l2_error : float or None
        Of the inferred rate against the true one, unscaled; None where no truth is known.
    """

    analysis: Analysis
    relative_l2_error: float | None


def run_case(case: DemoCase, out_dir: Path, progress: Progress | None = None) -> DemoResult:
    """Analyse one image of the demo and write its results.

    Parameters
    ----------
    case : DemoCase
    out_dir : Path
        Folder of the results; an earlier result there is replaced.
    progress : Progress, optional

    Returns
    -------
    DemoResult

    Raises
    ------
    CallError
        If a sample is not installed, or the results cannot be written.
    Cancelled
        If `progress` asked to stop.
    """
    analysis = analyse(
        sample_path(case.image),
        make_settings(dict(case.settings)),
        nuclei=sample_path(case.mask),
        progress=progress,
    )
    yx_truth = read_source(sample_path(case.truth)).cyx[0].astype(float) if case.truth else None
    write_results(
        analysis,
        out_dir,
        overwrite=True,
        provenance={"command": "chromamol demo", "nuclei_file": sample_path(case.mask)},
        yx_truth=yx_truth,
        progress=progress,
    )
    error = None if yx_truth is None else relative_l2_error(analysis.full_map("rate"), yx_truth)
    return DemoResult(analysis, error)


def relative_l2_error(yx_rate: NDArray[np.float64], yx_truth: NDArray[np.float64]) -> float:
    """Compare a rate map with the true one: ||rate - truth|| / ||truth||, unscaled.

    Parameters
    ----------
    yx_rate, yx_truth : (y, x) float64
        NaN where there is none; only pixels that have both count.
    """
    both = np.isfinite(yx_rate) & np.isfinite(yx_truth)
    misfit = np.linalg.norm(yx_rate[both] - yx_truth[both])
    return float(misfit / np.linalg.norm(yx_truth[both]))
