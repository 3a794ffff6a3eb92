"""The preview of corrections in the window: ghosts in the picture, strips in a dock, keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QTabBar

from app.controller.preview import Preview, Trials
from app.features.feature import Feature, Parts
from app.settings import window_settings
from app.views.policy_words import policy_words
from app.views.preview_panel import CropView, PreviewPanel, StripRow
from app.views.proposal_item import ProposalItem
from app.views.proposal_look import look
from app.views.view_types import ProposalView
from core.engine.preview import FEWEST, MOST, USUAL, Glimpse
from core.states import CorrectionPolicy

_PLACE = "preview/frames"
_ABOVE_PROPOSALS = 2.6
_ORDER = tuple(CorrectionPolicy)
_KEYS = {Qt.Key.Key_1: 0, Qt.Key.Key_2: 1, Qt.Key.Key_3: 2}

_VERTICAL = Qt.Orientation.Vertical


class ReinitFeature(Feature):
    """A dock beside the timeline that comes up with a preview and goes with it."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        controller, panels = parts.controller, parts.panels
        self._desk = controller.desk
        self.preview = Preview(
            controller.desk,
            controller.playback,
            controller.runs,
            controller.choices,
            controller.background,
            self,
        )
        self.panel = PreviewPanel((FEWEST, _stored_count(), MOST))
        self.dock = panels.add_dock(
            "preview", self.tr("Preview of corrections"), self.panel, beside="timeline"
        )
        self._before = 0  # height of the lower docks before the preview
        self._roomy = False
        self.panel.show_nothing(self.idle_text())
        self._ghosts = ProposalItem()
        self._ghosts.setZValue(_ABOVE_PROPOSALS)
        panels.canvas.scene().addItem(self._ghosts)
        self.preview.changed.connect(self._show)
        self.preview.defect.connect(controller.runs.defect)
        self.panel.chosen.connect(lambda number: self.preview.choose(_ORDER[number - 1]))
        self.panel.left.connect(self.preview.leave)
        self.panel.seek.connect(controller.seek)
        self.panel.count_changed.connect(self._count)
        controller.playback.moved.connect(self._moved)
        controller.playback.frame_shown.connect(self._moved)
        parts.window.installEventFilter(self)

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """The action in app/actions/consensus.py."""
        return {"preview": lambda: self.preview.start(self.panel.count.value())}

    def finish(self) -> None:
        """See `Feature`."""
        self.preview.finish()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While a preview is open, 1, 2, 3 and Esc are its own."""
        if not isinstance(event, QKeyEvent) or not self.preview.is_open:
            return False
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        key = Qt.Key(event.key())
        if not plain or (key not in _KEYS and key != Qt.Key.Key_Escape):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() != QEvent.Type.KeyPress:
            return False
        if key == Qt.Key.Key_Escape:
            self.preview.leave()
        else:
            self.preview.choose(_ORDER[_KEYS[key]])
        return True

    def idle_text(self) -> str:
        """What the panel is for, while it shows nothing."""
        return self.tr("Correct a box, then see here what each way to take it would track%s.") % (
            self._desk.key_note("preview")
        )

    @Slot(int)
    def _count(self, count: int) -> None:
        window_settings().setValue(_PLACE, count)
        trials = self.preview.trials
        if trials is not None:
            self.parts.controller.playback.go(trials.frame)
            self.preview.start(count)

    @Slot(object)
    def _show(self, trials: Trials | None) -> None:
        if trials is None:
            self._ghosts.set_views(())
            self.panel.show_nothing(self.idle_text())
            if self.dock.isVisible():
                self.dock.hide()
                timeline = self.parts.panels.docks["timeline"]
                timeline.raise_()
                if self._before:
                    self.parts.window.resizeDocks([timeline], [self._before], _VERTICAL)
            return
        opened = not self.dock.isVisible()
        if opened:
            self._before = self.parts.panels.docks["timeline"].height()
            self.dock.show()
            self.dock.raise_()
        self._draw(trials)
        if opened:
            self._roomy = False
        if not self._roomy:  # wider strips are higher: also when they have their width
            for wait in (0, 200):
                QTimer.singleShot(wait, self, self._make_room)
        self._roomy = trials.done  # from then on a person may have made it lower

    @Slot()
    def _make_room(self) -> None:
        """All ways are to be compared at one glance: the dock becomes as high as they are."""
        needed = self.panel.wanted_height() + self.dock.height() - self.panel.height()
        if self.dock.isVisible() and not self.dock.isFloating() and needed > self.dock.height():
            # What Qt resizes is the dock together with the tabs under it.
            self.parts.window.resizeDocks([self.dock], [needed + self._tabs_height()], _VERTICAL)

    def _tabs_height(self) -> int:
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        for bar in self.parts.window.findChildren(QTabBar, options=direct):
            if self.dock.windowTitle() in [bar.tabText(at) for at in range(bar.count())]:
                return bar.height()
        return 0

    @Slot()
    def _moved(self, *_: object) -> None:
        trials = self.preview.trials
        if trials is not None:
            self._draw(trials)

    def _draw(self, trials: Trials) -> None:
        shown = self._desk.shown
        rows = [self._row(trials, number) for number in range(len(_ORDER))]
        text = self.tr("From frame %d with %s: take one with 1, 2 or 3.") % (
            trials.frame, trials.tracker
        )  # fmt: skip
        if not trials.done:
            text = self.tr("%s Trying…") % text
        self.panel.show_strips(text, rows, shown)
        self._ghosts.set_views(
            [
                ProposalView(
                    glimpse.row.box,
                    look(number).color,
                    f"{number + 1} {policy_words()[policy][0]}",
                    look(number).pattern,
                )
                for number, policy in enumerate(_ORDER)
                for glimpse in trials.of(policy)
                if glimpse.row.frame == shown and not glimpse.row.is_seed
            ]
        )

    def _row(self, trials: Trials, number: int) -> StripRow:
        policy, shown = _ORDER[number], look(number)
        title, tip = policy_words()[policy]
        return StripRow(
            number + 1,
            title,
            tip,
            shown.color,
            shown.pattern,
            tuple(_crop(glimpse) for glimpse in trials.of(policy)),
            trials.count + 1,
            trials.lacking.get(policy, ""),
        )


def _crop(glimpse: Glimpse) -> CropView:
    row = glimpse.row
    return CropView(row.frame, glimpse.crop, glimpse.inside, row.score, row.state, row.reason)


def _stored_count() -> int:
    try:
        count = int(str(window_settings().value(_PLACE, USUAL)))
    except ValueError:
        return USUAL
    return min(max(count, FEWEST), MOST)
