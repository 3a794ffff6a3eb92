"""Pictures of every panel, dialog and bar in every state, for looking at (never committed).

    python packaging/screenshots.py --panels --out look [--only light dark 2x small names]

One process per look walks the demo clip through the states a person meets (nothing open,
a run under way, tracked, proposals, a preview, what if, an evaluation, questions) and grabs
the window and sheets of panels in each. Nothing is checked here: somebody has to look.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QApplication

SHEET = 1500
NAME = "Fußgängerüberwegsbeschilderung hinter der Straßenbahnhaltestelle"  # 64 characters
LABEL = "Geschwindigkeitsbegrenzungsschild"


class Stage:
    """The window, ways to wait, and where pictures go."""

    def __init__(self, window, out: Path, wait: Callable[..., None], *, names: bool) -> None:
        self.window = window
        self.controller = window.controller
        self.desk = window.controller.desk
        self.out = out
        self.wait = wait
        self.names = names
        self.folder = Path(tempfile.mkdtemp(prefix="boxtrail-panels-"))

    def breathe(self, seconds: float = 0.4) -> None:
        """Let the window work for a while."""
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end)

    def act(self, name: str) -> None:
        """Do what the menu's action does."""
        self.window.actions_by_id[name].trigger()

    def feature(self, name: str):
        """The feature whose class is called `name`."""
        return next(f for f in self.window.features if type(f).__name__ == name)

    def idle(self) -> None:
        """Until no run is under way."""
        self.wait(lambda: not self.desk.state.is_running)
        self.wait(lambda: self.controller.playback.is_settled)

    def go(self, frame: int) -> None:
        """To a frame, as a person would."""
        self.controller.seek(frame)
        self.wait(lambda: self.controller.playback.is_settled)
        self.breathe(0.1)

    def shoot(self, name: str) -> None:
        """A picture of the whole window."""
        self.breathe()
        self.window.grab().save(str(self.out / f"{name}.png"))

    def docks(self, name: str, wanted: Iterable[str] = ()) -> None:
        """A sheet of docks, each shown where it belongs; hidden ones are hidden again."""
        made = self.window.panels.docks
        parts: list[tuple[str, QPixmap]] = []
        for key in wanted or made:
            dock = made[key]
            hidden = not dock.toggleViewAction().isChecked()
            dock.show()
            dock.raise_()
            self.breathe(0.25)
            parts.append((key, dock.grab()))
            if hidden:
                dock.hide()
        self.sheet(name, parts)
        for key in ("objects", "tracker", "timeline"):
            made[key].raise_()

    def sheet(self, name: str, parts: list[tuple[str, QPixmap]]) -> None:
        """Several pictures on one, each with its name, as many as fit beside each other."""
        ratio = max((pixmap.devicePixelRatio() for _, pixmap in parts), default=1.0)
        x = y = high = 0
        places: list[tuple[QPoint, str, QPixmap]] = []
        for title, pixmap in sorted(parts, key=lambda part: -part[1].height()):
            size = pixmap.deviceIndependentSize().toSize()
            if x and x + size.width() > SHEET:
                x, y, high = 0, y + high + 12, 0
            places.append((QPoint(x, y), title, pixmap))
            x, high = x + size.width() + 12, max(high, size.height() + 18)
        sheet = QPixmap(int(SHEET * ratio), int((y + high) * ratio))
        sheet.setDevicePixelRatio(ratio)
        sheet.fill(QColor("#8a5a9a"))  # no colour of the program
        painter = QPainter(sheet)
        painter.setPen(Qt.GlobalColor.white)
        for at, title, pixmap in places:
            painter.drawText(QRect(at, pixmap.size()).adjusted(2, 1, 200, 0), title)
            painter.drawPixmap(at + QPoint(0, 18), pixmap)
        painter.end()
        sheet.save(str(self.out / f"{name}.png"))

    def modal(self, start: Callable[[], object]) -> QPixmap:
        """A picture of the dialog that `start` opens and waits for; it is then closed."""
        taken: list[QPixmap] = []

        def take() -> None:
            dialog = QApplication.activeModalWidget()
            if dialog is None:
                return
            taken.append(dialog.grab())
            dialog.close()

        timer = QTimer(self.window)
        timer.timeout.connect(take)
        timer.start(600)
        QTimer.singleShot(9000, self.window, timer.stop)
        start()
        self.breathe(0.8)
        timer.stop()
        return taken[0] if taken else QPixmap(10, 10)


def walk(stage: Stage, scenes: Iterable[str] = ()) -> int:
    """Go through all scenes; one that fails is told and the others go on."""
    code = 0
    for scene in SCENES:
        if scenes and scene.__name__ not in scenes:
            continue
        try:
            scene(stage)
        except Exception:  # noqa: BLE001  (one broken scene must not cost the others)
            traceback.print_exc()
            code = 1
    shutil.rmtree(stage.folder, ignore_errors=True)
    return code


