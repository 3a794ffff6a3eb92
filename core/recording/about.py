"""Where a recording comes from, as events in its log: enough to make it again.

An event is one JSON object with its kind under ``event``, the number of frames recorded
before it under ``row``, and the time. Unknown kinds and fields are left alone by readers,
so that later versions may say more.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import torch

from core import device as devices
from core import weights
from core.document.checked import Node, parse_json
from core.document.document import COLOR
from core.document.track import Track
from core.engine.plan import RunPlan
from core.engine.runner import RunEnd
from core.errors import RecordingError
from core.geometry import Box
from core.params import Value
from core.states import CorrectionPolicy
from core.trackers import registry
from core.trackers.base import Services
from core.trackers.registry import TrackerSpec
from core.version import VERSION
from core.video.source import VideoInfo
from core.weights.files import digest

Event = dict[str, Any]
START, RUN, TUNE, END, NOTE, CLOSED = "start", "run", "tune", "end", "note", "closed"
_KIND, _HINT = "recording", "Record it again, or take an older copy."


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """The clip that was tracked; `fingerprint` recognises it wherever it lies.

    `relative` is the way to it from the recording's folder, empty where there is none.
    """

    path: str = ""
    fingerprint: str = ""
    width: int = 0
    height: int = 0
    frame_count: int = 0
    fps: float = 0.0
    relative: str = ""


@dataclass(frozen=True, slots=True)
class WeightsFacts:
    """A file of weights that a run used. `trust` says how far the file was checked."""

    key: str
    file: str
    sha256: str
    trust: str


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """The object that a run follows, as it is in the document."""

    id: int = 1
    name: str = ""
    label: str = ""
    color: str = ""

    @classmethod
    def of(cls, track: Track) -> TargetFacts:
        """What is kept of a track."""
        return cls(track.id, track.name, track.label, track.color)


@dataclass(frozen=True, slots=True)
class Tuning:
    """Values of live parameters that were in force from `row` on."""

    row: int
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run: everything that decides what a tracker does. `row` is its first row.

    `code` is a digest of the tracker's source, empty where that is not at hand. With
    `resumes` it was to go on from the tracker's own box as if it had never stopped.
    """

    id: int
    tracker: str
    params: Mapping[str, Value]
    policy: CorrectionPolicy
    frame: int
    box: Box
    step: int
    device: str
    seed: int
    weights: tuple[WeightsFacts, ...]
    wanted: tuple[str, ...]
    version: str
    code: str
    object: str = ""
    row: int = 0
    target: TargetFacts = TargetFacts()
    resumes: bool = False

    @property
    def is_correction(self) -> bool:
        """Whether it went on from a box that a person corrected, keeping what was learnt."""
        return self.policy is not CorrectionPolicy.NEW_TEMPLATE


def started(info: VideoInfo, *, final: bool = True, beside: Path | None = None) -> Event:
    """The first event: clip and software.

    Parameters
    ----------
    final
        Whether number of frames and rate are known for good; else they are left out.
    beside
        The recording's path, to say how the clip lies from there.
    """
    count, fps = (info.frame_count, info.fps) if final else (0, 0.0)
    clip = ClipFacts(
        info.path.absolute().as_posix() if beside else info.path.as_posix(),
        info.fingerprint, info.width, info.height, count, fps,
        _relative(info.path, beside) if beside else "",
    )  # fmt: skip
    return {"event": START, "time": now(), "video": asdict(clip), "software": software()}


def _relative(clip: Path, recording: Path) -> str:
    try:
        way = os.path.relpath(clip.absolute(), recording.absolute().parent)
    except ValueError:  # another drive
        return ""
    return Path(way).as_posix()


def run_started(
    plan: RunPlan, services: Services, wanted: Iterable[str], track: Track | None = None
) -> Event:
    """A run begins, on `track`.

    Raises
    ------
    BoxtrailError
        If there is no such tracker, or its weights cannot be read.
    """
    run, spec = plan.run, registry.find(plan.run.tracker)
    facts = RunFacts(
        run.id,
        run.tracker,
        dict(run.params),
        run.policy,
        plan.start.frame,
        plan.start.box,
        plan.step,
        devices.describe(services.device),
        services.seed,
        tuple(weights_used(spec, services)),
        tuple(sorted(wanted)),
        VERSION,
        code_digest(spec),
        track.title if track is not None else "",
        target=TargetFacts.of(track) if track is not None else TargetFacts(run.track_id),
        resumes=plan.start.resumes,
    )
    fields = asdict(facts) | {"box": list(plan.start.box.as_tuple()), "policy": str(run.policy)}
    del fields["row"]
    return {"event": RUN, "time": now(), **fields}


def tuned(values: Mapping[str, Value]) -> Event:
    """Live parameters of the run under way got other values."""
    return {"event": TUNE, "time": now(), "values": dict(values)}


