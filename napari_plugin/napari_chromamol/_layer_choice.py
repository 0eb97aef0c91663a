"""Which layers are analysed: one choice for each role, proposed from the names of the layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Image, Labels
from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QLabel, QSizePolicy, QWidget

from chromamol.errors import ChromamolError
from chromamol.images.roles import resolve_roles
from chromamol.settings import Role, Settings
from napari_chromamol._editors import CalmBox
from napari_chromamol._fields import LABEL_WIDTH_PX
from napari_chromamol._layers import KEY
from napari_chromamol._texts import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari.layers import Layer
    from napari.viewer import Viewer

_ROLE_LABELS = {
    Role.HETEROCHROMATIN: ("Heterochromatin", "H3K9me2/3, H3K27me3, HP1 ..."),
    Role.EUCHROMATIN: ("Euchromatin", "H3K27ac, H3K9ac ..."),
    Role.TOTAL: ("All chromatin", "DNA, H2B, H3: the total density"),
    Role.MARK: ("One mark", "a single histone mark, without a second channel"),
}
_NUCLEI_HELP = (
    "Found in the image, or taken from a Labels layer: a number for each nucleus, 0 outside."
)


class LayerBox(CalmBox):
    """A choice of one layer, or none."""

    def __init__(self, nothing: str, help_text: str) -> None:
        super().__init__()
        self._nothing = nothing
        self.setToolTip(f"<p>{help_text}</p>")
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.offer(())

    def layer(self) -> Layer | None:
        """Return the chosen layer."""
        return self.currentData()

    def offer(self, layers: Iterable[Layer]) -> None:
        """Offer other layers; a chosen one that is still there stays chosen."""
        chosen = self.layer()
        with QSignalBlocker(self):
            self.clear()
            self.addItem(self._nothing, None)
            for layer in layers:
                self.addItem(layer.name, layer)
                self.setItemData(self.count() - 1, layer.name, Qt.ItemDataRole.ToolTipRole)
            self.choose(chosen)

    def offered(self) -> list[Layer]:
        """Return the layers that can be chosen."""
        return [self.itemData(index) for index in range(1, self.count())]

    def choose(self, layer: Layer | None) -> None:
        """Choose an offered layer, or none."""
        offered = (index for index in range(self.count()) if self.itemData(index) is layer)
        self.setCurrentIndex(next(offered, 0))

    def choose_by_name(self, name: str) -> bool:
        """Choose the layer of a name, which no proposal overrules; return whether there is one."""
        index = self.findText(name)
        if index > 0:
            self.setCurrentIndex(index)
            self.activated.emit(index)
        return index > 0


class LayerChoice(QWidget):
    """The layers of each role and of the nuclei.

    Attributes
    ----------
    roles : dict of Role to LayerBox
    nuclei : LayerBox
    """

    changed = Signal()

    def __init__(self, viewer: Viewer, *, with_nuclei: bool = True) -> None:
        super().__init__()
        self._viewer = viewer
        self._chosen_by_hand = self._nuclei_by_hand = False
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.roles: dict[Role, LayerBox] = {}
        for role, (words, examples) in _ROLE_LABELS.items():
            box = LayerBox("—", examples)
            box.activated.connect(self._by_hand)
            box.currentIndexChanged.connect(self.changed)
            form.addRow(_label(words, examples), box)
            self.roles[role] = box
        self.nuclei = LayerBox("found automatically", _NUCLEI_HELP)
        self.nuclei.activated.connect(self._nuclei_chosen)
        if with_nuclei:
            form.addRow(_label("Nuclei", _NUCLEI_HELP), self.nuclei)
        self._unused = plain_text()
        form.addRow(self._unused)
        for event in ("inserted", "removed", "renamed"):
            getattr(viewer.layers.events, event).connect(self.refresh)
        self.refresh()

    def chosen(self) -> dict[Role, Layer]:
        """Return the chosen layers by their role."""
        layers = {role: box.layer() for role, box in self.roles.items()}
        return {role: layer for role, layer in layers.items() if layer is not None}

    def refresh(self) -> None:
        """Offer the layers that are there now, and propose roles unless somebody chose them."""
        images = [
            layer
            for layer in self._viewer.layers
            if isinstance(layer, Image) and not _is_map(layer)
        ]
        for box in self.roles.values():
            box.offer(images)
        labels = [layer for layer in self._viewer.layers if isinstance(layer, Labels)]
        self.nuclei.offer(labels)
        if not self.chosen():
            self._chosen_by_hand = self._nuclei_by_hand = False
        if not self._chosen_by_hand:
            proposal = _propose(images)
            for role, box in self.roles.items():
                with QSignalBlocker(box):
                    box.choose(proposal.get(role))
        self._propose_nuclei()
        self._say_unused(images)
        self.changed.emit()

    def forget_viewer(self) -> None:
        """Stop following the layers of the window."""
        for event in ("inserted", "removed", "renamed"):
            getattr(self._viewer.layers.events, event).disconnect(self.refresh)

    def _by_hand(self) -> None:
        self._chosen_by_hand = True
        self._propose_nuclei()
        self._say_unused(self.roles[Role.TOTAL].offered())

    def _nuclei_chosen(self) -> None:
        self._nuclei_by_hand = True

    def _propose_nuclei(self) -> None:
        """Propose the outlines that belong to the chosen layers, unless somebody chose some."""
        if not self._nuclei_by_hand:
            channel = next(iter(self.chosen().values()), None)
            self.nuclei.choose(_outlines_of(channel, self.nuclei.offered()))

    def _say_unused(self, images: Sequence[Layer]) -> None:
        """Say which channels of the chosen images are not analysed."""
        chosen = list(self.chosen().values())
        names = [f"'{layer.name}'" for layer in images if chosen and layer not in chosen]
        self._unused.setText(f"Not used: {', '.join(names)}")
        self._unused.setVisible(bool(names))


def _propose(images: Sequence[Image]) -> dict[Role, Layer]:
    """Propose roles for the channels of the newest image from the names of their layers."""
    if not images:
        return {}
    newest = images[-1]
    channels = [layer for layer in images if _same_image(layer, newest)]
    try:
        roles, _ = resolve_roles([layer.name for layer in channels], len(channels), Settings())
    except ChromamolError:
        return {}
    return {role: channels[number] for role, number in roles.items()}


def _outlines_of(channel: Layer | None, labels: Sequence[Labels]) -> Labels | None:
    """Find the outlines that came with an image, as those of the samples."""
    if channel is None or KEY not in channel.metadata:
        return None
    return next((one for one in labels if not _is_map(one) and _same_image(one, channel)), None)


def _same_image(layer: Layer, other: Layer) -> bool:
    """Whether two layers belong to one image."""
    names = {one.metadata.get(KEY, {}).get("image") for one in (layer, other)}
    return len(names) == 1 and layer.data.shape == other.data.shape


def _is_map(layer: Layer) -> bool:
    """Whether a layer is a result."""
    return "map" in layer.metadata.get(KEY, {})


def _label(words: str, help_text: str) -> QLabel:
    """Label a row."""
    label = QLabel(words)
    label.setFixedWidth(LABEL_WIDTH_PX)
    label.setToolTip(f"<p>{help_text}</p>")
    return label
