"""The form of the settings against the model that it is made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QLocale

from chromamol.errors import CallError
from chromamol.settings import READING, Settings
from napari_chromamol._settings_form import BASIC, NOT_ASKED, SettingsForm

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def form(qtbot: QtBot) -> SettingsForm:
    form = SettingsForm()
    qtbot.addWidget(form)
    return form


def test_every_field_has_an_editor_with_its_help(form: SettingsForm) -> None:
    reading = {
        name for name, one in Settings.model_fields.items() if one.json_schema_extra == READING
    }
    assert set(form.editors) == set(Settings.model_fields) - set(NOT_ASKED) - reading
    assert set(BASIC) <= set(form.editors)
    for name, editor in form.editors.items():
        description = Settings.model_fields[name].description
        assert description.split()[0] in editor.toolTip()


def test_untouched_form_is_the_default(form: SettingsForm) -> None:
    assert form.settings() == Settings()


def test_values_of_every_kind_arrive(form: SettingsForm) -> None:
    form.editors["reaction_length_nm"].tick.setChecked(False)
    form.editors["reaction_length_nm"].number.setValue(120.5)
    form.editors["pixel_size_nm"].tick.setChecked(False)
    form.editors["pixel_size_nm"].number.setValue(12.5)
    form.editors["method"].setCurrentText("direct")
    form.editors["density_rate"].setChecked(False)
    form.editors["chromatin_fraction"].setValue(0.4)
    form.editors["seed"].setValue(7)
    assert form.settings() == Settings(
        reaction_length_nm=120.5,
        pixel_size_nm=12.5,
        method="direct",
        density_rate=False,
        chromatin_fraction=0.4,
        seed=7,
    )


def test_range_is_that_of_the_model(form: SettingsForm) -> None:
    fraction = form.editors["chromatin_fraction"]
    fraction.setValue(5.0)
    assert 0.99 < form.settings().chromatin_fraction < 1
    smoothing = form.editors["nucleus_smoothing_nm"]
    smoothing.setValue(1e8)
    assert form.settings().nucleus_smoothing_nm == 5_000


def test_small_rates_arrive(form: SettingsForm) -> None:
    rate = form.editors["acetylation_rate_per_s"]
    assert form.settings().acetylation_rate_per_s is None
    rate.tick.setChecked(False)
    rate.number.setValue(2.8e-4)
    assert form.settings().acetylation_rate_per_s == pytest.approx(2.8e-4)
    assert rate.number.text() == "0.00028 1/s"


def test_missing_number_is_asked_for(form: SettingsForm) -> None:
    form.editors["reaction_length_nm"].tick.setChecked(False)
    with pytest.raises(CallError, match="Reaction length: enter a number, or tick 'fit'"):
        form.settings()


def test_first_step_leads_to_the_smallest_number(form: SettingsForm) -> None:
    editor = form.editors["pixel_size_nm"]
    editor.tick.setChecked(False)
    editor.number.stepUp()
    assert form.settings().pixel_size_nm == 0.1
    editor.number.stepDown()
    assert form.settings().pixel_size_nm == 0.1


def test_values_that_do_not_go_together_are_a_sentence(form: SettingsForm) -> None:
    form.editors["reaction_length_nm"].tick.setChecked(False)
    form.editors["reaction_length_nm"].number.setValue(5)
    with pytest.raises(CallError, match="must be smaller than"):
        form.settings()


@pytest.mark.parametrize("language", ["C", "de_DE", "en_US"])
@pytest.mark.parametrize("typed", ["0.7", "0,7", "0.7 ", "7e-1"])
def test_a_typed_number_is_the_same_in_every_language(
    qtbot: QtBot, language: str, typed: str
) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(language))
    try:
        form = SettingsForm()
        qtbot.addWidget(form)
        editor = form.editors["chromatin_fraction"]
        editor.selectAll()
        qtbot.keyClicks(editor.lineEdit(), typed)
        editor.interpretText()
        assert editor.value() == pytest.approx(0.7)
        editor.selectAll()
        qtbot.keyClicks(editor.lineEdit(), "a.2.")
        editor.interpretText()
        assert editor.value() == pytest.approx(0.2)
    finally:
        QLocale.setDefault(before)


def test_settings_of_a_file_are_kept_as_they_are(form: SettingsForm) -> None:
    given = Settings(
        intensity_per_fraction=5e9,
        acetylation_rate_per_s=2.777777777e-11,
        seed=2**31 - 1,
        reaction_length_nm=120.5,
    )
    form.show_settings(given)
    assert form.settings() == given
    assert "acetylation_rate_per_s: 2.777777777e-11" in form.kept_note.text()
    form.show_settings(Settings())
    assert form.settings() == Settings()
    assert form.kept_note.isHidden()
    assert form.editors["acetylation_rate_per_s"].isEnabled()