def nothing_open(stage: Stage) -> None:
    stage.shoot("00-welcome")
    stage.docks("01-docks-empty")
    parts = [("open " + m.title(), m.grab()) for m in stage.window.panels.menus.values()]
    stage.sheet("02-menus", parts)


def running(stage: Stage) -> None:
    """The demo with its truth, a run under way, then held."""
    from core.geometry import Box
    from core.paths import resource

    controller = stage.controller
    truth = json.loads(resource("demo", "groundtruth.json").read_text(encoding="utf-8"))
    boxes = [row["box"] for row in truth["frames"]]
    if stage.names:
        folder = stage.folder / NAME / NAME
        folder.mkdir(parents=True)
        shutil.copy(resource("demo", "demo.mp4"), folder / f"{NAME}.mp4")
        rows = "\n".join(",".join(map(str, box)) for box in boxes)
        (folder / f"{NAME}.truth.txt").write_text(rows, encoding="utf-8")
        stage.window.open(folder / f"{NAME}.mp4")
    else:
        controller.open_demo()
    stage.wait(lambda: stage.desk.state.has_clip and controller.playback.is_settled)
    if not stage.desk.document.tracks:
        controller.edits.drawn(Box(*boxes[0]))
    if stage.names:
        track = stage.desk.document.tracks[0].id
        controller.edits.rename(track, NAME)
        controller.edits.set_label(track, LABEL)
    stage.docks("03-docks-clip", ("objects", "box", "attributes", "review", "evaluation"))
    controller.runs.track(1)
    stage.wait(lambda: len(stage.desk.growing or ()) >= 50)
    stage.shoot("10-running")
    controller.runs.pause()
    stage.wait(lambda: stage.desk.state.run in ("paused", "idle"))
    stage.shoot("12-held")
    stage.docks("11-docks-held")
    controller.runs.conclude()
    stage.idle()


def tracked(stage: Stage) -> None:
    stage.go(max(stage.desk.shown - 20, 1))
    key = stage.desk.key_at(stage.desk.state.track, stage.desk.shown)
    if key is not None:
        stage.controller.edits.moved(stage.desk.state.track, key.box.scaled(1.2), 77)
    stage.shoot("20-tracked")
    stage.docks("21-docks-tracked")


def canvas(stage: Stage) -> None:
    """Peaks, values under the pointer, and the menu on the picture."""
    for name in ("peaks", "probe"):
        stage.act(name)
    view = stage.window.panels.canvas
    key = stage.desk.key_at(stage.desk.state.track, stage.desk.shown)
    if key is not None:
        view.cursor_at.emit(key.box.x + key.box.w, key.box.y)
    stage.shoot("25-peaks-and-probe")
    track = stage.desk.state.track
    stage.window._box_menu(stage.window.mapToGlobal(QPoint(400, 300)), track)
    stage.breathe(0.3)
    menu = QApplication.activePopupWidget()
    if menu is not None:
        stage.sheet("26-context-menu", [("box", menu.grab())])
        menu.close()
    for name in ("peaks", "probe"):
        stage.act(name)


def attributes(stage: Stage) -> None:
    from app.controller.attributes import SchemaChange
    from core.document.schema import Attribute, AttributeKind

    long, kind = stage.names, AttributeKind
    word = "Sichtbarkeitseinschränkungsgrad" if long else "view"
    schema = (
        Attribute(word, kind.CHOICE, choices=("front", NAME if long else "side", "back")),
        Attribute("blurred", kind.FLAG, per_frame=True),
        Attribute("speed", kind.NUMBER, low=0, high=100, per_frame=True),
        Attribute("note", kind.TEXT),
    )
    feature = stage.feature("AttributesFeature")
    track = feature.edits.track()
    feature.edits.set_schemas((SchemaChange(track.label, schema),))
    feature.edits.set_value("blurred", True, (10, 20))
    stage.docks("30-attributes", ("attributes",))
    editor = stage.modal(lambda: stage.act("attribute_schema"))
    stage.sheet("31-schema-editor", [("schema", editor)])


def proposal(stage: Stage) -> None:
    stage.act("propose")
    stage.act("track_n")
    stage.breathe(0.5)
    stage.idle()
    stage.go(stage.desk.shown - 5)
    stage.shoot("35-proposal")
    stage.act("discard_all")
    stage.act("propose")


