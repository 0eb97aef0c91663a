"""One small editor for each kind of setting, made from the type that the model declares."""

from __future__ import annotations

import re
import types
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo
from qtpy.QtCore import Qt
from qtpy.QtGui import QValidator
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QSlider,
    QSpinBox,
    QWidget,
)

from chromamol.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtpy.QtGui import QWheelEvent

_DECIMALS = 7  # rates in 1/s are small
_SMALLEST = 10.0**-_DECIMALS
_LARGEST = 1e9
_LARGEST_WHOLE = 2**31 - 1
_NOTHING_WORD = "not given"
_EMPTY = "enter it"
_MAY_BE_NUMBER = re.compile(r"[+-]?\d*\.?\d*(e[+-]?\d*)?", re.IGNORECASE)


class CalmWheel:
    """Mixin: the wheel scrolls the panel and changes no value that was not clicked first."""

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 (the name is Qt's)
        """Leave the wheel to the panel."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class CalmBox(CalmWheel, QComboBox):
    """A choice that the wheel passes by."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)


class CalmSlider(CalmWheel, QSlider):
    """A slider that the wheel passes by."""

    def __init__(self, orientation: Qt.Orientation) -> None:
        super().__init__(orientation)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)


class WholeEditor(CalmWheel, QSpinBox):
    """A whole number."""

    def __init__(self, default: int, bounds: tuple[float, float], unit: str) -> None:
        super().__init__()
        self.setRange(int(max(bounds[0], -_LARGEST_WHOLE)), int(min(bounds[1], _LARGEST_WHOLE)))
        self.setSuffix(unit)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setValue(default)

    def show_value(self, value: int) -> None:
        """Show a number."""
        self.setValue(value)


