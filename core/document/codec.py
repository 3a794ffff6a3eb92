"""Documents as plain JSON values and back: the one codec of all own files.

Columns are stored per track. Frames become inclusive ranges, the columns that
rarely change (source, state, flags, run, alarms) become ``[value, count]`` stretches, boxes
stay rows ``[x, y, w, h]`` at full precision (of long tracks packed), so that what is loaded
equals what was saved. Decoding trusts nothing: every mistake is an error with its place.
"""

from __future__ import annotations

import base64
import math
from types import MappingProxyType
from typing import Any

import numpy as np

from core.document.checked import INT32, Node, shown
from core.document.codec_columns import (
    WHOLE_COLUMNS,
    decode_columns,
    decode_frames,
    encode_columns,
    numbers,
    ranges,
)
from core.document.document import COLOR, Document, Label, Proposal, Run, VideoRef
from core.document.schema import Attribute, AttributeKind, AttributeValue, require_distinct
from core.document.track import Columns, Interval, Steps, Track
from core.errors import EditError
from core.frame_sample import SIDE, FrameSample
from core.states import CorrectionPolicy, IntervalMode, RunKind

TEXT_LIMIT = 10_000
"""Longest text value of an attribute that is read, in characters."""


# ---- encoding -----------------------------------------------------------------------


def encode_video(video: VideoRef) -> dict[str, Any]:
    """The reference to the clip as JSON values."""
    fields: dict[str, Any] = {
        "path": video.path,
        "elsewhere": video.elsewhere,
        "fingerprint": video.fingerprint,
        "width": video.width,
        "height": video.height,
        "frame_count": video.frame_count,
        "fps": video.fps if math.isfinite(video.fps) else 0.0,
    }
    if video.samples:
        fields["samples"] = [
            [s.frame, s.x, s.y, s.width, s.height, base64.b64encode(s.pixels).decode("ascii")]
            for s in video.samples
        ]
    return fields


def encode_label(label: Label) -> dict[str, Any]:
    """A label as JSON values."""
    fields: dict[str, Any] = {"name": label.name, "color": _color(label.color)}
    if label.attributes:
        fields["attributes"] = [_attribute(attribute) for attribute in label.attributes]
    return fields


def _attribute(attribute: Attribute) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": attribute.name, "kind": attribute.kind.value}
    if attribute.default is not None:
        fields["default"] = attribute.default
    if attribute.choices:
        fields["choices"] = list(attribute.choices)
    if attribute.per_frame:
        fields["per_frame"] = True
    limits = {"low": attribute.low, "high": attribute.high}
    return fields | {name: limit for name, limit in limits.items() if math.isfinite(limit)}


def encode_run(run: Run) -> dict[str, Any]:
    """A run as JSON values."""
    fields = {
        "id": run.id,
        "track": run.track_id,
        "tracker": run.tracker,
        "params": {name: _plain(value) for name, value in run.params.items()},
        "start": run.start,
        "end": run.end,
        "policy": run.policy.value,
        "device": run.device,
        "seconds": run.seconds if math.isfinite(run.seconds) else 0.0,
        "created": run.created,
    }
    if run.kind is not RunKind.ONE_WAY:
        fields["kind"] = run.kind.value
    if run.disagreement:
        frames = sorted(run.disagreement)
        fields["disagreement"] = {
            "frames": ranges(np.array(frames, np.int32)),
            "values": [round(run.disagreement[frame], 4) for frame in frames],
        }
    if run.group:
        fields["group"] = run.group
    return fields


def encode_proposal(proposal: Proposal) -> dict[str, Any]:
    """A proposal as JSON values."""
    return {"run": encode_run(proposal.run)} | encode_columns(proposal.columns)


def encode_track(track: Track) -> dict[str, Any]:
    """A track without its boxes as JSON values."""
    fields = {
        "id": track.id,
        "label": track.label,
        "name": track.name,
        "color": _color(track.color),
        "visible": track.visible,
        "locked": track.locked,
    }
    if track.attributes:
        fields["attributes"] = dict(track.attributes)
    if track.intervals:
        fields["intervals"] = [[i.first, i.last, i.mode.value] for i in track.intervals]
    if track.steps:
        fields["steps"] = {name: [list(s) for s in steps] for name, steps in track.steps.items()}
    return fields


