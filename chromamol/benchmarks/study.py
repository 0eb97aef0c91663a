"""How often a comparison of groups is wrong: ``chromamol benchmark statistics``.

Studies at the level of tables: the logarithm of a measure varies between replicates and between
nuclei, with a share of 0.2 of the variance between replicates (ICC).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from chromamol.benchmarks.tables import markdown
from chromamol.progress import Silent
from chromamol.statistics.compare import compare_groups
from chromamol.statistics.measures import MEASURES
from chromamol.statistics.pair import pair_of
from chromamol.statistics.replicates import compare_replicates

if TYPE_CHECKING:
    from chromamol.progress import Progress

ICC, NUCLEI, SD = 0.2, 8, 0.3
_P, _EFFECT = 0.05, 1.3
_GROUPS = ("control", "treated")


@dataclass(frozen=True)
class Share:
    """How often something happens.

    Attributes
    ----------
    what : str
    studies : int
    share : float
    asked : str
    """

    what: str
    studies: int
    share: float
    asked: str = ""

    @property
    def standard_error(self) -> float:
        """Of the share, by the number of studies."""
        return float(np.sqrt(self.share * (1 - self.share) / self.studies))


def study(
    *, without_effect: int = 10_000, with_effect: int = 200, progress: Progress | None = None
) -> list[Share]:
    """Count false positives, and intervals that hold the effect.

    Parameters
    ----------
    without_effect : int
        Studies of groups that do not differ.
    with_effect : int
        Studies of a group with 30 % more.
    progress : Progress, optional
    """
    progress = progress or Silent()
    progress.begin("simulated studies", 3 + 2 * with_effect)
    rng = np.random.default_rng(0)
    found = []
    for counts, asked in (((3, 3), "4.4 to 5.6 %"), ((3, 4), ""), ((5, 5), "")):
        wrong = 0
        for _ in range(without_effect):
            pair = pair_of(MEASURES[0], _table(rng, counts), *_GROUPS)
            wrong += compare_replicates(pair.first, pair.second).p < _P
        what = f"false positives, {counts[0]} + {counts[1]} replicates"
        found.append(Share(what, without_effect, wrong / without_effect, asked))
        progress.advance()
    for blocks in (False, True):
        held = 0
        for _ in range(with_effect):
            table = _table(rng, (3, 3), effect=_EFFECT, blocks=blocks)
            row = compare_groups(table, measures=MEASURES[:1]).iloc[0]
            held += row["ratio_low"] < _EFFECT < row["ratio_high"]
            progress.advance()
        how = "paired by blocks" if blocks else "nested"
        what = f"95 % intervals that hold an effect of 30 %, 3 + 3 replicates, {how}"
        found.append(Share(what, with_effect, held / with_effect, "at least 92 %"))
    return found


def to_markdown(shares: list[Share]) -> str:
    """Return the table."""
    return markdown(
        ("What", "Studies", "Measured", "Asked"),
        [
            (
                one.what,
                f"{one.studies:,}",
                f"{one.share:.1%} ± {one.standard_error:.1%}",
                one.asked,
            )
            for one in shares
        ],
    )


def _table(
    rng: np.random.Generator, counts: tuple[int, int], *, effect: float = 1.0, blocks: bool = False
) -> pd.DataFrame:
    """Return the nuclei of a study with so many replicates in its groups."""
    of_block = rng.normal(0, 1.0 if blocks else 0.0, max(counts))
    columns: dict[str, list[object]] = {name: [] for name in ("group", "replicate", "block")}
    logs = []
    for group, count in zip(_GROUPS, counts, strict=True):
        for number in range(count):
            log = of_block[number] + rng.normal(0, np.sqrt(ICC))
            shift = np.log(effect) / SD if group == _GROUPS[-1] else 0.0
            logs.append(shift + log + rng.normal(0, np.sqrt(1 - ICC), NUCLEI))
            columns["group"] += [group] * NUCLEI
            columns["replicate"] += [str(number)] * NUCLEI
            columns["block"] += [f"day {number}" if blocks else ""] * NUCLEI
    rates = np.exp(SD * np.concatenate(logs))
    known = {"scale": "RATIO", "findings": "", "exploratory": False, "quantity": "rate ratio"}
    return pd.DataFrame({"rate_mean": rates, **columns}).assign(**known)
