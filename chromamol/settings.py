"""The one declaration of every parameter of an analysis.

The command line, the settings file, the record in the outputs and the napari widget are made
from the `Settings` model: a field's description is its help text everywhere.
"""

from __future__ import annotations

import difflib
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from chromamol.errors import CallError
from chromamol.settings_errors import sentences_of

if TYPE_CHECKING:
    from pathlib import Path


class Role(StrEnum):
    """What a channel shows."""

    HETEROCHROMATIN = "heterochromatin"
    EUCHROMATIN = "euchromatin"
    TOTAL = "total"
    MARK = "mark"


# A setting about how a file is read: a front end whose images are open already does not ask for it.
READING: dict[str, Any] = {"stage": "reading"}

PixelSize = Annotated[float, Field(ge=0.1, le=10_000)]
Intensity = Annotated[float, Field(gt=0)]
PositiveRate = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def _capitals(value: object) -> object:
    """Take small letters for capitals."""
    return value.upper() if isinstance(value, str) else value


Axes = Annotated[str, Field(pattern="^[TZCYX]{2,5}$"), BeforeValidator(_capitals)]


class Settings(BaseModel):
    """Every parameter of an analysis, frozen; lengths in nm, areas in um2."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_enum_values=False)

    schema_version: Literal[1] = Field(
        1, description="Version of this list of settings; written to every settings file."
    )
    pixel_size_nm: PixelSize | None = Field(
        None,
        description="Size of a (square) pixel, nm. Empty: read from the image file; localisations "
        "are counted in pixels of 20 nm.",
    )
    axes: Annotated[str, Field(pattern="^[TZCYX]{2,5}$"), BeforeValidator(_capitals)] | None = (
        Field(
            None,
            json_schema_extra=READING,
            description="Axes of an image whose file does not name them, or names them wrongly: a "
            "letter for each axis longer than 1, in the order of the file (T: time, Z: planes, "
            "C: channels, Y, X), as CYX. Empty: as the file says.",
        )
    )
    z_plane: Annotated[int, Field(ge=0)] | Literal["mean"] | None = Field(
        None,
        json_schema_extra=READING,
        description="Plane of a z-stack that is analysed, counted from 0; mean: the mean of all "
        "planes, which is the projection (a maximum projection is none of the density). Empty: a "
        "stack is refused.",
    )
    time_point: Annotated[int, Field(ge=0)] | None = Field(
        None,
        json_schema_extra=READING,
        description="Time point of a time series that is analysed, counted from 0. Empty: a series "
        "is refused.",
    )
    columns: dict[str, str] | None = Field(
        None,
        json_schema_extra=READING,
        description="Which column of a localisation table holds x, y, z, precision, photons, "
        "frame, channel, track (the molecule or trajectory of a row) or failed (not 0: the fit "
        "failed), as x=NAME. Empty: taken from the names of the columns.",
    )
    length_unit: Literal["auto", "nm", "um", "camera-pixel"] = Field(
        "auto",
        json_schema_extra=READING,
        description="Unit of the positions in a localisation table. auto: as its format or the "
        "names of its columns say.",
    )
    camera_pixel_nm: PixelSize | None = Field(
        None,
        json_schema_extra=READING,
        description="Size of a camera pixel in the sample, nm, for localisation tables in camera "
        "pixels. Empty: as the file states.",
    )
    max_precision_nm: Annotated[float, Field(gt=0)] | None = Field(
        50.0,
        json_schema_extra=READING,
        description="Localisations whose precision (standard deviation of the position) is worse "
        "are dropped, nm; those beyond a third of the reaction-diffusion length cannot show the "
        "rate. Empty: all are kept.",
    )
    min_photons: Annotated[float, Field(ge=0)] | None = Field(
        None,
        json_schema_extra=READING,
        description="Localisations with fewer photons are dropped. Empty: all are kept.",
    )
    frame_range: tuple[int, int] | None = Field(
        None,
        json_schema_extra=READING,
        description="First and last camera frame of the localisations that are kept, as "
        "[first, last]. Empty: all are kept.",
    )
    z_range_nm: tuple[float, float] | None = Field(
        None,
        json_schema_extra=READING,
        description="Lowest and highest z of the localisations that are kept, nm, as "
        "[lowest, highest]. Empty: all are kept.",
    )
    merge_tracks: bool = Field(
        True,
        json_schema_extra=READING,
        description="Merge the localisations of one molecule into their mean position (true), "
        "where the table has a column of tracks or molecules.",
    )
    rendering: Literal["histogram", "precision"] = Field(
        "histogram",
        json_schema_extra=READING,
        description="How localisations become an image: histogram (counted in pixels; the noise "
        "stays that of counts) or precision (each drawn as a Gaussian of its own width; smoother "
        "to look at, with noise that is not independent from pixel to pixel).",
    )
    roles: dict[Role, int | str] | None = Field(
        None,
        description="Which channel (its number from 0, or its name) shows heterochromatin, "
        "euchromatin, the total chromatin density, or one histone mark. "
        "Empty: taken from the channel names.",
    )
    background_intensity: Annotated[float, Field(ge=0)] | Literal["auto"] = Field(
        "auto",
        description="Intensity of the image where there is no label, in the image's own units, "
        "subtracted from every channel. auto: a low percentile of each channel outside the nuclei.",
    )
    intensity_per_fraction: Intensity | dict[Role, Intensity] | Literal["auto"] = Field(
        "auto",
        description="Intensity above background that stands for a volume fraction of 1: "
        "one number, or one for each role. auto: unknown; the channels are scaled to "
        "the chromatin fraction below and the rate map is relative.",
    )
    chromatin_fraction: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="Mean volume fraction of chromatin in the nucleus, used to scale channels "
        "of unknown gain (no unit).",
    )
    nucleus_smoothing_nm: float = Field(
        300.0,
        gt=0,
        le=5_000,
        description="Width of the smoothing before nuclei are outlined, nm; "
        "larger gives smoother outlines.",
    )
    nucleus_min_area_um2: float = Field(
        20.0, gt=0, le=10_000, description="Smaller objects are not taken for nuclei, µm²."
    )
    hole_min_diameter_nm: float = Field(
        500.0,
        ge=0,
        le=10_000,
        description="Nucleoli and other bodies with hardly any chromatin are left out of the maps "
        "when they are at least this wide, nm. 0: none are.",
    )
    equation: Literal["auto", "chromatin", "mark-turnover"] = Field(
        "auto",
        description="Model: chromatin (two species, reaction-diffusion and phase separation) or "
        "mark-turnover (one histone mark). auto: chosen by the channel roles.",
    )
    method: Literal["weak-form", "direct", "network"] = Field(
        "weak-form",
        description="Estimator: weak-form (the analysis), direct (a quick preview) or network (a "
        "neural network is trained on each nucleus: minutes, and no uncertainty; to compare). Maps "
        "of the last two are exploratory: they are not tested for false patterns. A total density "
        "alone has a fit of its own, whatever is chosen.",
    )
    reaction_length_nm: Annotated[float, Field(gt=0, le=10_000)] | Literal["fit"] = Field(
        "fit",
        description="Reaction-diffusion length ell, nm: how far a mark diffuses before it is "
        "removed. fit: estimated from the image when the image can tell, otherwise 140 nm, "
        "marked as assumed.",
    )
    gradient_length_nm: float = Field(
        10.0,
        ge=0,
        le=1_000,
        description="Gradient length delta of the phase-field model, nm: "
        "about a fifth of the width of a domain's border.",
    )
    mixing_energy: Annotated[float, Field(ge=-10, le=10)] | Literal["fit"] = Field(
        0.0,
        description="Mixing energy chi between hetero- and euchromatin (no unit). "
        "0: the published model. fit: estimated from the image, from -4 to 4.",
    )
    psf_nm: Annotated[float, Field(ge=0, le=10_000)] | None = Field(
        None,
        description="Width of the microscope's blur (full width at half maximum), nm. 0: the image "
        "is taken as sharp. Empty: 2.35 times the median precision of localisations, and 0 for "
        "other images.",
    )
    section_nm: Annotated[float, Field(gt=0, le=100_000)] | None = Field(
        None,
        description="Thickness of the optical section, nm. Empty: a projection through all that "
        "the image shows, or unknown.",
    )
    acetylation_rate_per_s: PositiveRate | None = Field(
        None,
        description="Acetylation rate Gamma_ac, 1/s: how often per second a methylated histone "
        "becomes an acetylated one, measured elsewhere (0.0003 is about once an hour). With it "
        "calibrated images give the methylation rate in 1/s. Empty: unknown; the map is the "
        "ratio of the two rates.",
    )
    boundary: Literal["auto", "no-flux", "cut", "periodic"] = Field(
        "auto",
        description="What happens at the edge. no-flux: nothing crosses the nuclear envelope. "
        "cut: the image ends inside the nucleus. auto: no-flux at the edge of the nucleus, "
        "cut where it meets the border of the image. periodic: for simulations.",
    )
    density_rate: bool = Field(
        True,
        description="For an image of the total density alone: also fit the exploratory, "
        "model-implied rate ratio (true), or give the compaction map only (false).",
    )
    forward_check: bool = Field(
        True,
        description="For two channels and the weak form: try other lengths than a "
        "reaction_length_nm that was set and, if the channels are calibrated, simulate the model "
        "with the inferred map and compare it with the image (takes some seconds).",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto",
        description="Where to compute. auto: on a CUDA graphics card where there is one and the "
        "image of a nucleus has a million pixels or more, or the method is network; all else is "
        "faster without.",
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        description="Seed of the random numbers: those behind the uncertainty map, and those that "
        "a network begins with.",
    )

    @model_validator(mode="before")
    @classmethod
    def _name_the_nearest_key(cls, values: Any) -> Any:
        """Turn a typo in a key into a sentence that names the valid key."""
        if isinstance(values, dict):
            for key in values:
                if key not in cls.model_fields:
                    near = difflib.get_close_matches(str(key), cls.model_fields, n=1, cutoff=0.5)
                    hint = f"did you mean '{near[0]}'?" if near else "valid keys are: "
                    tail = "" if near else ", ".join(cls.model_fields)
                    msg = f"Unknown setting '{key}': {hint}{tail}"
                    raise ValueError(msg)
        return values

    @model_validator(mode="after")
    def _check_lengths(self) -> Self:
        """Refuse a gradient length that is not small against the reaction length."""
        ell = self.reaction_length_nm
        if ell != "fit" and self.gradient_length_nm >= ell:
            msg = (
                f"gradient_length_nm ({self.gradient_length_nm:g} nm) must be smaller than "
                f"reaction_length_nm ({ell:g} nm). Did you use consistent units?"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _check_roles(self) -> Self:
        """Refuse roles that do not go together, whatever the image."""
        roles = self.roles or {}
        given = ", ".join(role.value for role in roles)
        if len(roles) > 2 or (Role.MARK in roles and len(roles) > 1):
            msg = (
                f"The roles {given} do not go together. Give two of heterochromatin, euchromatin "
                "and total, or one mark alone, or total alone."
            )
            raise ValueError(msg)
        if len({str(channel) for channel in roles.values()}) < len(roles):
            msg = (
                f"The roles {given} are given to the same channel; each needs a channel of its own."
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _check_axes(self) -> Self:
        """Refuse axes that are named twice, or that are no image."""
        if self.axes and (len(set(self.axes)) < len(self.axes) or not {"Y", "X"} <= {*self.axes}):
            msg = f"axes ({self.axes}) must hold Y and X, and each letter once. For example: CYX"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _check_ranges(self) -> Self:
        """Refuse ranges that end before they begin."""
        for name in ("frame_range", "z_range_nm"):
            limits = getattr(self, name)
            if limits and limits[0] > limits[1]:
                msg = f"{name} ends ({limits[1]:g}) before it begins ({limits[0]:g})."
                raise ValueError(msg)
        return self

    @property
    def has_checks(self) -> bool:
        """Whether maps are tested for false patterns: null test, domains in the map, simulation."""
        return self.method == "weak-form"

    def replace(self, **changes: Any) -> Settings:
        """Return a validated copy with some fields changed.

        Raises
        ------
        CallError
            If a key is unknown or a value is out of its range.
        """
        return make_settings({**self.model_dump(), **changes})

    def to_yaml(self) -> str:
        """Return the settings as YAML text, every field included."""
        text: str = yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)
        return text

    @classmethod
    def from_yaml(cls, path: Path) -> Settings:
        """Read a settings file.

        Raises
        ------
        CallError
            If the file cannot be read, is no YAML mapping, or holds an unknown key or a bad value.
        """
        try:
            values = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as error:
            msg = f"The settings file {path} cannot be read ({error.strerror})."
            raise CallError(msg) from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            msg = f"The settings file {path} is not YAML. Write one with: chromamol settings"
            raise CallError(msg) from error
        if not isinstance(values, dict):
            msg = f"The settings file {path} must hold lines such as 'method: weak-form'."
            raise CallError(msg)
        return make_settings(values)


def reading_settings(settings: Settings, *, of_table: bool) -> dict[str, Any]:
    """Return the settings that decide what an image or a localisation table is read as."""
    fields = Settings.model_fields
    reading = {key for key, field in fields.items() if field.json_schema_extra == READING}
    if of_table:
        reading.add("pixel_size_nm")  # of the image that it becomes
    return settings.model_dump(mode="json", include=reading)


def make_settings(values: dict[str, Any]) -> Settings:
    """Build settings from plain values.

    Raises
    ------
    CallError
        One sentence for each value that is wrong.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise CallError(sentences_of(error)) from error
