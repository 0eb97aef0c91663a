"""The form of the settings: one row for each field of the model, none of them declared here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget
from superqt import QCollapsible

from chromamol.errors import CallError
from chromamol.settings import READING, Settings, make_settings
from napari_chromamol._fields import FieldRows

if TYPE_CHECKING:
    from collections.abc import Collection

    from napari_chromamol._editors import Editor

BASIC = ("pixel_size_nm", "nucleus_min_area_um2", "reaction_length_nm", "method")
# Chosen by the layers; the version is no choice.
NOT_ASKED = ("schema_version", "roles")


class SettingsForm(QWidget):
    """Every setting; a few in sight, the others under "Advanced settings".

    Attributes
    ----------
    editors : dict of str to Editor
        By the name of the field.
    advanced : QCollapsible
    kept : dict of str to value
        Settings of a file that no editor can show, as a gain for each channel or a number with more
        digits than it has room for.
    kept_note : QLabel
        Says them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, Any] = {}
        self.kept_note = QLabel()
        self.kept_note.setWordWrap(True)
        self.kept_note.hide()
        self.advanced = QCollapsible("Advanced settings", expandedIcon="▼", collapsedIcon="▶")
        self.advanced.setDuration(0)
        self.advanced.setToolTip("<p>Everything else; what you do not change is as tested.</p>")
        basic = FieldRows(BASIC)
        others = FieldRows(
            name
            for name, field in Settings.model_fields.items()
            if name not in {*BASIC, *NOT_ASKED} and field.json_schema_extra != READING
        )
        self.editors: dict[str, Editor] = basic.editors | others.editors
        self.advanced.addWidget(others)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for part in (basic, self.advanced, self.kept_note):
            column.addWidget(part)

    def settings(self, **others: object) -> Settings:
        """Return the settings in the form, with those that it does not ask for.

        Raises
        ------
        CallError
            If a number is missing, or values do not go together.
        """
        values = {name: editor.value() for name, editor in self.editors.items()}
        return make_settings({**values, **self.kept, **others})

    def show_settings(self, settings: Settings, *, but_not: Collection[str] = ()) -> None:
        """Show other settings; those about reading and the roles are not asked for here."""
        self.kept = {}
        for name, editor in self.editors.items():
            if name in but_not:
                continue
            value = getattr(settings, name)
            if not _shows(editor, value):
                self.kept[name] = value
            editor.setDisabled(name in self.kept)
        said = ", ".join(f"{name}: {_plain(value)}" for name, value in self.kept.items())
        self.kept_note.setText(f"As the file says: {said}. A preset drops it.")
        self.kept_note.setVisible(bool(self.kept))


def _shows(editor: Editor, value: Any) -> bool:
    """Show a value; return whether the editor gives it back as it is."""
    if isinstance(value, dict):
        return False
    try:
        editor.show_value(value)
        return bool(editor.value() == value)
    except (CallError, OverflowError):
        return False


def _plain(value: Any) -> str:
    """Write a value, or one for each role."""
    if isinstance(value, dict):
        return ", ".join(f"{role.value} {number:g}" for role, number in value.items())
    return str(value)
