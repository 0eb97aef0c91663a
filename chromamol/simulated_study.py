"""A simulated study: conditions, replicates and nuclei whose true rates are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from chromamol.errors import CallError
from chromamol.output import appearing, disk_told
from chromamol.progress import Silent
from chromamol.results.tables import write_table
from chromamol.settings import Settings
from chromamol.simulation import (
    COUNTS_PER_FRACTION,
    GRADIENT_LENGTH_NM,
    REACTION_LENGTH_NM,
    simulate_masked,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chromamol.progress import Progress
    from chromamol.simulation import SimulatedNucleus

GROUPS = ("control", "treated")
SHEET_FILE, SETTINGS_FILE, TRUTH_FILE = "samples.csv", "settings.yaml", "truth.csv"
PIXEL_NM = 15.0
EFFECT, REPLICATES, NUCLEI = 1.3, 3, 8
# Of the logarithm of the mean rate of nuclei within a group; the share between replicates.
RATE_SD, ICC = 0.12, 0.2
SIDES_PX = (72, 96)
# Shorter than a test field: the steady state is missed by 0.4 % (rms, of lambda e), the mean of
# the rate that it implies by 0.03 %.
DURATION, TIME_STEP = 25.0, 0.2
NOISE = (0.03, 0.08)
BACKGROUND = 100.0
# Of the logarithm of the gain of each channel of each image.
GAIN_SD = 0.3


@dataclass(frozen=True)
class StudyNucleus:
    """One nucleus of a study, as it was drawn.

    Attributes
    ----------
    group, replicate, name : str
    mean_rate : float
        True mean of the rate ratio over the nucleus.
    side_px : int
        Of its frame.
    noise : float
        Standard deviation of the noise over that of the heterochromatin.
    gains : (float, float)
        Of the channels, 1 where they are calibrated.
    seed : int
        Of its field, outline and noise.
    """

    group: str
    replicate: str
    name: str
    mean_rate: float
    side_px: int
    noise: float
    gains: tuple[float, float]
    seed: int

    @property
    def image(self) -> str:
        """Its file, relative to the study."""
        return f"{self.group}/{self.replicate}/{self.name}.ome.tif"

    @property
    def mask(self) -> str:
        """The file of its outline, relative to the study."""
        return f"{self.group}/{self.replicate}/{self.name}_mask.ome.tif"


def simulate_study(
    out: Path,
    *,
    effect: float = EFFECT,
    replicates: int = REPLICATES,
    nuclei: int = NUCLEI,
    calibrated: bool = True,
    seed: int = 0,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Write a study of two conditions as a folder that ``chromamol batch`` analyses.

    Each nucleus has a smooth field of the rate, scaled to a mean of its own: log-normal with a
    standard deviation of 0.12 of the logarithm, a fifth of whose variance lies between replicates.
    Size, outline and noise vary, too. Nuclei are about 1 um wide, much smaller than real ones, on
    pixels of 15 nm; channels have counts over a background of 100.

    Parameters
    ----------
    out : Path
        GROUP/REPLICATE/nucleus-N.ome.tif and its mask; ``samples.csv``, the sample sheet;
        ``settings.yaml``; ``truth.csv``, what is true of each nucleus.
    effect : float
        Rate of the treated over that of the control, 0.5 to 2; 1: they do not differ.
    replicates, nuclei : int
        Replicates in each group, nuclei in each replicate.
    calibrated : bool
        Whether 2000 counts above the background stand for a volume fraction of 1 in all images.
        Otherwise each channel of each image has a gain of its own, which the settings do not know.
    seed : int
        Of all that is drawn; the control is the same whatever the effect.
    overwrite : bool
        Replace an earlier study.
    progress : Progress, optional
        Told of every nucleus; may cancel.

    Returns
    -------
    list of Path
        The tables and the settings.

    Raises
    ------
    CallError
        If a number is out of its range, something is there that must not be replaced, or the disk
        takes no files.
    Cancelled
        If `progress` asked to stop; nothing is left then.
    """
    progress = progress or Silent()
    if not 0.5 <= effect <= 2:
        msg = f"The effect must be between 0.5 and 2 (1: none; 1.3: 30 % more), not {effect:g}."
        raise CallError(msg)
    if min(replicates, nuclei) < 1:
        msg = f"A study has at least 1 replicate of 1 nucleus, not {replicates} of {nuclei}."
        raise CallError(msg)
    _check_place(out, overwrite=overwrite)
    drawn = list(_drawn(effect, replicates, nuclei, calibrated=calibrated, seed=seed))
    entries = frozenset({*GROUPS, SHEET_FILE, SETTINGS_FILE, TRUTH_FILE})
    progress.begin("simulating nuclei", len(drawn))
    with disk_told(out), appearing(out, replaces=entries if overwrite else None) as folder:
        truths = []
        for one in drawn:
            nucleus = simulate_masked(
                "smooth",
                one.seed,
                side_px=one.side_px,
                pixel_nm=PIXEL_NM,
                mean_rate=one.mean_rate,
                duration=DURATION,
                time_step=TIME_STEP,
                progress=_Steps(progress),
            )
            _write_nucleus(folder, one, nucleus)
            truths.append(_truth(one, nucleus))
            progress.advance()
        sheet = [(one.image, one.group, one.replicate, one.mask) for one in drawn]
        columns = ["image", "group", "replicate", "nuclei"]
        write_table(folder / SHEET_FILE, pd.DataFrame(sheet, columns=columns))
        write_table(folder / TRUTH_FILE, pd.DataFrame(truths))
        text = _settings(calibrated=calibrated).to_yaml()
        (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
    return [out / name for name in (SHEET_FILE, SETTINGS_FILE, TRUTH_FILE)]


class _Steps:
    """The steps of one nucleus: they are not counted, but it may be stopped at each."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def begin(self, stage: str, steps: int | None = None) -> None:
        """Keep the stage of the study."""

    def advance(self, steps: int = 1) -> None:
        """Let the study be stopped."""
        self._progress.advance(0)


def _check_place(out: Path, *, overwrite: bool) -> None:
    """Refuse to replace what is no study, or one that nobody asked to replace."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / TRUTH_FILE).is_file():
        msg = f"{out} is no simulated study (it has no {TRUTH_FILE}). Give another folder."
        raise CallError(msg)
    if not overwrite:
        msg = f"{out} exists. Choose another folder, or give --overwrite."
        raise CallError(msg)


def _drawn(
    effect: float, replicates: int, nuclei: int, *, calibrated: bool, seed: int
) -> Iterator[StudyNucleus]:
    """Draw the nuclei; each has a generator of its own, so that none depends on the others."""
    for group, name in enumerate(GROUPS):
        shift = np.log(effect) if group else 0.0
        for replicate in range(replicates):
            of_replicate = np.random.default_rng([seed, group, replicate])
            between = np.sqrt(ICC) * of_replicate.standard_normal()
            for number, rng in enumerate(of_replicate.spawn(nuclei)):
                within = np.sqrt(1 - ICC) * rng.standard_normal()
                side_px = 2 * int(rng.integers(SIDES_PX[0] // 2, SIDES_PX[1] // 2 + 1))
                noise = float(rng.uniform(*NOISE))
                own_seed = int(rng.integers(2**31))
                gains = np.exp(GAIN_SD * rng.standard_normal(2))
                yield StudyNucleus(
                    name,
                    f"replicate-{replicate + 1}",
                    f"nucleus-{number + 1}",
                    mean_rate=float(np.exp(shift + RATE_SD * (between + within))),
                    side_px=side_px,
                    noise=noise,
                    gains=(1.0, 1.0) if calibrated else (float(gains[0]), float(gains[1])),
                    seed=own_seed,
                )


def _write_nucleus(folder: Path, one: StudyNucleus, nucleus: SimulatedNucleus) -> None:
    """Write the two channels of a nucleus, and its mask."""
    from chromamol.results.tiff import write_channels_tiff

    rng = np.random.default_rng([one.seed, 1])
    noise_sd = nucleus.noise_sd(one.noise)
    channels = []
    for species, gain in zip(
        (nucleus.heterochromatin, nucleus.euchromatin), one.gains, strict=True
    ):
        fraction = np.nan_to_num(species) + noise_sd * rng.standard_normal(species.shape)
        channels.append(BACKGROUND + gain * COUNTS_PER_FRACTION * fraction)
    cyx = np.clip(np.rint(np.stack(channels)), 0, 65535).astype(np.uint16)
    image, mask = folder / one.image, folder / one.mask
    image.parent.mkdir(parents=True, exist_ok=True)
    spacing = (PIXEL_NM, PIXEL_NM)
    write_channels_tiff(image, cyx, spacing, ("heterochromatin", "euchromatin"))
    write_channels_tiff(mask, (255 * nucleus.mask).astype(np.uint8)[None], spacing, ("nucleus",))


def _truth(one: StudyNucleus, nucleus: SimulatedNucleus) -> dict[str, object]:
    """Return what is true of a nucleus, by the names of ``nuclei.csv``."""
    rate = nucleus.rate[nucleus.mask]
    return {
        "image": one.image,
        "group": one.group,
        "replicate": one.replicate,
        "rate_mean": float(rate.mean()),
        "rate_median": float(np.median(rate)),
        "rate_sd_of_map": float(rate.std()),
        "area_um2": nucleus.mask.sum() * PIXEL_NM**2 / 1e6,
        "noise": one.noise,
        "heterochromatin_gain": one.gains[0],
        "euchromatin_gain": one.gains[1],
    }


def _settings(*, calibrated: bool) -> Settings:
    """Return the settings that such a study is analysed with.

    The forward check asks whether the model explains an image; these come from the model. A map of
    channels of unknown gain is trusted only where the image tells the reaction length.
    """
    return Settings(
        background_intensity=BACKGROUND,  # the frames show too little beside the nuclei
        intensity_per_fraction=COUNTS_PER_FRACTION if calibrated else "auto",
        reaction_length_nm=REACTION_LENGTH_NM if calibrated else "fit",
        gradient_length_nm=GRADIENT_LENGTH_NM,
        nucleus_min_area_um2=0.1,
        hole_min_diameter_nm=0.0,
        forward_check=False,
    )