class NumberEditor(CalmWheel, QDoubleSpinBox):
    """A number with its unit; empty until one is given, where there is no default."""

    def __init__(self, default: float | None, bounds: tuple[float, float], unit: str) -> None:
        super().__init__()
        self._low, high = bounds
        # One below the smallest number, where Qt shows the special text.
        self._empty = self._low - 1
        self.setDecimals(_DECIMALS)
        self.setRange(self._empty if default is None else self._low, high)
        self.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
        self.setSuffix(unit)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if default is None:
            self.setSpecialValueText(_EMPTY)
        self.setValue(self._empty if default is None else default)

    @property
    def is_empty(self) -> bool:
        """Whether no number was given yet."""
        return self.value() <= self._empty

    def show_value(self, value: float | None) -> None:
        """Show a number, or none."""
        self.setValue(self._empty if value is None else value)

    def textFromValue(self, value: float) -> str:  # noqa: N802 (the name is Qt's)
        """Show no more digits than needed."""
        return f"{value:.10g}"

    def valueFromText(self, text: str) -> float:  # noqa: N802 (the name is Qt's)
        """Understand a number whatever the language of the computer: 0.5 and 0,5 are a half."""
        return float(text.removesuffix(self.suffix()).strip().replace(",", "."))

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Tell whether a text is a number, or may become one."""
        if text == self.specialValueText():
            return QValidator.State.Acceptable, text, position
        number = text.removesuffix(self.suffix()).strip().replace(",", ".")
        if not _MAY_BE_NUMBER.fullmatch(number):
            return QValidator.State.Invalid, text, position
        try:
            inside = self.minimum() <= float(number) <= self.maximum()
        except ValueError:
            inside = False
        states = QValidator.State
        return states.Acceptable if inside else states.Intermediate, text, position

    def stepBy(self, steps: int) -> None:  # noqa: N802 (the name is Qt's)
        """Step over what lies between nothing and the smallest number."""
        if self.is_empty:
            self.setValue(self._low if steps > 0 else self._empty)
            return
        super().stepBy(steps)
        if self.value() < self._low:
            self.setValue(self._low)


class AutoEditor(QWidget):
    """A number, or a tick for the word that stands for "let chromamol find it"."""

    def __init__(
        self, label: str, word: str | None, default: object, bounds: tuple[float, float], unit: str
    ) -> None:
        super().__init__()
        self._label, self._word, self._shown_word = label, word, word or _NOTHING_WORD
        self.tick = QCheckBox(self._shown_word)
        self.number = NumberEditor(
            default if isinstance(default, float | int) else None, bounds, unit
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.number, 1)
        row.addWidget(self.tick)
        self.tick.toggled.connect(self._show_which)
        self.tick.setChecked(default == word)

    def value(self) -> float | str | None:
        """Return the number or the word.

        Raises
        ------
        CallError
            If neither is given.
        """
        if self.tick.isChecked():
            return self._word
        if self.number.is_empty:
            other_way = f", or tick '{self._shown_word}'" if self.tick.isEnabled() else ""
            msg = f"{self._label}: enter a number{other_way}."
            raise CallError(msg)
        return self.number.value()

    def show_value(self, value: float | str | None) -> None:
        """Show a number or the word."""
        is_word = value == self._word
        if not is_word:
            self.number.setValue(float(value))
        self.tick.setChecked(is_word)

    def _show_which(self, ticked: bool) -> None:
        """Ask for a number only where one is needed."""
        self.number.setDisabled(ticked)
        if self.number.is_empty:
            self.number.setSpecialValueText(" " if ticked else _EMPTY)


class ChoiceEditor(CalmBox):
    """One of several words."""

    def __init__(self, words: Iterable[str], default: str) -> None:
        super().__init__()
        self.addItems(list(words))
        self.setCurrentText(default)

    def value(self) -> str:
        """Return the chosen word."""
        return self.currentText()

    def show_value(self, value: str) -> None:
        """Choose a word."""
        self.setCurrentText(value)


class YesNoEditor(QCheckBox):
    """Yes or no."""

    def __init__(self, default: bool) -> None:
        super().__init__()
        self.setChecked(default)

    def value(self) -> bool:
        """Return whether it is ticked."""
        return self.isChecked()

    def show_value(self, value: bool) -> None:
        """Tick it or not."""
        self.setChecked(value)


class TextEditor(QLineEdit):
    """What has no editor of its own, as text: a list, pairs, a word; empty for nothing."""

    def __init__(self, label: str, default: object) -> None:
        super().__init__()
        self._label = label
        self.setPlaceholderText(_NOTHING_WORD)
        self.show_value(default)

    def value(self) -> Any:
        """Return what the text stands for: x=a, y=b are pairs, and 1, 2 is a list.

        Raises
        ------
        CallError
            If it cannot be understood.
        """
        text = self.text().strip()
        if "=" in text:
            pairs = (part.partition("=") for part in text.split(","))
            return {key.strip(): value.strip() for key, _, value in pairs}
        try:
            return yaml.safe_load(f"[{text}]" if "," in text and text[0] != "[" else text)
        except yaml.YAMLError as error:
            msg = f"{self._label}: '{text}' cannot be understood. See the help of the field."
            raise CallError(msg) from error

    def show_value(self, value: object) -> None:
        """Show a value as text."""
        if isinstance(value, dict):
            self.setText(", ".join(f"{key}={name}" for key, name in value.items()))
        elif isinstance(value, list | tuple):
            self.setText(", ".join(map(str, value)))
        else:
            self.setText("" if value is None else str(value))


Editor = WholeEditor | NumberEditor | AutoEditor | ChoiceEditor | YesNoEditor | TextEditor


def editor_for(label: str, field: FieldInfo, unit: str) -> Editor:
    """Make the editor that the type of a field asks for.

    Parameters
    ----------
    label : str
        Name of the setting in the window.
    field : pydantic FieldInfo
        A bool, a whole or real number, a choice of words, or a number that may also be one word
        or None. Mappings in a union are left to the settings file. Anything else that may be None
        is text.
    unit : str
        Written behind the number.

    Raises
    ------
    TypeError
        If there is no editor for this type; a test asks it of every field.
    """
    kind, default = field.annotation, field.default
    if kind is bool:
        return YesNoEditor(default)
    if kind is int:
        return WholeEditor(default, _bounds(field.metadata), unit)
    if kind is float:
        return NumberEditor(default, _bounds(field.metadata), unit)
    if get_origin(kind) is Literal:
        return ChoiceEditor(get_args(kind), default)
    if get_origin(kind) in {Union, types.UnionType}:
        members = get_args(kind)
        words = [get_args(member)[0] for member in members if get_origin(member) is Literal]
        numbers = [get_args(member)[1:] for member in members if _is_number(member)]
        if len(numbers) == 1 and (words or type(None) in members):
            word = words[0] if words else None
            return AutoEditor(label, word, default, _bounds(numbers[0]), unit)
        if type(None) in members:
            return TextEditor(label, default)
    msg = f"There is no editor for a setting of type {kind}."
    raise TypeError(msg)


def _is_number(member: Any) -> bool:
    """Whether a member of a union is a number with bounds."""
    return get_origin(member) is Annotated and get_args(member)[0] is float


def _bounds(metadata: Iterable[Any]) -> tuple[float, float]:
    """Collect the smallest and the largest value that the constraints of a field allow."""
    low, high = -_LARGEST, _LARGEST
    for constraint in metadata:
        if isinstance(constraint, FieldInfo):
            low, high = _bounds(constraint.metadata)
        elif isinstance(constraint, Ge):
            low = float(constraint.ge)
        elif isinstance(constraint, Gt):
            low = float(constraint.gt) + _SMALLEST
        elif isinstance(constraint, Le):
            high = float(constraint.le)
        elif isinstance(constraint, Lt):
            high = float(constraint.lt) - _SMALLEST
    return low, high
