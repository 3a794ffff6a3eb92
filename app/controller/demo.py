"""The demo: the clip that comes with the program, a box on its target, and go."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from app.controller.desk import Desk
from app.controller.project import Project
from app.controller.runs import Runs
from app.ui_state import UiState
from core.document.store import DocumentStore
from core.document.track import Keyframe
from core.session import Session
from core.video.demo import demo_ground_truth, demo_path


def load_demo() -> Session:
    """The demo clip with a box drawn on its first frame."""
    session = Session.of_video(demo_path())
    document, track = session.store.current.with_new_track("demo")
    first = Keyframe(0, demo_ground_truth().initial_box)
    session.store = DocumentStore(document.with_track(track.with_keyframes([first])))
    return session


class Demo(QObject):
    """Opens the demo, and starts tracking once trackers are there."""

    def __init__(
        self, desk: Desk, project: Project, runs: Runs, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._project = project
        self._runs = runs
        self._waiting: Session | None = None
        desk.state_changed.connect(self._on_state)

    def open(self, *, track: bool) -> None:
        """Open the demo clip; with `track`, tracking starts by itself."""

        def put(session: Session) -> None:
            self._project.put(session)
            if track and self._desk.session is session:
                self._waiting = session
                self._on_state(self._desk.state)

        self._project.open_with(self.tr("demo clip"), load_demo, then=put)

    @Slot(object)
    def _on_state(self, state: UiState) -> None:
        if self._waiting is None:
            return
        if self._desk.session is not self._waiting:
            self._waiting = None
        elif state.can_track:
            self._waiting = None
            self._runs.track(1)
