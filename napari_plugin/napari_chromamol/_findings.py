"""What may be believed of a result, in words, for the window."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from chromamol.inference.rate_map import Scale

if TYPE_CHECKING:
    from chromamol.results.record import NucleusRecord, Record

_LIST = "margin-left: 14px; -qt-list-indent: 0;"


def in_words(record: Record) -> str:
    """Say what the map is, what was found about it, and what was assumed, as HTML.

    Parameters
    ----------
    record : Record
        Its texts may come from files of strangers and are escaped.
    """
    first = record.nuclei[0]
    count = len(record.nuclei)
    nuclei = "1 nucleus" if count == 1 else f"{count} nuclei"
    parts = [f"<p><b>{escape(record.image)}</b>: {escape(first.quantity)}, {nuclei}</p>"]
    if first.exploratory:
        parts.append("<p><b>EXPLORATORY</b>: implied by a model from the density alone.</p>")
    parts.append(f"<p>{_sentence(Scale[first.scale].value)}</p>")
    parts += [f"<p>{text}</p>" for text in _findings(record.nuclei)]
    if record.notes:
        notes = "".join(f"<li>{escape(note)}</li>" for note in record.notes)
        parts.append(f"<p><b>Assumed on the way</b></p><ul style='{_LIST}'>{notes}</ul>")
    return "".join(parts)


def _findings(nuclei: tuple[NucleusRecord, ...]) -> list[str]:
    """Say each sentence once, with the nuclei it holds for."""
    holds_for: dict[str, list[str]] = {}
    for nucleus in nuclei:
        for sentence in (nucleus.status_sentence, *(found.sentence for found in nucleus.findings)):
            holds_for.setdefault(sentence, []).append(str(nucleus.label))
    texts = []
    for sentence, labels in holds_for.items():
        who = "" if len(labels) == len(nuclei) else f"<i>Nucleus {', '.join(labels)}:</i> "
        texts.append(who + _sentence(sentence))
    return texts


def _sentence(text: str) -> str:
    """Begin with a capital and end with a full stop."""
    ended = text if text.endswith((".", "!", "?")) else f"{text}."
    return escape(ended[:1].upper() + ended[1:])
