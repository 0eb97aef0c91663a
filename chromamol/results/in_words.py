"""What may be believed of a result, in sentences: the same in figure, terminal and window."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chromamol.inference.rate_map import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chromamol.results.record import NucleusRecord

# Findings after which the pattern of a map, or its uncertainty, must not be believed.
DOUBTS = frozenset(
    {
        "blinking",
        "coloured-noise",
        "density-only-rejected",
        "domain-imprint",
        "ell-doubtful",
        "excluded-bodies",
        "few-localisations",
        "low-signal",
        "model-does-not-explain",
        "model-explains-with-detail",
        "model-misfit",
        "noise-above-signal",
        "null-test-failed",
        "out-of-focus",
        "too-coarse",
        "uncalibrated-fixed-ell",
        "uncalibrated-total",
        "vanishing-rate",
    }
)
# Findings for which no map is given; the first that holds is the reason.
_REJECTIONS = ("too-coarse", "density-only-rejected", "vanishing-rate")
# Findings about what is left blank, with its share as their value.
_BLANKS = ("cut-by-border", "no-euchromatin")


_ENDED_WELL = {Status.CONVERGED.name, Status.STOPPED.name, Status.CLOSED_FORM.name}


@dataclass(frozen=True)
class InWords:
    """What a reader of a result has to know, each sentence with the nuclei that it holds for.

    Attributes
    ----------
    no_map : tuple of str
        Why nuclei have no rate map.
    doubts : tuple of str
        Why maps must not be believed.
    findings : tuple of str
        Everything else.
    """

    no_map: tuple[str, ...]
    doubts: tuple[str, ...]
    findings: tuple[str, ...]


def is_doubted(nucleus: NucleusRecord) -> bool:
    """Tell whether a nucleus has a rate map that must not be believed."""
    codes = (finding.code for finding in nucleus.findings)
    return why_no_map(nucleus) is None and not DOUBTS.isdisjoint(codes)


def in_words(nuclei: Sequence[NucleusRecord]) -> InWords:
    """Say what has to be known of the maps, each thing once.

    Parameters
    ----------
    nuclei : sequence of NucleusRecord
        All nuclei of an image.
    """
    reasons: dict[str, list[tuple[int, str]]] = {}
    statuses: dict[str, list[tuple[int, str]]] = {}
    # One code may be found in both channels of a nucleus: these are two findings.
    doubts: dict[tuple[str, int], list[tuple[int, str]]] = {}
    findings: dict[tuple[str, int], list[tuple[int, str]]] = {}
    for nucleus in nuclei:
        times: Counter[str] = Counter()
        reason = why_no_map(nucleus)
        if reason:
            reasons.setdefault(reason.code, []).append((nucleus.label, reason.sentence))
        else:
            statuses.setdefault(nucleus.status, []).append((nucleus.label, nucleus.status_sentence))
        for finding in nucleus.findings:
            if reason and finding.code == reason.code:
                continue
            found = doubts if finding.code in DOUBTS and not reason else findings
            key = finding.code, times[finding.code]
            times[finding.code] += 1
            found.setdefault(key, []).append((nucleus.label, finding.sentence))
    no_map, doubted, known = (
        tuple(_once(held_by, len(nuclei)) for held_by in said)
        for said in (
            reasons.values(),
            doubts.values(),
            [*statuses.values(), *findings.values()],
        )
    )
    return InWords(no_map, doubted, known)


@dataclass(frozen=True)
class Reason:
    """Why there is no map: a short name and the sentence."""

    code: str
    sentence: str


def why_no_map(nucleus: NucleusRecord) -> Reason | None:
    """Return the reason why a nucleus has no rate map; None where it has one."""
    by_code = {finding.code: finding for finding in nucleus.findings}
    ended_well = nucleus.status in _ENDED_WELL
    if ended_well:
        reasons = [code for code in _BLANKS if code in by_code and by_code[code].value == 1]
    else:
        reasons = [code for code in _REJECTIONS if nucleus.status == "REJECTED" and code in by_code]
    if reasons:
        return Reason(reasons[0], by_code[reasons[0]].sentence)
    return None if ended_well else Reason(nucleus.status, nucleus.status_sentence)


def _once(held_by: Sequence[tuple[int, str]], count: int) -> str:
    """Say a sentence once, with the nuclei that it holds for; of different numbers the first."""
    label, sentence = held_by[0]
    if all(other == sentence for _, other in held_by):
        return _prefix([one for one, _ in held_by], count) + sentence
    others = [one for one, _ in held_by[1:]]
    nuclei = f"nucleus {others[0]}" if len(others) == 1 else f"nuclei {_numbers(others)}"
    likewise = f"Likewise {nuclei}; the values are in provenance.json."
    return f"Nucleus {label}: {sentence} ({likewise})"


def _prefix(labels: Sequence[int], count: int) -> str:
    """Say for which nuclei a sentence holds; nothing where there is no doubt."""
    if len(labels) == count:
        return "" if count == 1 else "All nuclei: "
    return f"Nucle{'us' if len(labels) == 1 else 'i'} {_numbers(labels)}: "


def _numbers(labels: Sequence[int]) -> str:
    """List numbers, runs of them as ranges: 1, 3–6."""
    runs: list[list[int]] = []
    for label in sorted(labels):
        if runs and label == runs[-1][-1] + 1:
            runs[-1].append(label)
        else:
            runs.append([label])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
