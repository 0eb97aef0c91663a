"""Which column of a table holds what, and in which unit: from its name, or from the user."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chromamol.errors import CallError, InputError, NoImage
from chromamol.images.pixel_size import nm_per_unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chromamol.images.localisations.table import RawTable
    from chromamol.settings import Settings

# What the programs call a quantity, without blanks, case, unit and punctuation; the best first.
# ThunderSTORM, Picasso, rapidSTORM, Zeiss Elyra, ONI, SMAP, DECODE, locan, Insight3, Abbelight.
NAMES: dict[str, tuple[str, ...]] = {
    "x": ("x", "positionx", "xposition", "posx", "xpos", "position00", "xc"),
    "y": ("y", "positiony", "yposition", "posy", "ypos", "position10", "yc"),
    "z": ("z", "positionz", "zposition", "posz", "zpos", "position20", "zc"),
    "precision": (
        "uncertainty",
        "uncertaintyxy",
        "precision",
        "precisionxy",
        "locprec",
        "locprecision",
        "localizationprecision",
        "localisationprecision",
        "lp",
    ),
    "precision_x": ("lpx", "xprecision", "precisionx", "uncertaintyx", "xerr", "xsig", "crlbx"),
    "precision_y": ("lpy", "yprecision", "precisiony", "uncertaintyy", "yerr", "ysig", "crlby"),
    "variance_x": ("variancex", "xvariance"),
    "variance_y": ("variancey", "yvariance"),
    "photons": (
        "photons",
        "numberphotons",
        "nphotons",
        "photoncount",
        "phot",
        "intensity",
        "intensitymean",
        "i0",
    ),
    "frame": (
        "frame",
        "firstframe",
        "frameindex",
        "frameix",
        "framenumber",
        "imagenumber",
        "imagenumber00",
    ),
    "channel": ("channel", "channelindex", "channelid"),
    "track": (
        "trackid",
        "track",
        "trackindex",
        "trajectory",
        "trajectoryid",
        "molecule",
        "moleculeid",
        "moleculeindex",
        "particle",
        "particleid",
    ),
    "failed": ("errorflag",),
    "detections": ("numberframes", "detections", "ndetections", "duration", "numlocs"),
}
# Columns that the user may name. The others are found by their names only.
ASKED = ("x", "y", "z", "precision", "photons", "frame", "channel", "track", "failed")

# Of these, one has to be there for a precision.
PRECISIONS = frozenset({"precision", "precision_x", "variance_x"})
_PAIRS = (("precision_x", "precision_y"), ("variance_x", "variance_y"))
_MAYBE_CHANNELS = frozenset(
    ("label", "dye", "fluorophore", "marker", "mark", "target", "probe", "stain", "colour", "color")
)
_KNOWN = frozenset(core for cores in NAMES.values() for core in cores)
_LENGTHS = {"x", "y", "z", "precision", "precision_x", "precision_y"}
_VARIANCES = {"variance_x", "variance_y"}
_IN_BRACKETS = re.compile(r"^(?P<core>.*?)\s*[\[(](?P<unit>[^\])]*)[\])]\s*$")
_AS_SUFFIX = re.compile(r"^(?P<core>.+?)[ _.]?(?P<unit>nm|um|\u00b5m|\u03bcm|px|pix|pixels?)$")
_PIXEL_UNITS = {"px", "pix", "pixel", "pixels", "camera pixel", "camera pixels"}
# A length without a unit is in camera pixels where their size is known, else refused.
_IN_PIXELS = {"", "px", "camera-pixel"}
_LISTED, _LONGEST_NAME = 40, 200


@dataclass(frozen=True)
class Column:
    """One column of a table, understood.

    Attributes
    ----------
    name : str
        As it stands in the file.
    factor : float
        What its numbers are multiplied with to give nm (nm^2 for variances), or 1.
    """

    name: str
    factor: float = 1.0


@dataclass(frozen=True)
class Understood:
    """The columns of a table.

    Attributes
    ----------
    columns : mapping of quantity (a key of `NAMES`) to Column
    positions : str
        Which columns the positions come from and in which unit they are, in a sentence.
    notes : tuple of str
        Which other columns are used, and what was given and is not, in sentences.
    unit : str
        Of the positions along x: nm, um, camera-pixel, or as the file names it.
    """

    columns: Mapping[str, Column]
    positions: str
    notes: tuple[str, ...] = ()
    unit: str = ""


def understand(name: str, table: RawTable, settings: Settings) -> Understood:
    """Find the columns that chromamol uses, and their units.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    table : RawTable
    settings : Settings
        `columns`, `length_unit` and `camera_pixel_nm`.

    Raises
    ------
    InputError
        If there is no x or y, a column that was asked for is missing (the message lists those that
        are there), or the unit is unknown.
    CallError
        If the settings name a quantity that there is none of.
    """
    found = _by_name(table)
    found.update(_by_user(name, table, settings))
    for pair in _PAIRS:  # one of a pair alone says nothing
        if not set(pair) <= set(found):
            found = {quantity: column for quantity, column in found.items() if quantity not in pair}
    missing = [quantity for quantity in ("x", "y") if quantity not in found]
    if missing:
        msg = (
            f"{name} has no column that is known to hold {' and '.join(missing)}. Its columns are: "
            f"{_listed(table)}. Say which is which, for example: --columns x=NAME,y=NAME"
        )
        raise NoImage(msg) if len(missing) == 2 else InputError(msg)
    given = "" if settings.length_unit == "auto" else settings.length_unit
    units = {axis: given or _unit_of(found[axis], table) for axis in ("x", "y")}
    factors = {axis: _nm_per(name, axis, unit, table, settings) for axis, unit in units.items()}
    columns = {}
    for quantity, column in found.items():
        axis = "y" if quantity.endswith("y") else "x"
        if quantity in _LENGTHS:
            unit = units.get(quantity) or _unit_of(column, table) or units[axis]
            columns[quantity] = Column(column, _nm_per(name, axis, unit, table, settings))
        elif quantity in _VARIANCES:
            unit = _split(column)[1].removesuffix("^2").removesuffix("\u00b2") or units[axis]
            columns[quantity] = Column(column, _nm_per(name, axis, unit, table, settings) ** 2)
        else:
            columns[quantity] = Column(column)
    notes = [note for note in (_others_note(found, settings), _label_note(found, table)) if note]
    if settings.camera_pixel_nm and not any(unit in _IN_PIXELS for unit in units.values()):
        notes.append("camera_pixel_nm has no effect: the positions are not in camera pixels.")
    elif settings.camera_pixel_nm and table.yx_camera_pixel_nm:
        notes.append(f"camera_pixel_nm overrules the file: {settings.camera_pixel_nm:g} nm.")
    unit = "camera-pixel" if units["x"] in _IN_PIXELS else units["x"]
    return Understood(columns, _position_note(found, units, factors), tuple(notes), unit)


def _by_name(table: RawTable) -> dict[str, str]:
    """Find quantities by the names in common use; where there are several, nm before pixels."""
    found = {}
    for quantity, cores in NAMES.items():
        ranked = []
        for position, name in enumerate(table.names):
            core, unit = _split(name, with_suffix=quantity in _LENGTHS | _VARIANCES)
            if core not in cores or (quantity == "photons" and not _counts_photons(core, unit)):
                continue
            unit = table.units.get(name, unit)
            ranked.append((unit in _PIXEL_UNITS, cores.index(core), position, name))
        if ranked:
            found[quantity] = min(ranked)[-1]
    return found


def _counts_photons(core: str, unit: str) -> bool:
    """Whether a column of brightness is in photons: camera counts are not."""
    return unit.startswith("photon") or (not unit and core not in {"intensity", "intensitymean"})


def _by_user(name: str, table: RawTable, settings: Settings) -> dict[str, str]:
    """Take the columns that the user named."""
    by_folded = {column.strip().casefold(): column for column in table.names}
    chosen = {}
    for quantity, wanted in (settings.columns or {}).items():
        if quantity not in ASKED:
            msg = f"columns cannot say '{quantity}'. It can say: {', '.join(ASKED)}."
            raise CallError(msg)
        column = wanted if wanted in table.names else by_folded.get(wanted.strip().casefold())
        if column is None:
            msg = (
                f"{name} has no column '{wanted}' (asked for as {quantity}). "
                f"Its columns are: {_listed(table)}."
            )
            raise InputError(msg)
        chosen[quantity] = column
    return chosen


def _split(name: str, *, with_suffix: bool = True) -> tuple[str, str]:
    """Split a name into what it says without punctuation, and its unit in small letters.

    A unit stands in brackets or, in the names of lengths, at the end ("num" is no "n" in um).
    """
    plain = name[:_LONGEST_NAME].strip().lstrip("#").strip().strip('"').lower()
    match = _IN_BRACKETS.match(plain)
    if (
        match is None and with_suffix and _squeezed(plain) not in _KNOWN
    ):  # "lpx" is Picasso's precision, not "l"
        match = _AS_SUFFIX.match(plain)
    core, unit = (match["core"], match["unit"].strip()) if match else (plain, "")
    return _squeezed(core), unit


def _squeezed(text: str) -> str:
    """Leave letters and digits."""
    return re.sub(r"[^a-z0-9]", "", text)


def _unit_of(column: str, table: RawTable) -> str:
    """Return the unit of a length: that of the format, that in its name, else ""."""
    unit = table.units.get(column) or _split(column)[1]
    return "px" if unit in _PIXEL_UNITS else unit


def _nm_per(name: str, axis: str, unit: str, table: RawTable, settings: Settings) -> float:
    """Length of a unit, nm."""
    given = settings.camera_pixel_nm
    stated = table.yx_camera_pixel_nm
    if unit in {"px", "camera-pixel"} or (not unit and (given or stated)):
        if given:
            return given
        if stated:
            return stated["yx".index(axis)]
        msg = (
            f"The positions in {name} are in camera pixels, whose size the file does not state. "
            "Look it up in the microscope's software and give it, for example: "
            "--camera-pixel-nm 160"
        )
        raise InputError(msg)
    length = nm_per_unit(unit)
    if length is None:
        said = f"is '{unit[:20]}', which is no length" if unit else "is not stated"
        msg = (
            f"The unit of the positions in {name} {said}. Say that they are nm with "
            "--set length_unit=nm (or um), or give the size of a camera pixel if they are pixels, "
            "for example: --camera-pixel-nm 160"
        )
        raise InputError(msg)
    return length


def _position_note(
    found: Mapping[str, str], units: Mapping[str, str], factors: Mapping[str, float]
) -> str:
    """Say which columns the positions come from, and what one unit of them is."""
    sizes = {axis: f"{factor:g} nm" for axis, factor in factors.items()}
    pixels = any(unit in _IN_PIXELS for unit in units.values())
    what = "camera pixels of " if pixels else "units of "
    size = sizes["x"] if sizes["x"] == sizes["y"] else f"{sizes['x']} (x) and {sizes['y']} (y)"
    said = "" if size == "1 nm" and not pixels else f", in {what}{size}"
    return f"Positions from the columns '{found['x']}' (x) and '{found['y']}' (y){said or ', nm'}."


def _label_note(found: Mapping[str, str], table: RawTable) -> str:
    """Warn of a column that may tell two labels apart and is not used."""
    maybe = [name for name in table.names if _split(name)[0] in _MAYBE_CHANNELS]
    maybe = [name for name in maybe if name not in found.values()]
    if "channel" in found or not maybe:
        return ""
    return (
        f"WARNING: the column '{maybe[0][:60]}' is not used. If it tells which dye or mark a "
        f"localisation has, say so with --columns channel={maybe[0][:60]}; otherwise all are "
        "counted together."
    )


def _others_note(found: Mapping[str, str], settings: Settings) -> str:
    """Say which columns are used beside the positions, and that there is no precision."""
    others = [
        f"'{column}' ({quantity.replace('_', ' along ')})"
        for quantity, column in found.items()
        if quantity not in {"x", "y"}
    ]
    used = f"Also used: {', '.join(others)}." if others else ""
    if PRECISIONS & set(found) or settings.max_precision_nm is None:
        return used
    return f"{used} No column of precision was found: max_precision_nm drops nothing.".strip()


def _listed(table: RawTable) -> str:
    """List the columns of a table for a message."""
    more = len(table.names) - _LISTED
    names = ", ".join(f"'{name[:60]}'" for name in table.names[:_LISTED])
    return f"{names} and {more} more" if more > 0 else names
