"""Scenes of annotating: nothing open, a run, corrections, proposals, several trackers, objects."""

from __future__ import annotations

import json
import shutil

from panel_stage import LABEL, NAME, Stage
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication


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
        stage.controller.edits.moved(stage.selected(), key.box.scaled(1.2), 77)
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
    stage.window._box_menu(stage.window.mapToGlobal(QPoint(400, 300)), stage.selected())
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
    stage.go(stage.desk.shown - 20)
    stage.act("accept_to_here")
    stage.shoot("36-accepted-to-here")
    stage.act("undo")
    stage.docks("37-history", ("history", "timeline", "objects"))
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