def _color(color: str) -> str:
    return color if COLOR.fullmatch(color) else ""


def _plain(value: Any) -> bool | int | float | str:
    # Parameters may hold numpy scalars; whatever JSON lacks is kept as text.
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, bool | int | float | str) else str(value)


# ---- decoding -----------------------------------------------------------------------


def decode_document(root: Node) -> Document:
    """Build the document of a file whose format and version have been checked."""
    labels = tuple(decode_label(node) for node in root.field("labels", []).elements())
    tracks = tuple(
        decode_track(node, decode_columns(node)) for node in root.field("tracks").elements()
    )
    runs = tuple(decode_run(node) for node in root.field("runs", []).elements())
    proposals = decode_proposals(root.field("proposals", []), {track.id for track in tracks})
    _require_unique(root.field("labels", []), [label.name for label in labels], "name")
    _require_unique(root.field("tracks"), [track.id for track in tracks], "id")
    _require_unique(root.field("runs", []), [run.id for run in runs], "id")
    return Document(
        decode_video(root.field("video")),
        tracks,
        labels,
        runs,
        max([root.field("next_track_id", 1).integer(1), *(t.id + 1 for t in tracks)]),
        max(
            [
                root.field("next_run_id", 1).integer(1),
                *(r.id + 1 for r in runs),
                *(p.run.id + 1 for p in proposals),
            ]
        ),
        root.field("notes", "").text(),
        proposals,
    )


def _require_unique(node: Node, values: list[Any], name: str) -> None:
    seen: dict[Any, int] = {}
    for i, value in enumerate(values):
        if value in seen:
            other = f"{node.where}[{seen[value]}]"
            raise node.at(i).field(name).fail(f"{shown(value)} is used by {other} already")
        seen[value] = i


def decode_video(node: Node) -> VideoRef:
    """The reference to the clip."""
    return VideoRef(
        node.field("path").text(),
        node.field("fingerprint", "").text(),
        node.field("width", 0).integer(),
        node.field("height", 0).integer(),
        node.field("frame_count", 0).integer(),
        node.field("fps", 0.0).number(0, 1e6),
        node.field("elsewhere", "").text(),
        tuple(_sample(sample) for sample in node.field("samples", []).elements()),
    )


def _sample(node: Node) -> FrameSample:
    numbers = [node.at(k).integer(0 if k < 3 else 1) for k in range(5)]
    try:
        pixels = base64.b64decode(node.at(5).text(), validate=True)
    except ValueError as error:
        raise node.at(5).fail("it is not base64") from error
    if len(pixels) != SIDE * SIDE:
        raise node.at(5).fail(f"{SIDE * SIDE} values were expected, not {len(pixels)}")
    frame, x, y, width, height = numbers
    return FrameSample(frame, x, y, width, height, pixels)


def decode_label(node: Node) -> Label:
    """A label."""
    attributes = tuple(_decode_attribute(n) for n in node.field("attributes", []).elements())
    try:
        require_distinct(attributes)
    except EditError as error:
        raise node.field("attributes").fail(error.message) from error
    return Label(node.field("name").text(), decode_color(node.field("color", "")), attributes)


def _decode_attribute(node: Node) -> Attribute:
    kind = node.field("kind")
    if kind.text() not in list(AttributeKind):
        raise kind.fail(f"{shown(kind.value)} is not a kind of attribute")
    default = node.field("default", None)
    try:
        return Attribute(
            node.field("name").text(),
            AttributeKind(kind.text()),
            None if default.value is None else _value(default),
            tuple(choice.text() for choice in node.field("choices", []).elements()),
            -math.inf if "low" not in node.mapping() else node.field("low").number(),
            math.inf if "high" not in node.mapping() else node.field("high").number(),
            node.field("per_frame", False).boolean(),
        )
    except EditError as error:
        raise node.fail(error.message) from error


def _value(node: Node) -> AttributeValue:
    if isinstance(node.value, bool):
        return node.value
    if isinstance(node.value, str):
        if len(node.value) > TEXT_LIMIT:
            raise node.fail("the text is too long")
        return node.value
    return node.number()


