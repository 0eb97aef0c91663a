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
from chromamol.statistics.replicates import compare_replicates

if TYPE_CHECKING:
    from chromamol.progress import Progress

ICC, NUCLEI, SD = 0.2, 8, 0.3
_P = 0.05


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
        wrong = sum(
            compare_replicates(*(_of_replicates(rng, count) for count in counts)).p < _P
            for _ in range(without_effect)
        )
        what = f"false positives, {counts[0]} + {counts[1]} replicates"
        found.append(Share(what, without_effect, wrong / without_effect, asked))
        progress.advance()
    for blocks in (False, True):
        held = 0
        for _ in range(with_effect):
            row = compare_groups(_table(rng, blocks=blocks), measures=MEASURES[:1]).iloc[0]
            held += row["ratio_low"] < 1.3 < row["ratio_high"]
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


def _of_replicates(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return the means of the replicates of one group, in units of the total deviation."""
    nuclei = rng.normal(0, np.sqrt(1 - ICC), (count, NUCLEI))
    return np.asarray(rng.normal(0, np.sqrt(ICC), count) + nuclei.mean(axis=1))


def _table(rng: np.random.Generator, *, blocks: bool) -> pd.DataFrame:
    """Return the nuclei of a study, those of the second group with 30 % more."""
    of_block = rng.normal(0, 1.0 if blocks else 0.0, 3)
    parts = []
    for group, effect in (("control", 1.0), ("treated", 1.3)):
        for number in range(3):
            log = of_block[number] + rng.normal(0, np.sqrt(ICC))
            log = log + rng.normal(0, np.sqrt(1 - ICC), NUCLEI)
            part = pd.DataFrame({"rate_mean": effect * np.exp(SD * log)})
            block = f"day {number}" if blocks else ""
            parts.append(part.assign(group=group, replicate=str(number), block=block))
    return pd.concat(parts, ignore_index=True).assign(scale="RATIO", findings="")
