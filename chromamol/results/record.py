"""What is known about a result besides its pixels: written to the store, and read back."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

import chromamol
from chromamol.images.image import SourceFile
from chromamol.inference.rate_map import Quantity, Scale
from chromamol.results.in_words import in_words, is_doubted
from chromamol.results.naming import naming_of, with_unit
from chromamol.settings import Role, Settings

if TYPE_CHECKING:
    from chromamol.analysis import Analysis, MapName, NucleusAnalysis
    from chromamol.results.naming import Naming

Number = Annotated[float, Field(allow_inf_nan=False)]
PositiveNm = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Frozen(BaseModel):
    """A value that is checked once and never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FindingRecord(_Frozen):
    """One thing that a reader of the map has to know."""

    code: str
    sentence: str
    value: float | None = Field(None, allow_inf_nan=False)


class QualityRecord(_Frozen):
    """What the image of one nucleus is worth; the names are those of `Quality`."""

    saturated_share: float | None = Field(None, allow_inf_nan=False)
    signal_over_background_spread: float | None = Field(None, allow_inf_nan=False)
    localisations_per_um2: float | None = Field(None, allow_inf_nan=False)
    detail_nm: float | None = Field(None, allow_inf_nan=False)
    detail_over_others: float | None = Field(None, allow_inf_nan=False)
    repeated_share: float | None = Field(None, allow_inf_nan=False)


class NucleusRecord(_Frozen):
    """What the maps of one nucleus are, and how they came out; the names are those of `RateMap`."""

    label: int = Field(ge=1)
    touches_border: bool
    quantity: Quantity
    scale: Literal["ABSOLUTE", "RATIO", "RELATIVE"]
    exploratory: bool
    status: Literal[
        "CONVERGED",
        "STOPPED",
        "CLOSED_FORM",
        "NOT_CONVERGED",
        "NOT_TRAINED",
        "REJECTED",
        "NOT_ASKED",
    ]
    status_sentence: str
    reaction_length_nm: float | None = Field(None, allow_inf_nan=False)
    findings: tuple[FindingRecord, ...]
    quality: QualityRecord = QualityRecord()

    @property
    def naming(self) -> Naming:
        """What the numbers of the rate map are called."""
        return naming_of(self.quantity, Scale[self.scale])


class Record(_Frozen):
    """Everything about an analysis that is not an array.

    It is the attribute `chromamol` of the store's root group.
    """

    schema_version: Literal[2] = 2
    chromamol_version: str
    image: str
    image_path: str
    image_sha256: str
    image_files: tuple[SourceFile, ...]
    counts: bool
    psf_nm: Number | None
    repeated_share: Number | None
    yx_spacing_nm: tuple[PositiveNm, PositiveNm]
    channel_names: tuple[str, ...]
    roles: dict[Role, int]
    backgrounds: dict[Role, Number]
    gains: dict[Role, Number]
    calibrated: bool
    notes: tuple[str, ...]
    nuclei: tuple[NucleusRecord, ...] = Field(min_length=1)
    settings: Settings


def record_of(analysis: Analysis) -> Record:
    """Collect the record of an analysis."""
    return Record(
        chromamol_version=chromamol.__version__,
        image=analysis.image.name,
        image_path=str(analysis.image.path),
        image_sha256=analysis.image.sha256,
        image_files=analysis.image.sources,
        counts=analysis.image.counts,
        psf_nm=_finite(analysis.image.psf_nm),
        repeated_share=_finite(analysis.image.repeated_share),
        yx_spacing_nm=analysis.yx_spacing_nm,
        channel_names=channel_names(analysis),
        roles=dict(analysis.composition.roles),
        backgrounds=dict(analysis.composition.backgrounds),
        gains=dict(analysis.composition.gains),
        calibrated=analysis.composition.calibrated,
        notes=analysis.notes,
        nuclei=tuple(_nucleus(analysis, nucleus) for nucleus in analysis.per_nucleus),
        settings=analysis.settings,
    )


def channel_names(analysis: Analysis) -> tuple[str, ...]:
    """Name every channel of the image: the file's name, else its role, else its number."""
    role_of = {channel: role.value for role, channel in analysis.composition.roles.items()}
    return tuple(
        name or role_of.get(channel, f"channel {channel}")
        for channel, name in enumerate(analysis.image.channel_names)
    )


def _nucleus(analysis: Analysis, nucleus: NucleusAnalysis) -> NucleusRecord:
    """Collect the record of one nucleus."""
    rate_map = nucleus.rate_map
    return NucleusRecord(
        label=nucleus.label,
        touches_border=analysis.nuclei.touches_border[nucleus.label - 1],
        quantity=rate_map.quantity,
        scale=rate_map.scale.name,
        exploratory=rate_map.exploratory,
        status=rate_map.status.name,
        status_sentence=rate_map.status.value,
        reaction_length_nm=_finite(rate_map.reaction_length_nm),
        findings=tuple(
            FindingRecord(code=found.code, sentence=found.sentence, value=_finite(found.value))
            for found in rate_map.findings
        ),
        quality=QualityRecord(
            **{name: _finite(value) for name, value in asdict(nucleus.quality).items()}
        ),
    )


def _finite(value: float | None) -> float | None:
    """JSON has no NaN and no infinity."""
    return float(value) if value is not None and math.isfinite(value) else None


def describe_map(record: Record, name: MapName) -> str:
    """Say what a map is, for the metadata of its file."""
    first = record.nuclei[0]
    naming = first.naming
    kinds: dict[MapName, str] = {
        "rate": naming.name_and_unit,
        "rate_sd": with_unit(f"standard deviation of: {naming.name}", naming.unit),
        "residual": f"misfit of the model over its expected noise, of: {naming.name}",
        "compaction": "chromatin density over its nuclear mean, smoothed",
    }
    parts = [f"{record.image}: {kinds[name]}"]
    if name == "compaction":
        return f"{parts[0]}."
    scale = Scale[first.scale].in_words(exploratory=first.exploratory)
    about = "; ".join([*parts, scale, *warnings_of(record, name)])
    return " ".join([f"{about}.", *in_words(record.nuclei).doubts])


def warnings_of(record: Record, name: MapName) -> list[str]:
    """Say what a reader of a map must not overlook."""
    if name == "compaction":
        return []
    warnings = []
    first = record.nuclei[0]
    if first.exploratory:
        warnings.append(f"EXPLORATORY: {_why_exploratory(first, record.settings)}")
    doubted = [str(one.label) for one in record.nuclei if is_doubted(one)]
    if doubted:
        warnings.append(f"DO NOT BELIEVE nucleus {', '.join(doubted)}: see the findings")
    return warnings


def _why_exploratory(nucleus: NucleusRecord, settings: Settings) -> str:
    """Say what keeps a map from being a measurement."""
    untested = nucleus.quantity is not Quantity.DENSITY_ONLY and not settings.has_checks
    of_total = any(finding.code == "uncalibrated-total" for finding in nucleus.findings)
    reasons = []
    if of_total or not untested:
        reasons.append("implied by a model, not determined by the data")
    if untested:
        reasons.append(f"made with the method {settings.method}, and not tested for false patterns")
    return "; ".join(reasons)
