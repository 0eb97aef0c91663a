"""The form of the settings: one row for each field of the model, none of them declared here."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget
from superqt import QCollapsible

from chromamol.settings import READING, Settings, make_settings
from napari_chromamol._editors import editor_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_chromamol._editors import Editor

BASIC = ("pixel_size_nm", "nucleus_min_area_um2", "reaction_length_nm", "method")
# Chosen by the layers; the version is no choice.
NOT_ASKED = ("schema_version", "roles")

LABEL_WIDTH_PX = 126
_UNITS = {"_nm": " nm", "_um2": " µm²", "_per_s": " 1/s"}


class SettingsForm(QWidget):
    """Every setting; a few in sight, the others under "Advanced settings".

    Attributes
    ----------
    editors : dict of str to Editor
        By the name of the field.
    advanced : QCollapsible
    kept : dict of str to value
        Settings of a file that no editor can show, as a gain for each channel.
    kept_note : QLabel
        Says them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.editors: dict[str, Editor] = {}
        self.kept: dict[str, Any] = {}
        self.kept_note = QLabel()
        self.kept_note.setWordWrap(True)
        self.kept_note.hide()
        self.advanced = QCollapsible("Advanced settings", expandedIcon="▼", collapsedIcon="▶")
        self.advanced.setDuration(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._rows(BASIC))
        hidden = (
            name
            for name, field in Settings.model_fields.items()
            if name not in {*BASIC, *NOT_ASKED} and field.json_schema_extra != READING
        )
        self.advanced.addWidget(self._rows(hidden))
        column.addWidget(self.advanced)
        column.addWidget(self.kept_note)

    def settings(self, **others: object) -> Settings:
        """Return the settings in the form, with those that it does not ask for.

        Raises
        ------
        CallError
            If a number is missing, or values do not go together.
        """
        values = {name: editor.value() for name, editor in self.editors.items()}
        return make_settings({**values, **self.kept, **others})

    def show_settings(self, settings: Settings) -> None:
        """Show other settings; those about reading and the roles are not asked for here."""
        self.kept = {}
        for name, editor in self.editors.items():
            value = getattr(settings, name)
            if isinstance(value, dict):
                self.kept[name] = value
            else:
                editor.show_value(value)
            editor.setDisabled(name in self.kept)
        said = ", ".join(f"{name}: {_plain(value)}" for name, value in self.kept.items())
        self.kept_note.setText(f"As the file says: {said}. A preset drops it.")
        self.kept_note.setVisible(bool(self.kept))

    def _rows(self, names: Iterable[str]) -> QWidget:
        """Lay out the editors of some fields."""
        rows = QWidget()
        form = QFormLayout(rows)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name in names:
            field = Settings.model_fields[name]
            words, unit = _in_words(name)
            editor = editor_for(words, field, unit)
            label = QLabel(words)
            label.setWordWrap(True)
            label.setFixedWidth(LABEL_WIDTH_PX)
            help_text = f"<p>{escape(field.description or '')}</p><p><i>{name}</i></p>"
            label.setToolTip(help_text)
            editor.setToolTip(help_text)
            form.addRow(label, editor)
            self.editors[name] = editor
        return rows


def _plain(value: dict[Any, Any]) -> str:
    """Write a value for each role."""
    return ", ".join(f"{role.value} {number:g}" for role, number in value.items())


def _in_words(name: str) -> tuple[str, str]:
    """Turn the name of a field into a label and a unit."""
    for ending, unit in _UNITS.items():
        if name.endswith(ending):
            return name.removesuffix(ending).replace("_", " ").capitalize(), unit
    return name.replace("_", " ").capitalize(), ""
