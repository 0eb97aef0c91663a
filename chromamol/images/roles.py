"""Which channel shows what: from the user's roles, or from the names of the channels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chromamol.errors import CallError, InputError
from chromamol.settings import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chromamol.settings import Settings

_HOW = (
    "Say what the channels show, for example: --roles heterochromatin=0,euchromatin=1 (a channel "
    "without a role is not used)"
)
_TWO_SPECIES = (Role.HETEROCHROMATIN, Role.EUCHROMATIN, Role.TOTAL)

# Histone marks are sought in the name without its separators, the others among its words.
_MARKS = {
    Role.HETEROCHROMATIN: re.compile(r"h3k9me[23]|h3k27me[23]|h4k20me3|heterochromatin"),
    Role.EUCHROMATIN: re.compile(
        r"h3k(4|9|14|18|23|27)ac|h4(k(5|8|12|16))?ac|h3k4me[123]|h3k36me3|euchromatin"
    ),
}
_WORDS = {
    Role.HETEROCHROMATIN: re.compile(r"hp1(a|b|g|alpha|beta|gamma|α|β|γ)?|cbx[135]"),
    Role.TOTAL: re.compile(r"dapi|hoechst\d*|dna|sirdna|h2b|h3|total|histone|draq5|sytox"),
    Role.MARK: re.compile(r"mark"),
}


def resolve_roles(
    channel_names: Sequence[str], n_channels: int, settings: Settings, image_name: str = ""
) -> tuple[dict[Role, int], tuple[str, ...]]:
    """Decide which channel shows what.

    Any two of heterochromatin, euchromatin and total give the two species; one mark, or one of
    heterochromatin and euchromatin, is analysed as a mark; a total density alone is exploratory.

    Parameters
    ----------
    channel_names : sequence of str
        One for each channel, "" where there is none.
    n_channels : int
    settings : Settings
        `roles`: channel number or name for each role; None: taken from the names.
    image_name : str
        Whether it says something else of a lone channel than what this is taken for, is told.

    Returns
    -------
    roles : dict of Role to int
        Channel numbers.
    notes : tuple of str
        What was assumed, in sentences.

    Raises
    ------
    CallError
        If two roles are given to one channel.
    InputError
        If the image lacks a channel that was asked for, or its channels do not tell what they show.
    """
    if settings.roles:
        asked = {
            role: _channel(key, role, channel_names, n_channels)
            for role, key in settings.roles.items()
        }
        _check_distinct(asked)
        return _lone_species_as_mark(asked)
    return _from_names(channel_names, n_channels, image_name)


def known_role(channel_name: str) -> Role | None:
    """Role of a channel with a name in common use ("H3K9me3-AF594", "SiR-DNA"), or None."""
    name = channel_name.lower()
    squeezed = re.sub(r"[\W_]+", "", name)
    for role, pattern in _MARKS.items():
        if pattern.search(squeezed):
            return role
    words = re.split(r"[\W_]+", name)
    for role, pattern in _WORDS.items():
        if any(pattern.fullmatch(word) for word in words):
            return role
    return None


def describe_channels(channel_names: Sequence[str]) -> str:
    """List the channels of an image for a message: "0 (DAPI), 1 (no name)"."""
    return ", ".join(f"{i} ({name or 'no name'})" for i, name in enumerate(channel_names))


def _channel(key: int | str, role: Role, channel_names: Sequence[str], n_channels: int) -> int:
    """Return the number of the channel that was asked for by number or name."""
    names = [name.casefold() for name in channel_names]
    wanted = str(key).strip().casefold()
    if wanted and names.count(wanted) == 1 and not isinstance(key, int):
        return names.index(wanted)
    if wanted.isdecimal() and int(wanted) < n_channels:
        return int(wanted)
    msg = (
        f"There is no channel '{key}' for the role {role.value}: the image has "
        f"{n_channels} channel{'s' if n_channels > 1 else ''}, {describe_channels(channel_names)}. "
        "Channels are counted from 0."
    )
    raise InputError(msg)


def _check_distinct(asked: dict[Role, int]) -> None:
    """Refuse two roles of one channel."""
    if len(set(asked.values())) < len(asked):
        given = ", ".join(role.value for role in asked)
        msg = f"The roles {given} are given to the same channel; each needs a channel of its own."
        raise CallError(msg)


def _lone_species_as_mark(roles: dict[Role, int]) -> tuple[dict[Role, int], tuple[str, ...]]:
    """Take one species without its partner as one histone mark."""
    if len(roles) == 1:
        role, number = next(iter(roles.items()))
        if role in {Role.HETEROCHROMATIN, Role.EUCHROMATIN}:
            return {Role.MARK: number}, (
                f"Channel {number} ({role.value}) stands alone, so it is analysed as one histone "
                "mark; the ratio of methylation to acetylation needs a second channel.",
            )
    return roles, ()


def _from_names(
    channel_names: Sequence[str], n_channels: int, image_name: str
) -> tuple[dict[Role, int], tuple[str, ...]]:
    """Decide by the names in common use."""
    found: dict[Role, list[int]] = {}
    for number, name in enumerate(channel_names):
        role = known_role(name)
        if role is not None:
            found.setdefault(role, []).append(number)
    if not found and n_channels == 1:
        of_a_mark = known_role(image_name) not in {None, Role.TOTAL}
        doubt = f"WARNING: by its name, {image_name} shows one mark. " if of_a_mark else ""
        return {Role.TOTAL: 0}, (
            f"{doubt}The only channel ({channel_names[0] or 'no name'}) is taken as the total "
            "chromatin density; what it can tell is exploratory. If it shows one histone mark: "
            "--roles mark=0",
        )
    unique = {role: numbers[0] for role, numbers in found.items() if len(numbers) == 1}
    chosen = {role: unique[role] for role in _TWO_SPECIES if role in unique}
    chosen = dict(list(chosen.items())[:2])
    if not chosen and list(unique) == list(found) == [Role.MARK]:
        chosen = unique
    if not chosen or (len(chosen) == 1 and len(unique) < len(found)):
        alike = [role.value for role, numbers in found.items() if len(numbers) > 1]
        why = f"name more than one as {alike[0]}" if alike else "do not tell what each shows"
        msg = (
            f"The names of the {n_channels} channels {why}: "
            f"{describe_channels(channel_names)}. {_HOW}"
        )
        raise InputError(msg)
    notes = [
        f"Channel {number} ({channel_names[number]}) is taken as {role.value} by its name."
        for role, number in chosen.items()
    ]
    unused = sorted(set(range(n_channels)) - set(chosen.values()))
    if unused:
        names = ", ".join(f"{i} ({channel_names[i] or 'no name'})" for i in unused)
        notes.append(f"Not used: channel {names}.")
    roles, lone_notes = _lone_species_as_mark(chosen)
    return roles, (*notes, *lone_notes)
