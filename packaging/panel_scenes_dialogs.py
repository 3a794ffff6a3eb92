"""Scenes of lists of clips, dialogs, questions and notices."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from panel_stage import NAME, Stage
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QPixmap
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from app import actions as table
from app.dialogs.key_editor import KeyEditor
from core.video.samples import FrameCheck
from core.weights import Standing, entries


def clips(stage: Stage) -> None:
    from core.collection import file as lists
    from core.paths import resource

    feature = stage.feature("ClipsFeature")
    folder = stage.folder / "clips"
    folder.mkdir()
    videos = [folder / f"{NAME if stage.names else 'clip'} {k}.mp4" for k in range(4)]
    for video in videos:
        shutil.copy(resource("demo", "demo.mp4"), video)
    listed = folder / "all.boxtrail-clips"
    listed = listed.with_suffix(lists.SUFFIX)
    lists.create(listed)
    feature.clips.open_list(listed)
    stage.breathe(0.5)
    feature.clips.add(videos)
    stage.breathe(3)
    dock = stage.window.panels.docks["clips"]
    dock.show()
    dock.raise_()
    stage.breathe(2)
    stage.shoot("65-clips")
    batch = stage.modal(lambda: stage.act("clips_track"))
    stage.sheet("66-batch-dialog", [("batch", batch)])
    stage.docks("67-clips", ("clips",))


def dialogs(stage: Stage) -> None:
    from app.dialogs.export_dialog import ExportDialog

    def export() -> None:
        made = ExportDialog(stage.session(), stage.controller.background, stage.window)
        made.path_edit.setText(str(stage.folder / (NAME if stage.names else "clip") / "a.txt"))
        made.exec()

    parts = [("export", stage.modal(export))]
    names = ("preferences", "keys", "edit_keys", "palette", "figure", "about")
    parts += [(name, stage.modal(lambda name=name: stage.act(name))) for name in names]
    stage.sheet("70-dialogs", parts)


def questions(stage: Stage) -> None:
    from app.dialogs.questions import Questions
    from core.document.autosave import Recovery

    ask = Questions(stage.window)
    path = f"/home/somebody/{NAME}/{NAME}.mp4" if stage.names else "/home/somebody/clip.mp4"
    recovery = Recovery(
        Path(path), "2026-03-01T12:00:00+00:00", "", path, stage.desk.document, complete=True
    )
    starts: list[tuple[str, Callable[[], object]]] = [
        ("moved", lambda: ask.moved_video(f"The video “{Path(path).name}” is not there.", path)),
        ("other", lambda: ask.accept_other_video("It has 120 frames instead of 300.")),
        ("save", lambda: ask.save_changes(Path(path).stem)),
        ("number", lambda: ask.number("Fill gaps of up to how many frames?", 10, 1, 100)),
        ("recover", lambda: ask.recover(recovery, "3 boxes")),
        ("one of", lambda: ask.one_of("Join with", [(1, NAME), (2, "b")])),
    ]
    stage.sheet("75-questions", [(name, stage.modal(start)) for name, start in starts])


def notices(stage: Stage) -> None:
    parts: list[tuple[str, QPixmap]] = []
    for severity in ("info", "success", "warning", "error"):
        text = "The tracker is not sure from frame 57 on."
        hint = f"{NAME if stage.names else 'The score is low.'} Correct the box and go on."
        stage.desk.say(text, hint, severity, action="keep_tail", action_text="Keep them")
        stage.breathe(0.5)
        parts.append((severity, stage.window.panels.stack.grab()))
    stage.sheet("78-notices", parts)


def batch(stage: Stage) -> None:
    """Clips that are tracked in the background, each from a box of its own."""
    from core.geometry import Box

    feature = stage.feature("ClipsFeature")
    ids = [standing.clip.id for standing in feature.clips.standings()]
    stage.desk.stack.setClean()  # nobody is there to answer whether to save
    for clip in ids[:3]:
        feature.clips.open_clip(clip)
        stage.wait(lambda: stage.desk.state.has_clip and stage.controller.playback.is_settled, 30)
        stage.breathe(0.5)
        stage.go(0)
        stage.controller.edits.drawn(Box(76.3, 134.9, 70.6, 64.8))
    stage.act("save")
    stage.breathe(0.5)
    stage.answer(lambda: stage.act("clips_track"))
    stage.breathe(4)
    stage.shoot("90-batch-running")
    stage.docks("91-batch-running", ("clips",))
    feature.batch.stop()
    stage.wait(lambda: not feature.batch.is_running, 60)
    stage.docks("92-batch-over", ("clips",))


def weights(stage: Stage) -> None:
    """A tracker whose weights are not there, are being fetched, or are of unknown origin."""
    note = stage.window.panels.tracker.weights()
    known = list(entries().values())
    bare = next(one for one in known if not one.address)
    entry = next((one for one in known if one.address), bare)
    parts: list[tuple[str, QPixmap]] = []
    dock = stage.window.panels.docks["tracker"]
    for name, standing, progress in (
        ("missing", Standing(missing=(entry,)), ""),
        ("not published", Standing(missing=(bare,)), ""),
        ("fetching", Standing(missing=(entry,)), "12 of 44 MB"),
        ("unverified", Standing(unverified=(Path("own-weights.safetensors"),)), ""),
    ):
        note.show_standing(standing)
        note.show_progress(progress)
        stage.breathe(0.3)
        dock.raise_()
        parts.append((name, dock.grab()))
    note.show_progress("")
    note.show_standing(Standing())
    stage.sheet("79-weights", parts)


def other_frames(stage: Stage) -> None:
    """The notice that the clip gives other pictures than those that were annotated."""
    found = FrameCheck(6, {25: 0, 75: 1, 125: 1, 175: 1})
    session = stage.session()
    stage.feature("FrameCheckFeature")._tell(session, found)
    stage.shoot("93-other-frames")


def key_conflict(stage: Stage) -> None:
    """A key that another action has already; search in the palette and the cheat sheet."""

    def editor() -> None:
        keys = {spec.id: spec.keys for spec in table.ACTIONS}
        made = KeyEditor(keys, stage.window)
        made.choose("track_forward")
        made.recorder.setKeySequence(QKeySequence("D"))
        made.exec()

    def typed(name: str, text: str) -> QPixmap:
        def type_text() -> None:
            dialog = QApplication.activeModalWidget()
            field = dialog.findChild(QLineEdit) if dialog is not None else None
            if field is not None:
                field.setText(text)

        QTimer.singleShot(300, stage.window, type_text)
        return stage.modal(lambda: stage.act(name))

    parts = [("conflict", stage.modal(editor))]
    parts += [(f"palette: {text}", typed("palette", text)) for text in ("trac", "120", "xyzzy")]
    parts.append(("keys: doubt", typed("keys", "doubt")))
    stage.sheet("71-keys", parts)


def focus(stage: Stage) -> None:
    """What has the keyboard, one kind of control after the other."""
    parts: list[tuple[str, QPixmap]] = []
    panels = stage.window.panels
    stage.window.activateWindow()
    for name in ("tracker", "overlay", "layers", "review", "recording", "objects"):
        dock = panels.docks[name]
        dock.show()
        dock.raise_()
        stage.breathe(0.2)
        seen: set[str] = set()
        for child in dock.findChildren(QWidget):
            kind = type(child).__name__ + str(child.property("role") or "")
            usable = child.isVisible() and child.isEnabled()
            tab = bool(child.focusPolicy() & Qt.FocusPolicy.TabFocus)
            if usable and tab and kind not in seen:
                seen.add(kind)
                child.setFocus(Qt.FocusReason.TabFocusReason)
                stage.breathe(0.1)
                parts.append((f"{name}: {kind}", dock.grab()))
    stage.sheet("95-focus", parts)
