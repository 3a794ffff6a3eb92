"""Documents that fit into any format, and every registered format."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from core import formats
from core.document.document import Document, Run, VideoRef
from core.document.track import Columns, Keyframe
from core.geometry import Box
from core.states import Flag, Source, TargetState

WIDTH, HEIGHT, FRAMES = 640, 480, 60
VIDEO = VideoRef("/videos/Straße.mp4", "f00d", WIDTH, HEIGHT, FRAMES, 25.0)
LABELS = ("", "car", "Läufer, schnell", 'a<b>&"c"', "犬", "- x: y")

formats.load_all()


@st.composite
def keyframes(draw: st.DrawFn) -> Keyframe:
    x, y = draw(st.floats(0, WIDTH - 5)), draw(st.floats(0, HEIGHT - 5))
    w, h = draw(st.floats(2, WIDTH - x)), draw(st.floats(2, HEIGHT - y))
    return Keyframe(
        draw(st.integers(0, FRAMES - 1)),
        Box(x, y, w, h),
        draw(st.sampled_from(Source)),
        draw(st.floats(0, 1, width=32)),
        draw(st.sampled_from(TargetState)),
        Flag(draw(st.integers(0, 15))),
        draw(st.integers(0, 2)),
    )


@st.composite
def documents(draw: st.DrawFn) -> Document:
    document = Document(VIDEO)
    for _ in range(draw(st.integers(0, 3))):
        document, track = document.with_new_track(
            draw(st.sampled_from(LABELS)), name=draw(st.sampled_from(("", "Anna", 'ö; "q"')))
        )
        keys = draw(st.lists(keyframes(), max_size=12))
        run = Run(document.next_run_id, track.id, "ccr", {"rate": 0.5, "on": True}, 0, 9)
        document = document.with_track(track).with_run(run, Columns.of_keyframes(keys))
    return document


@pytest.fixture(scope="session")
def any_document() -> st.SearchStrategy[Document]:
    return documents()


@pytest.fixture
def document() -> Document:
    """Two tracks whose every number is easy to check by hand."""
    doc = Document(VIDEO)
    doc, car = doc.with_new_track("car")
    doc, person = doc.with_new_track("person")
    doc = doc.with_track(
        car.with_keyframes(
            [
                Keyframe(0, Box(10, 20, 30, 40)),
                Keyframe(2, Box(12.5, 20, 30, 40), Source.TRACKED, 0.75, flags=Flag.OCCLUDED),
            ]
        )
    )
    return doc.with_track(
        person.with_keyframes(
            [
                Keyframe(2, Box(600, 400, 64, 100), Source.TRACKED, 0.5, TargetState.UNCERTAIN),
                Keyframe(3, Box(0, 0, 0, 0), flags=Flag.ABSENT),
            ]
        )
    )
