"""What the records of all results say together: kept as counts, so that 10,000 images fit."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from chromamol.images.composition import NO_BACKGROUND
from chromamol.inference.rate_map import Quantity, Status
from chromamol.results.in_words import DOUBTS, why_no_map

if TYPE_CHECKING:
    from chromamol.report.cohort import Source
    from chromamol.results.record import NucleusRecord, Record
    from chromamol.settings import Settings

DARK_PARTS, NOT_TOLD = "dark parts", "not told"
SMOOTH, EDGES, AVERAGED = "smooth", "map-with-edges", "map-averaged"


class Survey:
    """Counts over all results of a batch.

    Attributes
    ----------
    images, nuclei, cut : int
        Cut: nuclei that the image border cuts.
    with_outlines, counted, calibrated : int
        Images whose nuclei were given, that count localisations, whose gains are known.
    backgrounds : Counter
        Images by their background: `DARK_PARTS` (of the image itself), `NOT_TOLD` (0 for a channel,
        as the image does not tell it), or the value that was given.
    kinds : Counter
        Nuclei by (quantity, scale, exploratory).
    codes : Counter
        Nuclei by the codes of their findings.
    sentences : dict of str to str
        The first sentence of each code.
    no_map, doubts : Counter
        Nuclei by the code of what takes away their map, or the trust in it.
    lengths_nm : dict of str to (float, float)
        Shortest and longest reaction-diffusion length, by how it was determined (a code).
    estimated : Counter
        Nuclei whose rate was estimated, whatever came of it, by (method, boundary, quantity).
    priors : Counter
        Maps of the weak form of two channels by their prior: `SMOOTH`, `EDGES` or `AVERAGED`.
    roles, spacings_nm : Counter
        Images by the roles of their channels, and by their pixel size (y, x).
    settings : dict of Settings to int
        Images by their settings.
    versions, packages, platforms : Counter
        Of chromamol, of the packages beneath ("numpy 2.4.0"), of Python and the system.
    dates : list of str
        The first and the last date of a result; empty if none has one.
    """

    def __init__(self) -> None:
        self.images = self.nuclei = self.cut = 0
        self.with_outlines = self.counted = self.calibrated = 0
        self.backgrounds: Counter[str] = Counter()
        self.kinds: Counter[tuple[str, str, bool]] = Counter()
        self.codes: Counter[str] = Counter()
        self.sentences: dict[str, str] = {}
        self.no_map: Counter[str] = Counter()
        self.doubts: Counter[str] = Counter()
        self.lengths_nm: dict[str, tuple[float, float]] = {}
        self.estimated: Counter[tuple[str, str, str]] = Counter()
        self.priors: Counter[str] = Counter()
        self.roles: Counter[tuple[str, ...]] = Counter()
        self.spacings_nm: Counter[tuple[float, float]] = Counter()
        self.settings: dict[str, tuple[Settings, int]] = {}
        self.versions: Counter[str] = Counter()
        self.packages: Counter[str] = Counter()
        self.platforms: Counter[str] = Counter()
        self.dates: list[str] = []

    def add(self, source: Source, record: Record) -> None:
        """Count one result.

        Parameters
        ----------
        source : Source
        record : Record
            Of its store.
        """
        self.images += 1
        self.counted += record.counts
        self.calibrated += record.calibrated
        self.backgrounds[_background(record)] += 1
        self.with_outlines += source.provenance.get("nuclei_file") is not None
        self.roles[tuple(role.value for role in record.roles)] += 1
        self.spacings_nm[record.yx_spacing_nm] += 1
        yaml = record.settings.to_yaml()
        _, before = self.settings.get(yaml, (record.settings, 0))
        self.settings[yaml] = (record.settings, before + 1)
        self.versions[record.chromamol_version] += 1
        self._add_provenance(source)
        for nucleus in record.nuclei:
            self._add_nucleus(nucleus)
            if _is_estimated(nucleus):
                how = record.settings
                self.estimated[how.method, how.boundary, nucleus.quantity.value] += 1
            if record.settings.method == "weak-form":
                self._add_prior(nucleus)

    def _add_provenance(self, source: Source) -> None:
        """Count versions; a file that was edited may hold anything."""
        packages = source.provenance.get("packages")
        if isinstance(packages, dict):
            self.packages.update(f"{name} {version}" for name, version in packages.items())
        python, platform = (source.provenance.get(name) for name in ("python", "platform"))
        self.platforms[f"Python {python}, {platform}"] += 1
        date = source.provenance.get("date")
        if isinstance(date, str):
            self.dates = [min([date, *self.dates]), max([date, *self.dates])]

    def _add_prior(self, nucleus: NucleusRecord) -> None:
        if nucleus.quantity is not Quantity.RATE_RATIO or why_no_map(nucleus):
            return
        codes = {finding.code for finding in nucleus.findings}
        self.priors[next((one for one in (EDGES, AVERAGED) if one in codes), SMOOTH)] += 1

    def _add_nucleus(self, nucleus: NucleusRecord) -> None:
        self.nuclei += 1
        self.cut += nucleus.touches_border
        self.kinds[nucleus.quantity.value, nucleus.scale, nucleus.exploratory] += 1
        reason = why_no_map(nucleus)
        if reason:
            self.no_map[reason.code] += 1
            self.sentences.setdefault(reason.code, reason.sentence)
        for finding in nucleus.findings:
            self.codes[finding.code] += 1
            self.sentences.setdefault(finding.code, finding.sentence)
            if not reason and finding.code in DOUBTS:
                self.doubts[finding.code] += 1
            if finding.code.startswith("ell-") and nucleus.reaction_length_nm is not None:
                length_nm = nucleus.reaction_length_nm
                low, high = self.lengths_nm.get(finding.code, (length_nm, length_nm))
                self.lengths_nm[finding.code] = (min(low, length_nm), max(high, length_nm))


def _background(record: Record) -> str:
    """Say where the background of an image comes from."""
    given = record.settings.background_intensity
    if given != "auto":
        return f"{given:g}"
    return NOT_TOLD if any(NO_BACKGROUND in note for note in record.notes) else DARK_PARTS


def _is_estimated(nucleus: NucleusRecord) -> bool:
    """Tell whether an estimator saw a nucleus: none does where the pixels are too coarse."""
    too_coarse = any(finding.code == "too-coarse" for finding in nucleus.findings)
    return nucleus.status != Status.NOT_ASKED.name and not too_coarse
