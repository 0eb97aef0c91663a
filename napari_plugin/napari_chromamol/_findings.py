"""What may be believed of a result, as HTML for the window."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from chromamol.inference.rate_map import Scale
from chromamol.results.in_words import in_words, why_no_map

if TYPE_CHECKING:
    from chromamol.results.record import Record

_LIST = "margin-left: 14px; -qt-list-indent: 0;"


def as_html(record: Record) -> str:
    """Say what the map is, what was found about it, and what was assumed.

    Parameters
    ----------
    record : Record
        Its texts may come from files of strangers and are escaped.
    """
    first, words = record.nuclei[0], in_words(record.nuclei)
    count = len(record.nuclei)
    nuclei = "1 nucleus" if count == 1 else f"{count} nuclei"
    what = escape(first.naming.name_and_unit)
    parts = [f"<p><b>{escape(record.image)}</b>: {what}, {nuclei}</p>"]
    parts += [f"<p><b>No rate map:</b> {_sentence(text)}</p>" for text in words.no_map]
    parts += [
        f"<p><b>Do not believe the rate map:</b> {_sentence(text)}</p>" for text in words.doubts
    ]
    if any(why_no_map(nucleus) is None for nucleus in record.nuclei):
        if first.exploratory:
            parts.append("<p><b>EXPLORATORY</b>: it suggests what to look for, no more.</p>")
        scale = Scale[first.scale].in_words(exploratory=first.exploratory)
        parts.append(f"<p>{_sentence(scale)}</p>")
    parts += [f"<p>{_sentence(text)}</p>" for text in words.findings]
    if record.notes:
        notes = "".join(f"<li>{escape(note)}</li>" for note in record.notes)
        parts.append(f"<p><b>Assumed on the way</b></p><ul style='{_LIST}'>{notes}</ul>")
    return "".join(parts)


def _sentence(text: str) -> str:
    """Begin with a capital and end with a full stop."""
    ended = text if text.endswith((".", "!", "?", ")")) else f"{text}."
    return escape(ended[:1].upper() + ended[1:])