def decode_color(node: Node) -> str:
    """``#rrggbb`` or empty."""
    text = node.text()
    if text and not COLOR.fullmatch(text):
        raise node.fail(f"{shown(text)} is not a colour of the form #rrggbb")
    return text


def decode_run(node: Node) -> Run:
    """A tracker run."""
    policy = node.field("policy", CorrectionPolicy.NEW_TEMPLATE.value)
    if policy.text() not in list(CorrectionPolicy):
        raise policy.fail(f"{shown(policy.value)} is not a correction policy")
    params = node.field("params", {})
    for name, value in params.mapping().items():
        if not isinstance(value, bool | int | float | str):
            raise params.field(name).fail("a plain value was expected")
    return Run(
        node.field("id").integer(1),
        node.field("track").integer(1),
        node.field("tracker").text(),
        MappingProxyType(dict(params.mapping())),
        node.field("start").integer(-INT32),
        node.field("end").integer(-INT32),
        CorrectionPolicy(policy.text()),
        node.field("device", "").text(),
        node.field("seconds", 0.0).number(0),
        node.field("created", "").text(),
        _kind(node.field("kind", RunKind.ONE_WAY.value)),
        _disagreement(node.field("disagreement", None)),
        node.field("group", 0).integer(),
    )


def _kind(node: Node) -> RunKind:
    if node.text() not in list(RunKind):
        raise node.fail(f"{shown(node.value)} is not a kind of run")
    return RunKind(node.text())


def _disagreement(node: Node) -> MappingProxyType[int, float]:
    if node.value is None:
        return MappingProxyType({})
    values = numbers(node.field("values"), 0, 1)
    frames = decode_frames(node.field("frames"), len(values))
    return MappingProxyType(dict(zip(frames.tolist(), values.tolist(), strict=True)))


def decode_proposals(node: Node, track_ids: set[int]) -> tuple[Proposal, ...]:
    """The proposals; each belongs to a track that is there."""
    found: list[Proposal] = []
    for element in node.elements():
        run = decode_run(element.field("run"))
        if run.track_id not in track_ids:
            raise element.field("run").field("track").fail(f"there is no track {run.track_id}")
        if any(other.run.id == run.id for other in found):
            raise element.field("run").field("id").fail(f"{run.id} is used already")
        found.append(Proposal(run, decode_columns(element)))
    return tuple(found)


def decode_track(node: Node, columns: Columns) -> Track:
    """A track with the boxes that were read already."""
    return Track(
        node.field("id").integer(1, INT32 - 1),
        node.field("label", "").text(),
        node.field("name", "").text(),
        decode_color(node.field("color", "")),
        node.field("visible", True).boolean(),
        node.field("locked", False).boolean(),
        columns,
        _attributes(node.field("attributes", {})),
        _intervals(node.field("intervals", [])),
        _steps(node.field("steps", {})),
    )


def _attributes(node: Node) -> MappingProxyType[str, AttributeValue]:
    return MappingProxyType({name: _value(node.field(name)) for name in node.mapping()})


def _steps(node: Node) -> MappingProxyType[str, Steps]:
    found: dict[str, Steps] = {}
    for name in node.mapping():
        steps: list[tuple[int, AttributeValue]] = []
        for step in node.field(name).elements():
            frame = step.at(0).integer(steps[-1][0] + 1 if steps else 0)
            steps.append((frame, _value(step.at(1))))
        if steps:
            found[name] = tuple(steps)
    return MappingProxyType(found)


def _intervals(node: Node) -> tuple[Interval, ...]:
    found: list[Interval] = []
    for span in node.elements():
        first = span.at(0).integer(found[-1].last if found else 0)
        last = span.at(1).integer(first + 2)
        mode = span.at(2)
        if mode.text() not in list(IntervalMode) or mode.value == IntervalMode.TRACKED:
            raise mode.fail(f"{shown(mode.value)} is not a mode of an interval")
        found.append(Interval(first, last, IntervalMode(mode.text())))
    return tuple(found)


__all__ = [
    "WHOLE_COLUMNS",
    "decode_columns",
    "decode_document",
    "encode_columns",
    "ranges",
]
