"""Scenes of the workbench: what if, evaluation, failures, patches, recordings."""

from __future__ import annotations

import json
from pathlib import Path

from panel_stage import NAME, Stage
from PySide6.QtWidgets import QTabWidget

from app.views.ab_canvas import FLICKER, SIDE_BY_SIDE, SWIPE


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


def _evaluated(stage: Stage) -> Path:
    """A report over two short sequences made of the demo."""
    import cv2

    from core.cli import main
    from core.paths import resource

    truth = json.loads(resource("demo", "groundtruth.json").read_text(encoding="utf-8"))
    session = stage.session()
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


def patches(stage: Stage) -> None:
    """Template, search window, candidates and numbers of a tracker that reports them all."""
    tracker = stage.window.panels.tracker
    dock = stage.window.panels.docks["patches"]
    dock.show()
    dock.raise_()
    before = tracker.key()
    tabs = stage.feature("PatchesFeature").panel.findChild(QTabWidget)
    for key in ("crpn", "ccr"):
        tracker.set_key(key)
        stage.go(0)
        stage.act("track_one")
        stage.breathe(1.5)
        stage.idle()
        stage.breathe(0.5)
        dock.raise_()
        stage.shoot(f"80-patches-{key}")
        for at in range(tabs.count()):
            tabs.setCurrentIndex(at)
            stage.docks(f"81-patches-{key}-{at}", ("patches",))
        tabs.setCurrentIndex(0)
        stage.act("undo")
    tracker.set_key(before)
    dock.hide()


def failures(stage: Stage) -> None:
    """The gallery with cards: a run that starts beside the target."""
    from core.geometry import Box

    edits = stage.controller.edits
    stage.feature("TruthFeature").panel.source_changed.emit(False)
    stage.go(0)
    edits.draw_mode(new_object=True)
    edits.drawn(Box(300.0, 60.0, 60.0, 60.0))
    stage.act("track_n")
    stage.breathe(0.5)
    stage.idle()
    dock = stage.window.panels.docks["failures"]
    dock.show()
    dock.raise_()
    stage.breathe(3)
    stage.shoot("82-failures")
    stage.docks("83-failures", ("failures", "evaluation"))
    dock.hide()


def compared(stage: Stage) -> None:
    """A and B in the ways they can be laid over each other."""
    feature = stage.feature("WhatIfFeature")
    stage.act("compare")
    stage.breathe(1)
    for mode in (SWIPE, FLICKER, SIDE_BY_SIDE):
        feature.view.canvas.set_mode(mode)
        stage.shoot(f"84-compared-{mode}")
    stage.act("compare")


def replayed(stage: Stage) -> None:
    """A run is recorded, then its recording is opened without the tracker."""
    feature = stage.feature("RecordingFeature")
    dock = stage.window.panels.docks["recording"]
    dock.show()
    dock.raise_()
    stage.act("record")
    stage.go(0)
    stage.act("track_n")
    stage.breathe(1)
    stage.shoot("85-recording")
    stage.docks("86-recording", ("recording",))
    stage.idle()
    stage.act("record")
    stage.wait(lambda: stage.window.actions_by_id["replay_last"].isEnabled(), 20)
    stage.desk.stack.setClean()
    stage.act("replay_last")
    stage.wait(lambda: feature.replay.session is not None, 20)
    stage.breathe(1)
    stage.go(20)
    stage.shoot("87-replay")
    stage.docks("88-replay", ("recording", "tracker", "timeline", "layers", "curves"))
