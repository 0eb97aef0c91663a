"""Fields of the settings model as rows of a window: label, editor, help."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFormLayout, QLabel, QWidget

from chromamol.settings import Settings
from napari_chromamol._editors import editor_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_chromamol._editors import Editor

LABEL_WIDTH_PX = 126
_UNITS = {"_nm": " nm", "_um2": " µm²", "_per_s": " 1/s"}
# How an error that was written for the command line names a setting, with an example or without.
_ASSIGNMENT = re.compile(r"--set (\w+)=(\S+?)(?=[\s,;)]|\.?$)")
_SETTING = re.compile(r"Setting '(\w+)'")
_OPTION = re.compile(r"--([a-z][a-z-]+)( (?!to |for |in |and |or |with )[\w=,./-]*\w)?")
_OTHER_OPTIONS = {"with": "several files at once", "nuclei": "'Nuclei'", "roles": "the roles above"}


class FieldRows(QWidget):
    """A row for each field.

    Attributes
    ----------
    editors : dict of str to Editor
        By the name of the field.
    """

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__()
        self.editors: dict[str, Editor] = {}
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name in names:
            field = Settings.model_fields[name]
            words, unit = in_words(name)
            editor = editor_for(words, field, unit)
            label = QLabel(words)
            label.setWordWrap(True)
            label.setFixedWidth(LABEL_WIDTH_PX)
            help_text = f"<p>{escape(field.description or '')}</p><p><i>{name}</i></p>"
            label.setToolTip(help_text)
            editor.setToolTip(help_text)
            form.addRow(label, editor)
            self.editors[name] = editor


def in_words(name: str) -> tuple[str, str]:
    """Turn the name of a field into a label and a unit."""
    for ending, unit in _UNITS.items():
        if name.endswith(ending):
            return name.removesuffix(ending).replace("_", " ").capitalize(), unit
    return name.replace("_", " ").capitalize(), ""


def for_window(text: str) -> str:
    """Name the fields of the window where a sentence names options of the command line."""
    text = _SETTING.sub(lambda found: f"'{in_words(found[1])[0]}'", text)
    text = _ASSIGNMENT.sub(lambda found: f"'{in_words(found[1])[0]}' {found[2]}", text)
    return _OPTION.sub(_field_of, text)


def for_settings_file(text: str) -> str:
    """Name the keys of a settings file where a sentence names options of the command line."""
    text = _ASSIGNMENT.sub(lambda found: f"'{found[1]}: {found[2]}' in the settings file", text)
    return _OPTION.sub(_key_of, text)


def _key_of(found: re.Match[str]) -> str:
    """Name the key of one option."""
    name, example = found[1].replace("-", "_"), (found[2] or "").strip()
    if name not in Settings.model_fields:
        return found[0]
    return f"'{name}{f': {example}' if example else ''}' in the settings file"


def _field_of(found: re.Match[str]) -> str:
    """Name the field of one option."""
    name, example = found[1].replace("-", "_"), found[2] or ""
    if name in _OTHER_OPTIONS:
        return _OTHER_OPTIONS[name]
    return f"'{in_words(name)[0]}'{example}" if name in Settings.model_fields else found[0]
