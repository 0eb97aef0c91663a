"""The page itself: its parts put together, the nuclei streamed through a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import chromamol
from chromamol.inference.rate_map import Quantity, Scale
from chromamol.report.claims import claim
from chromamol.report.columns import OK, SIGNS, Dictionary, main_measures, number, states_of
from chromamol.report.pictures import gradient
from chromamol.report.provenance import commands_of, inputs_of
from chromamol.report.section import sections_of
from chromamol.report.svg import data_uri
from chromamol.report.words import counted, nuclei_in_words
from chromamol.results.bars import COLOUR_MAPS
from chromamol.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pandas as pd

    from chromamol.progress import Progress
    from chromamol.report.cohort import Cohort
    from chromamol.report.comparisons import Comparisons
    from chromamol.report.maps import Typical
    from chromamol.report.methods import Paragraph
    from chromamol.report.pictures import Thumbnail
    from chromamol.report.references import Cited
    from chromamol.report.survey import Survey

# More nuclei with pictures make a page that browsers are slow with.
MOST_SHOWN = 1000
_CHUNK = 2**20


@dataclass(frozen=True)
class Parts:
    """What a page is made of, besides the pictures of the nuclei.

    Attributes
    ----------
    cohort : Cohort
    survey : Survey
    troubles : tuple of str
        What could not be read.
    comparisons : Comparisons
    typical : Typical or None
    limits : mapping of str to float
        Of the colours of the rate, from `rate_limits`.
    maps : bytes
        The figure of typical nuclei, SVG; empty if there is none.
    methods : list of Paragraph
    cited : Cited
    """

    cohort: Cohort
    survey: Survey
    troubles: tuple[str, ...]
    comparisons: Comparisons
    typical: Typical | None
    limits: Mapping[str, float]
    maps: bytes
    methods: list[Paragraph]
    cited: Cited


def write_page(path: Path, parts: Parts, progress: Progress) -> None:
    """Write the page.

    What stands above the maps holds all of them small, so the maps wait in a file until all are
    drawn.

    Parameters
    ----------
    path : Path
    parts : Parts
    progress : Progress
        Told of every nucleus; may cancel.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    cohort, survey = parts.cohort, parts.survey
    environment = _environment()
    states, dictionary = states_of(cohort.nuclei), Dictionary(cohort)
    rows = shown_rows(len(cohort.nuclei))
    of_nucleus = environment.get_template("nucleus.html")
    thumbnails: dict[int, Thumbnail] = {}
    progress.begin("drawing the nuclei", len(rows))
    # On the disk of the report: that of the system may be small, and full.
    with TemporaryFile(
        "w+", encoding="utf-8", errors="backslashreplace", dir=path.parent
    ) as sections:
        for section in sections_of(cohort, rows, dictionary, parts.limits):
            if section.pictures is not None:
                thumbnails[section.row] = section.pictures.thumbnail
            text = of_nucleus.render(
                section=section,
                nucleus=cohort.nuclei.loc[section.row],
                state=states[section.row],
                groups=cohort.groups,
            )
            sections.write(text)
            progress.advance()
        sections.seek(0)
        page = environment.get_template("report.html").generate(
            parts=parts,
            cohort=cohort,
            survey=survey,
            nuclei=cohort.nuclei,
            groups=cohort.groups,
            states=states,
            measures=main_measures(cohort.nuclei),
            rows=rows,
            samples=_samples(cohort, states),
            claims=_claims(survey),
            settings=_settings(survey),
            dictionary=dictionary,
            thumbnails=thumbnails,
            sections=_chunks(sections),
            inputs=inputs_of(cohort),
            commands=commands_of(cohort),
            date=datetime.now(UTC).strftime("%d %B %Y, %H:%M UTC"),
            version=chromamol.__version__,
        )
        with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(page)


def shown_rows(count: int) -> range:
    """Choose the nuclei that get pictures: all, or every so many where there are very many.

    Parameters
    ----------
    count : int
        Of all nuclei.
    """
    return range(0, count, -(-count // MOST_SHOWN))


def _environment() -> Environment:
    """Return what fills in the page; everything is escaped that is not marked as HTML."""
    environment = Environment(
        loader=PackageLoader("chromamol.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "number": number,
        "counted": counted,
        "nuclei_in_words": nuclei_in_words,
        "sign": SIGNS.__getitem__,
        "colour_maps": COLOUR_MAPS,
        "gradient": gradient,
        "data_uri": data_uri,
        "source": _source,
    }
    environment.filters["code"] = _code
    return environment


def _source(name: str) -> Markup:
    """Return a style sheet or a script of this package, to stand in the page."""
    return Markup((files("chromamol.report") / "page" / name).read_text(encoding="utf-8"))  # noqa: S704


def _code(text: str) -> Markup:
    """Set what stands between backticks as code."""
    parts = text.split("`")
    marked = [Markup("<code>{}</code>").format(part) for part in parts[1::2]]
    parts[1::2] = marked
    return Markup("").join(parts)


def _claims(survey: Survey) -> list[tuple[int, str]]:
    """Say of each kind of map how many there are and what may be claimed."""
    return [
        (count, claim(Quantity(quantity), Scale[scale], exploratory=exploratory))
        for (quantity, scale, exploratory), count in survey.kinds.most_common()
    ]


def _samples(cohort: Cohort, states: pd.Series) -> list[Mapping[str, object]]:
    """Count images, nuclei and maps of each replicate."""
    if not cohort.groups:
        return []
    nuclei = cohort.nuclei.assign(believed=states == OK)
    by_replicate = nuclei.groupby(["group", "replicate"], sort=False, dropna=False)
    table = by_replicate.agg(
        images=("image", "nunique"), nuclei=("nucleus", "size"), believed=("believed", "sum")
    )
    rows: list[Mapping[str, object]] = table.reset_index().to_dict("records")
    places = {group: place for place, group in enumerate(cohort.groups)}
    return sorted(rows, key=lambda row: places.get(str(row["group"]), len(places)))


def _settings(survey: Survey) -> list[tuple[int, dict[str, object], str]]:
    """Return the settings that differ from the defaults, and all as YAML, with their images."""
    defaults = Settings().model_dump(mode="json")
    return [
        (
            count,
            {
                name: value
                for name, value in one.model_dump(mode="json").items()
                if value != defaults[name]
            },
            one.to_yaml(),
        )
        for one, count in survey.settings.values()
    ]


def _chunks(file: IO[str]) -> Iterator[Markup]:
    """Read a file of HTML part by part."""
    while text := file.read(_CHUNK):
        yield Markup(text)  # noqa: S704