def together(stage: Stage) -> None:
    feature = stage.feature("ConsensusFeature")
    feature.chooser.set_chosen(("ccr", "crpn", "cract"))
    stage.go(0)
    stage.act("together")
    stage.breathe(6)
    stage.shoot("40-several-trackers-running")
    stage.controller.runs.stop()
    stage.idle()
    feature.refresh()
    stage.go(4)
    stage.shoot("41-several-trackers")
    stage.docks("42-consensus", ("consensus", "tracker", "timeline", "review"))
    stage.act("discard_all")


def preview(stage: Stage) -> None:
    feature = stage.feature("ReinitFeature")
    stage.go(40)
    stage.act("preview")
    stage.breathe(0.6)
    stage.shoot("45-preview-busy")
    stage.wait(lambda: feature.preview.trials is not None and feature.preview.trials.done, 90)
    stage.shoot("46-preview")
    feature.preview.leave()


def check(stage: Stage) -> None:
    stage.go(1)
    stage.act("check")
    stage.breathe(2.5)
    stage.shoot("48-check-busy")
    stage.breathe(6)
    if stage.feature("CheckingFeature").checking.is_busy:
        stage.act("check")
    stage.shoot("49-check")


def what_if(stage: Stage) -> None:
    feature = stage.feature("WhatIfFeature")
    stage.go(0)
    stage.act("track_n")
    stage.breathe(0.5)
    stage.idle()
    stage.go(40)
    stage.act("what_if")
    stage.shoot("50-what-if-idle")
    feature.panel.set_frames(15)
    feature.panel.model().set_value("scales", 3)
    feature.panel._try.click()
    stage.breathe(0.3)
    stage.shoot("51-what-if-busy")
    stage.wait(lambda: not feature.what_if.is_running, 60)
    stage.shoot("52-what-if")
    stage.docks("53-what-if", ("what_if",))
    feature.panel.discard_wanted.emit()
    if feature.is_comparing:
        stage.act("compare")


def evaluation(stage: Stage) -> None:
    feature = stage.feature("TruthFeature")
    dock = stage.window.panels.docks["evaluation"]
    dock.show()
    dock.raise_()
    stage.breathe(1.5)
    stage.shoot("55-evaluation")
    feature.panel.plot.point_chosen.emit("success", "", 0.5)
    failures = stage.window.panels.docks["failures"]
    failures.show()
    failures.raise_()
    stage.breathe(2)
    stage.shoot("56-failures")
    stage.docks("57-evaluation", ("evaluation", "failures", "curves"))
    feature.comparison.open_report(_evaluated(stage))
    stage.wait(lambda: feature.comparison.shows_report, 20)
    stage.breathe(1)
    dock.raise_()
    stage.shoot("58-report")
    stage.docks("59-report", ("evaluation", "failures"))
    failures.hide()
    dock.hide()


def many_objects(stage: Stage) -> None:
    from core.geometry import Box

    edits = stage.controller.edits
    stage.go(0)
    for k in range(19):
        edits.draw_mode(new_object=True)
        edits.drawn(Box(20.0 + 30 * k, 40.0 + 12 * k, 40, 30))
    if stage.names:
        for track in stage.desk.document.tracks:
            edits.rename(track.id, f"{track.id} {NAME}")
    stage.shoot("60-many-objects")
    stage.docks("61-many-objects", ("objects", "timeline", "history", "legend"))


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
        made = ExportDialog(stage.desk.session, stage.controller.background, stage.window)
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


def _evaluated(stage: Stage) -> Path:
    """A report over two short sequences made of the demo."""
    import cv2

    from core.cli import main
    from core.paths import resource

    truth = json.loads(resource("demo", "groundtruth.json").read_text(encoding="utf-8"))
    session = stage.desk.session
    names = ("Ladybird", NAME if stage.names else "Shade")
    for first, name in zip((0, 60), names, strict=True):
        folder = stage.folder / "bench" / name
        (folder / "img").mkdir(parents=True)
        rows = []
        for k in range(first, first + 25):
            x, y, w, h = truth["frames"][k]["box"]
            picture = session.video.read(k).image
            cv2.imwrite(str(folder / "img" / f"{k - first + 1:04d}.png"), picture[:, :, ::-1])
            rows.append(f"{x + 1:g},{y + 1:g},{w:g},{h:g}")
        (folder / "groundtruth_rect.txt").write_text("\n".join(rows), encoding="utf-8")
    report = stage.folder / "report" / "report.json"
    command = ["evaluate", str(stage.folder / "bench"), "--trackers", "ccr", "--quiet"]
    if main([*command, "--json", str(report)]) != 0:
        raise RuntimeError("no report")
    return report


SCENES = (
    nothing_open, running, tracked, canvas, attributes, proposal, together, preview, check,
    what_if, evaluation, many_objects, clips, dialogs, questions, notices,
)  # fmt: skip
