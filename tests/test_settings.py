"""The settings: round trip, typos, ranges, immutability."""

from __future__ import annotations

import pytest
import yaml
from pydantic import ValidationError

from chromamol.errors import CallError
from chromamol.settings import Role, Settings, make_settings


@pytest.fixture
def unusual() -> Settings:
    return make_settings(
        {
            "pixel_size_nm": 12.5,
            "roles": {"heterochromatin": 1, "euchromatin": "H3K27ac"},
            "background_intensity": 7.0,
            "intensity_per_fraction": {"heterochromatin": 900.0, "euchromatin": 1100.0},
            "method": "direct",
            "reaction_length_nm": 180.0,
            "mixing_energy": -0.5,
            "boundary": "cut",
            "acetylation_rate_per_s": 3e-4,
            "density_rate": False,
            "seed": 4,
        }
    )


def test_yaml_gives_the_same_settings_back(unusual, tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text(unusual.to_yaml(), encoding="utf-8")
    assert Settings.from_yaml(path) == unusual
    assert unusual != Settings()


def test_yaml_holds_every_field_as_plain_values(unusual):
    values = yaml.safe_load(unusual.to_yaml())
    assert set(values) == set(Settings.model_fields)
    assert values["schema_version"] == 1
    assert values["roles"] == {"heterochromatin": 1, "euchromatin": "H3K27ac"}


def test_an_empty_mapping_gives_the_defaults(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("{}\n", encoding="utf-8")
    assert Settings.from_yaml(path) == Settings()


@pytest.mark.parametrize(
    ("typo", "nearest"),
    [
        ("reaction_lenght_nm", "reaction_length_nm"),
        ("pixelsize_nm", "pixel_size_nm"),
        ("Boundary", "boundary"),
    ],
)
def test_a_typo_names_the_nearest_key(typo, nearest):
    with pytest.raises(CallError, match=f"'{typo}'.*did you mean '{nearest}'"):
        make_settings({typo: 1})


def test_a_key_like_no_other_lists_the_valid_ones():
    with pytest.raises(CallError, match=r"valid keys are:.*reaction_length_nm.*seed"):
        make_settings({"xyzzy": 1})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("pixel_size_nm", 0),
        ("pixel_size_nm", -20),
        ("pixel_size_nm", 20_000),
        ("pixel_size_nm", float("nan")),
        ("pixel_size_nm", float("inf")),
        ("roles", {"nucleus": 0}),
        ("background_intensity", -1),
        ("intensity_per_fraction", 0),
        ("intensity_per_fraction", {"total": -3}),
        ("chromatin_fraction", 1),
        ("chromatin_fraction", 0),
        ("nucleus_min_area_um2", 0),
        ("equation", "heat"),
        ("method", "magic"),
        ("reaction_length_nm", 0),
        ("reaction_length_nm", "guess"),
        ("gradient_length_nm", -1),
        ("mixing_energy", 100),
        ("boundary", "open"),
        ("acetylation_rate_per_s", 0),
        ("acetylation_rate_per_s", float("inf")),
        ("device", "tpu"),
        ("seed", -1),
        ("seed", 1.5),
        ("seed", 2**31),
        ("schema_version", 2),
    ],
)
def test_values_out_of_range_are_named(key, value):
    with pytest.raises(CallError, match=f"'{key}'"):
        make_settings({key: value})


def test_lengths_that_contradict_each_other_are_both_printed():
    with pytest.raises(CallError, match=r"150 nm.*120 nm.*consistent units"):
        make_settings({"gradient_length_nm": 150, "reaction_length_nm": 120})


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("reaction_length_nm", "abc", "cannot be 'abc': it should be a number or 'fit'."),
        ("intensity_per_fraction", {"total": -3}, "cannot be -3: it should be greater than 0."),
        (
            "intensity_per_fraction",
            0,
            "cannot be 0: it should be greater than 0 or one value for each role or 'auto'.",
        ),
        (
            "roles",
            {"nucleus": 0},
            "cannot be 'nucleus': it should be 'heterochromatin', 'euchromatin', 'total' or "
            "'mark'.",
        ),
        ("seed", 1.5, "cannot be 1.5: it should be a whole number."),
    ],
)
def test_a_wrong_value_of_several_types_is_one_sentence(key, value, sentence):
    with pytest.raises(CallError) as caught:
        make_settings({key: value})
    assert str(caught.value) == f"Setting '{key}' {sentence}"


def test_every_wrong_value_gets_its_sentence():
    with pytest.raises(CallError) as caught:
        make_settings({"seed": -1, "device": "tpu"})
    assert "'seed'" in str(caught.value)
    assert "'device'" in str(caught.value)


def test_settings_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().seed = 3  # type: ignore[misc]


def test_replace_changes_one_field_and_validates(unusual):
    changed = unusual.replace(seed=11)
    assert changed.seed == 11
    assert changed.replace(seed=4) == unusual
    with pytest.raises(CallError, match="'seed'"):
        unusual.replace(seed=-1)
    with pytest.raises(CallError, match="did you mean 'seed'"):
        unusual.replace(sead=1)


def test_roles_keep_their_type_through_replace(unusual):
    assert unusual.replace(seed=1).roles == {Role.HETEROCHROMATIN: 1, Role.EUCHROMATIN: "H3K27ac"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"- method\n- direct\n", "must hold lines"),
        (b"method: [weak\n", "is not YAML"),
        (b"\xff\xfe\x00\x81", "is not YAML"),
        (b"", "must hold lines"),
        (b"!!python/object/apply:os.getcwd []\n", "is not YAML"),
    ],
)
def test_a_file_that_holds_no_settings_is_refused(tmp_path, content, message):
    path = tmp_path / "settings.yaml"
    path.write_bytes(content)
    with pytest.raises(CallError, match=message):
        Settings.from_yaml(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CallError, match="cannot be read"):
        Settings.from_yaml(tmp_path / "none.yaml")
    with pytest.raises(CallError, match="cannot be read"):
        Settings.from_yaml(tmp_path)


def test_every_field_says_what_it_is():
    for name, field in Settings.model_fields.items():
        assert field.description, name
        if name.endswith("_nm"):
            assert "nm" in field.description, name


def test_axes_in_small_letters():
    assert make_settings({"axes": "cyx"}).axes == "CYX"
    with pytest.raises(CallError, match="2 to 5 of the letters T, Z, C, Y, X"):
        make_settings({"axes": "abc"})