def run_ended(end: RunEnd) -> Event:
    """A run is over."""
    error = end.error.message if end.error else ""
    return {
        "event": END, "time": now(), "id": end.run_id, "reason": str(end.reason),
        "frames": end.frames, "seconds": round(end.seconds, 3), "error": error,
    }  # fmt: skip


def software() -> dict[str, str]:
    """Versions of what takes part in a run."""
    return {
        "boxtrail": VERSION,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "hdf5": h5py.version.hdf5_version,
        "system": f"{platform.system()} {platform.machine()}",
    }


def weights_used(spec: TrackerSpec, services: Services) -> list[WeightsFacts]:
    """The weights that a tracker takes with these services, with their SHA-256.

    Raises
    ------
    WeightsError
        If a file is missing or cannot be read.
    """
    keys = dict.fromkeys(part for key in spec.weights for part in weights.entry(key).needed)
    return [_weights(key, services.weights.get(key)) for key in keys]


def _weights(key: str, source: weights.Source | None) -> WeightsFacts:
    if isinstance(source, Mapping):
        hashed = hashlib.sha256()
        for name in sorted(source):
            hashed.update(name.encode())
            hashed.update(source[name].detach().cpu().contiguous().numpy().tobytes())
        return WeightsFacts(key, "", hashed.hexdigest(), "tensors")
    path = source or weights.find(key)
    trust = weights.Trust.UNVERIFIED if source else weights.trust(path, weights.entry(key))
    return WeightsFacts(key, path.name, digest(path), str(trust))


def code_digest(spec: TrackerSpec) -> str:
    """SHA-256 over the tracker's own source files; empty where there are none."""
    module = sys.modules.get(spec.build.__module__)
    file = getattr(module, "__file__", None)
    if not file or not Path(file).is_file():
        return ""
    whole = Path(file).parent.name != "trackers" and (Path(file).parent / "__init__.py").is_file()
    files = sorted(Path(file).parent.glob("*.py")) if whole else [Path(file)]
    hashed = hashlib.sha256()
    for source in files:
        hashed.update(source.name.encode() + b"\0" + source.read_bytes())
    return hashed.hexdigest()


def now() -> str:
    """The time in UTC, ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def parse(text: str) -> list[Node]:
    """The events of a log; a last line that a killed program left unfinished is left out.

    Raises
    ------
    RecordingError
        If a line is not a JSON object.
    """
    lines = text.split("\n")[:-1]
    nodes = []
    for number, line in enumerate(lines, start=1):
        value = parse_json(line, f"log line {number}", RecordingError, _KIND)
        node = Node(value, f"log line {number}", RecordingError, _KIND, _HINT)
        node.field("event").text()
        nodes.append(node)
    return nodes


def kind(event: Node) -> str:
    """The kind of an event."""
    return event.field("event").text()


def clip_of(event: Node) -> ClipFacts:
    """The clip of a start event."""
    node = event.field("video")
    return ClipFacts(
        node.field("path").text(),
        node.field("fingerprint").text(),
        node.field("width").integer(),
        node.field("height").integer(),
        node.field("frame_count").integer(),
        node.field("fps").number(0),
        node.field("relative", "").text(),
    )


def run_of(event: Node) -> RunFacts:
    """The run of a run event."""
    box = [event.field("box").at(k).number() for k in range(4)]
    params, policy = event.field("params"), event.field("policy").text()
    if policy not in set(CorrectionPolicy):
        raise event.field("policy").fail("it is no way to take a correction")
    return RunFacts(
        event.field("id").integer(),
        event.field("tracker").text(),
        {name: _value(params.field(name)) for name in params.mapping()},
        CorrectionPolicy(policy),
        event.field("frame").integer(),
        Box(*box),
        event.field("step").integer(-1, 1),
        event.field("device").text(),
        event.field("seed").integer(0, 2**63),
        tuple(map(_weights_of, event.field("weights").elements())),
        tuple(node.text() for node in event.field("wanted").elements()),
        event.field("version").text(),
        event.field("code").text(),
        event.field("object").text(),
        event.field("row").integer(),
        _target_of(event.field("target", {})),
        event.field("resumes", default=False).boolean(),
    )


def tuning_of(event: Node) -> Tuning:
    """The values of a tune event."""
    values = event.field("values")
    return Tuning(
        event.field("row").integer(),
        {name: _value(values.field(name)) for name in values.mapping()},
    )


def _target_of(node: Node) -> TargetFacts:
    name, label, color = (node.field(name, "").text() for name in ("name", "label", "color"))
    usable = COLOR.fullmatch(color) is not None
    return TargetFacts(node.field("id", 1).integer(1), name, label, color if usable else "")


def _value(node: Node) -> Value:
    if isinstance(node.value, bool | int | float | str):
        return node.value
    raise node.fail("it is not a value of a parameter")


def _weights_of(node: Node) -> WeightsFacts:
    return WeightsFacts(*(node.field(name).text() for name in ("key", "file", "sha256", "trust")))
