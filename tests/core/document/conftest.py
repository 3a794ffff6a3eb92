"""Documents of every shape for property tests, and a plain one for the others."""

from __future__ import annotations

import dataclasses
import itertools
import string

import numpy as np
import pytest
from hypothesis import strategies as st

from core.document.document import Document, Label, Proposal, Run, VideoRef
from core.document.schema import Attribute, AttributeKind
from core.document.track import Columns, Interval, Keyframe, Steps, Track
from core.geometry import Box
from core.states import CorrectionPolicy, Flag, IntervalMode, RunKind, Source, TargetState

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
NUMBER = st.floats(-1e6, 1e6, allow_nan=False)
SIDE = st.floats(0, 1e6, allow_nan=False)
COLOR = st.text(string.hexdigits, min_size=6, max_size=6).map(lambda text: "#" + text) | st.just("")


@st.composite
def keyframes(draw: st.DrawFn, max_frame: int = 200) -> Keyframe:
    return Keyframe(
        draw(st.integers(0, max_frame)),
        Box(draw(NUMBER), draw(NUMBER), draw(SIDE), draw(SIDE)),
        draw(st.sampled_from(Source)),
        draw(st.floats(0, 1, width=32)),
        draw(st.sampled_from(TargetState)),
        Flag(draw(st.integers(0, sum(Flag)))),
        draw(st.integers(0, 5)),
    )


def columns(max_size: int = 25) -> st.SearchStrategy[Columns]:
    return st.lists(keyframes(), max_size=max_size).map(Columns.of_keyframes)


@st.composite
def tracks(draw: st.DrawFn, track_id: int) -> Track:
    return Track(
        track_id,
        draw(TEXT),
        draw(TEXT),
        draw(COLOR),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(columns()),
        draw(st.dictionaries(TEXT, TEXT | NUMBER | st.booleans(), max_size=2)),
        draw(intervals()),
        draw(st.dictionaries(TEXT, steps(), max_size=2)),
    )


@st.composite
def steps(draw: st.DrawFn) -> Steps:
    frames = sorted(draw(st.lists(st.integers(0, 200), unique=True, min_size=1, max_size=4)))
    return tuple((frame, draw(TEXT | NUMBER | st.booleans())) for frame in frames)


@st.composite
def intervals(draw: st.DrawFn) -> tuple[Interval, ...]:
    marks = sorted(draw(st.lists(st.integers(0, 100), unique=True, max_size=5)))
    modes = st.sampled_from([IntervalMode.LINEAR, IntervalMode.SMOOTH, IntervalMode.GAP])
    pairs = itertools.pairwise(marks)
    return tuple(Interval(2 * a, 2 * b, draw(modes)) for a, b in pairs)


@st.composite
def attributes(draw: st.DrawFn, name: str) -> Attribute:
    kind = draw(st.sampled_from(AttributeKind))
    choices = tuple(draw(st.lists(TEXT, unique=True, min_size=1, max_size=3)))
    if kind is AttributeKind.CHOICE:
        return Attribute(name, kind, draw(st.none() | st.sampled_from(choices)), choices)
    if kind is AttributeKind.NUMBER:
        return Attribute(
            name,
            kind,
            draw(st.none() | st.floats(0, 5)),
            low=draw(NUMBER.map(lambda v: -abs(v))),
            high=7.5,
        )
    return Attribute(name, kind, per_frame=draw(st.booleans()))


@st.composite
def runs(draw: st.DrawFn, run_id: int) -> Run:
    values = st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False) | TEXT
    params = draw(st.dictionaries(TEXT, values, max_size=3))
    return Run(
        run_id,
        draw(st.integers(1, 9)),
        draw(TEXT),
        {k: str(v) if v in (float("inf"), float("-inf")) else v for k, v in params.items()},
        draw(st.integers(0, 500)),
        draw(st.integers(-1, 500)),
        draw(st.sampled_from(CorrectionPolicy)),
        draw(TEXT),
        draw(st.floats(0, 1e6)),
        draw(TEXT),
        draw(st.sampled_from(RunKind)),
        draw(
            st.dictionaries(
                st.integers(0, 500), st.integers(0, 10_000).map(lambda v: v / 10_000), max_size=4
            )
        ),
        draw(st.integers(0, 50)),
    )


@st.composite
def documents(draw: st.DrawFn) -> Document:
    ids = draw(st.lists(st.integers(1, 50), unique=True, max_size=4))
    run_ids = draw(st.lists(st.integers(1, 50), unique=True, max_size=3))
    names = draw(st.lists(TEXT, unique=True, max_size=3))
    schema = draw(st.lists(TEXT.filter(str.strip), unique=True, max_size=2))
    waiting = draw(st.lists(st.integers(51, 60), unique=True, max_size=2)) if ids else []
    return Document(
        VideoRef(
            "/videos/" + draw(st.text(string.ascii_letters, min_size=1)), draw(TEXT), 640, 480
        ),
        tuple(draw(tracks(i)) for i in ids),
        tuple(
            Label(name, draw(COLOR), tuple(draw(attributes(n)) for n in schema)) for name in names
        ),
        tuple(draw(runs(i)) for i in run_ids),
        max([0, *ids]) + 1,
        max([0, *run_ids, *waiting]) + 1,
        draw(TEXT),
        tuple(
            Proposal(
                dataclasses.replace(draw(runs(i)), track_id=draw(st.sampled_from(ids))),
                draw(columns()),
            )
            for i in waiting
        ),
    )


@pytest.fixture(scope="session")
def any_document() -> st.SearchStrategy[Document]:
    return documents()


@pytest.fixture(scope="session")
def any_columns() -> st.SearchStrategy[Columns]:
    return columns()


@pytest.fixture
def document() -> Document:
    """Two tracks of a clip: one tracked and corrected, one drawn by hand."""
    doc = Document(VideoRef("/videos/Straße 街.mp4", "f00d", 640, 480, 100, 25.0))
    doc, car = doc.with_new_track("car", color="#ff0000")
    doc, _ = doc.with_new_track("person", name="Anna")
    doc = doc.with_track(doc.track(car.id).with_keyframes([Keyframe(10, Box(1, 2, 30, 40))]))
    tracked = Columns.of(
        {
            "frames": np.arange(11, 31),
            "boxes": np.tile([1.25, 2.5, 30, 40], (20, 1)) + np.arange(20)[:, None] / 3,
            "scores": np.linspace(1, 0.5, 20),
            "sources": np.full(20, Source.TRACKED),
            "states": np.zeros(20),
            "flags": np.zeros(20),
            "runs": np.full(20, doc.next_run_id),
        }
    )
    run = Run(doc.next_run_id, car.id, "ccr", {"learning_rate": 0.02}, 10, 30, created="2026-01-01")
    doc = doc.with_run(run, tracked)
    anna = doc.track(2).with_keyframes(
        [Keyframe(0, Box(5, 6, 7, 8)), Keyframe(50, Box(0, 0, 0, 0), flags=Flag.ABSENT)]
    )
    return doc.with_track(anna)
