"""Which channel shows what."""

from __future__ import annotations

import pytest

from chromamol.errors import CallError, InputError
from chromamol.images.roles import known_role, resolve_roles
from chromamol.settings import Role, Settings, make_settings

H, E, T, M = Role.HETEROCHROMATIN, Role.EUCHROMATIN, Role.TOTAL, Role.MARK


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("H3K9me3", H),
        ("anti-H3K9me2 AF647", H),
        ("H3K27me3_STAR635P", H),
        ("HP1α", H),
        ("hp1-beta", H),
        ("heterochromatin", H),
        ("H3K27ac", E),
        ("H3-K9-ac", E),
        ("H3K4me3", E),
        ("H4ac", E),
        ("H4K16ac", E),
        ("Euchromatin", E),
        ("DAPI", T),
        ("Hoechst33342", T),
        ("SiR-DNA", T),
        ("SPY650_DNA", T),
        ("H2B-GFP", T),
        ("H3", T),
        ("total", T),
        ("mark", M),
        ("", None),
        ("gH2AX", None),
        ("mtDNA", None),
        ("H3S10ph", None),
        ("Channel:0:1", None),
    ],
)
def test_names_in_common_use(name, role):
    assert known_role(name) is role


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        (("H3K9me3", "H3K27ac"), {H: 0, E: 1}),
        (("H3K27ac", "DAPI"), {E: 0, T: 1}),
        (("DAPI", "H3K9me3"), {T: 0, H: 1}),
        (("DAPI", "H3K27ac", "H3K9me3"), {H: 2, E: 1}),
        (("DAPI", "Hoechst", "H3K27ac", "H3K9me3"), {H: 3, E: 2}),
        (("DAPI", "gH2AX"), {T: 0}),
        (("H3K27ac",), {M: 0}),
        (("H3K9me3",), {M: 0}),
        (("mark",), {M: 0}),
        (("SiR-DNA",), {T: 0}),
        (("",), {T: 0}),
        (("ROI9",), {T: 0}),
    ],
)
def test_roles_from_names(names, roles):
    found, notes = resolve_roles(names, len(names), Settings())
    assert found == roles
    assert notes


def test_what_was_assumed_is_said():
    _, notes = resolve_roles(("",), 1, Settings(), "2023.05_H3K9me3")
    assert notes[0].startswith("WARNING: by its name, 2023.05_H3K9me3 shows one mark.")
    assert "WARNING" not in resolve_roles(("",), 1, Settings(), "cell_DAPI")[1][0]
    _, notes = resolve_roles(("",), 1, Settings())
    assert "total chromatin density" in notes[0]
    assert "exploratory" in notes[0]
    _, notes = resolve_roles(("DAPI", "H3K27ac", "H3K9me3"), 3, Settings())
    assert "Not used: channel 0 (DAPI)." in notes
    _, notes = resolve_roles(("H3K9me3",), 1, Settings())
    assert "one histone mark" in notes[-1]


@pytest.mark.parametrize(
    "names",
    [("", ""), ("a", "b"), ("DAPI", "Hoechst"), ("H3K9me3", "HP1"), ("DAPI", "HP1", "H3K9me3")],
)
def test_channels_that_do_not_tell_are_an_error_that_names_the_option(names):
    with pytest.raises(InputError, match="--roles heterochromatin=0,euchromatin=1"):
        resolve_roles(names, len(names), Settings())


@pytest.mark.parametrize(
    ("asked", "roles"),
    [
        ({"heterochromatin": 1, "euchromatin": 0}, {H: 1, E: 0}),
        ({"heterochromatin": "Red", "total": "blue"}, {H: 1, T: 0}),
        ({"total": "1"}, {T: 1}),
        ({"mark": 0}, {M: 0}),
        ({"euchromatin": 1}, {M: 1}),
    ],
)
def test_roles_that_were_asked_for(asked, roles):
    found, notes = resolve_roles(("blue", "red"), 2, Settings(roles=asked))
    assert found == roles
    assert bool(notes) == ("euchromatin" in asked and len(asked) == 1)


@pytest.mark.parametrize("key", [2, -1, "green", "7"])
def test_a_channel_that_is_not_there(key):
    settings = Settings(roles={"heterochromatin": 0, "euchromatin": key})
    with pytest.raises(InputError, match=r"2 channels, 0 \(blue\), 1 \(no name\)"):
        resolve_roles(("blue", ""), 2, settings)


@pytest.mark.parametrize(
    "asked",
    [
        {"heterochromatin": 0, "euchromatin": 1, "total": 2},
        {"mark": 0, "total": 1},
        {"heterochromatin": 1, "euchromatin": 1},
    ],
)
def test_roles_that_do_not_go_together_are_an_error_of_the_call(asked):
    with pytest.raises(CallError):
        make_settings({"roles": asked})


def test_a_channel_has_one_role_by_whichever_name_it_is_called():
    settings = Settings(roles={"heterochromatin": "DNA", "euchromatin": 1})
    with pytest.raises(CallError, match="same channel"):
        resolve_roles(("", "DNA", ""), 3, settings)
