"""Paint and encode the demo clip: a ladybird on its way through a garden.

Everything is drawn by this script (and what it imports) with `core.video.scene`, so the boxes
in ``groundtruth.json`` are exact. Run from the repository root::

    python packaging/make_demo.py            # writes resources/demo
    python packaging/make_demo.py --out DIR  # elsewhere
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av

sys.path.insert(0, str(Path(__file__).resolve().parent))  # also where a test loads this file

from demo_garden import blade, garden
from demo_sprites import FINE, ladybird, legs

from core.video.scene import Actor, Pose, Scene, Truth

WIDTH, HEIGHT, FRAMES, FPS = 640, 360, 300, 30
SEED = 20
PAN = 400  # scene pixels the camera travels
MARGIN = 40  # ground around what the camera sees

PoseOf = Callable[[float], Pose]


def main() -> None:
    """Write the clip, its ground truth, and nothing else."""
    parser = argparse.ArgumentParser(description="Paint and encode the demo clip.")
    default = Path(__file__).resolve().parent.parent / "resources" / "demo"
    parser.add_argument("--out", type=Path, default=default)
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    scene = demo_scene()
    encode(scene, folder / "demo.mp4")
    truths = [scene.truth(index) for index in range(FRAMES)]
    (folder / "groundtruth.json").write_text(truth_text(truths), encoding="utf-8")


def encode(scene: Scene, path: Path) -> None:
    """H.264, one key frame a second, so that seeking is quick."""
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.thread_count = 1  # the same bytes on every machine
        stream.options = {"crf": "20", "preset": "slow", "g": "30", "bf": "2"}
        for index in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(scene.render(index), "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def truth_text(truths: list[Truth]) -> str:
    """The ground truth as JSON, one frame a line."""
    rows = []
    for index, truth in enumerate(truths):
        box = [round(v, 3) for v in truth.box.as_tuple()] if truth.box else None
        row = {
            "frame": index,
            "box": box,
            "visible": round(truth.visible, 3),
            "occluded": truth.occluded,
        }
        rows.append(json.dumps(row))
    first = truths[0].box
    head = {
        "video": "demo.mp4",
        "width": WIDTH,
        "height": HEIGHT,
        "fps": FPS,
        "coordinates": "x, y, w, h in frame pixels; pixel (0, 0) covers [0, 1) x [0, 1)",
        "target": "ladybird: body, head and antennae, without legs",
        "initial_box": [round(v, 3) for v in first.as_tuple()] if first else None,
    }
    body = ",\n    ".join(rows)
    return json.dumps(head, indent=2)[:-2] + f',\n  "frames": [\n    {body}\n  ]\n}}\n'


# -- motion ------------------------------------------------------------------------


def way(time: float) -> tuple[float, float]:
    """Centre of the ladybird in the scene at a time in frames."""
    t = time / FRAMES
    x = 110 + 790 * t + 46 * math.sin(2 * math.pi * 2 * t)
    y = 205 + 78 * math.sin(2 * math.pi * 1.55 * t - 0.5) + 14 * math.sin(2 * math.pi * 5 * t)
    return x, y


def heading(time: float) -> float:
    """Direction of walking in degrees clockwise from up."""
    (x0, y0), (x1, y1) = way(time - 6), way(time + 6)
    return math.degrees(math.atan2(x1 - x0, y0 - y1))


def ladybird_pose(time: float) -> Pose:
    x, y = way(time)
    wobble = 2.5 * math.sin(time * 0.8)
    size = 1 + 0.13 * math.sin(2 * math.pi * time / 230)
    return Pose(x, y, size / FINE, heading(time) + wobble)


def camera(time: float) -> tuple[float, float]:
    t = time / FRAMES
    ease = t * t * (3 - 2 * t)
    hand_x = 1.6 * math.sin(time * 0.21) + 0.7 * math.sin(time * 0.53 + 1)
    hand_y = 1.4 * math.sin(time * 0.17 + 2) + 0.6 * math.sin(time * 0.61)
    return PAN * (0.35 * t + 0.65 * ease) + hand_x, hand_y


def light(time: float) -> float:
    """A small cloud passes."""
    return 1.02 - 0.2 * math.exp(-(((time - 232) / 26) ** 2))


def far_pose(time: float) -> Pose:
    """Another look-alike, always at a distance."""
    swing = time * 0.03
    return Pose(
        860 - 0.75 * time, 86 + 20 * math.sin(swing), 0.8 / FINE, -80 + 14 * math.cos(swing)
    )


def shadow_of(pose_of: PoseOf) -> PoseOf:
    """The shadow lies to the lower right."""

    def pose(time: float) -> Pose:
        above = pose_of(time)
        return Pose(above.cx + 5, above.cy + 7, above.scale, above.angle)

    return pose


def standing(place: Pose) -> PoseOf:
    """Always at one place of the scene."""
    return lambda _time: place


def stepping(pose_of: PoseOf, phase: int) -> Callable[[float], Pose | None]:
    """Legs of one of two phases, which take turns every four frames."""
    return lambda time: pose_of(time) if int(time // 4) % 2 == phase else None


def rival_pose(time: float) -> Pose:
    """A look-alike that crosses just ahead of the ladybird around frame 100."""
    meeting = 100.0
    x, y = way(meeting + 20)
    along = 2.5 * (time - meeting)
    turn = 10 * math.sin(time * 0.05)
    return Pose(
        x + 14 - 0.42 * along, y + along, 0.96 / FINE, 180 + 22 + turn + 2 * math.sin(time * 0.7)
    )


def demo_scene() -> Scene:
    """The garden, the ladybird, its rivals, and grass in front."""
    red, red_shadow = ladybird(
        (206, 38, 30),
        [(0.0, -0.72, 0.2), (0.42, -0.36, 0.17), (0.62, 0.18, 0.17), (0.3, 0.52, 0.16)],
    )
    rival, rival_shadow = ladybird(
        (222, 84, 28),
        [(0.36, -0.5, 0.13), (0.68, -0.1, 0.13), (0.3, 0.06, 0.14), (0.5, 0.48, 0.13)],
    )
    steps = (legs(0), legs(1))

    actors: list[Actor] = []
    for picture, shade, pose_of in (
        (rival, rival_shadow, far_pose),
        (rival, rival_shadow, rival_pose),
        (red, red_shadow, ladybird_pose),
    ):
        actors.append(Actor(shade, shadow_of(pose_of)))
        actors += [Actor(step, stepping(pose_of, phase)) for phase, step in enumerate(steps)]
        actors.append(Actor(picture, pose_of))
    target = len(actors) - 1
    grass_x, grass_y = way(176)
    blades = (
        (blade(430, 38, 5), Pose(grass_x, grass_y + 30, 1.0, 78)),
        (blade(330, 30, 6), Pose(grass_x + 190, 20, 1.0, 118)),
        (blade(360, 38, 7), Pose(250, 400, 1.0, -62)),
    )
    actors += [Actor(sprite, standing(place)) for sprite, place in blades]
    return Scene(
        WIDTH,
        HEIGHT,
        garden(WIDTH + PAN + 2 * MARGIN, HEIGHT + 2 * MARGIN, SEED),
        tuple(actors),
        target=target,
        origin=(MARGIN, MARGIN),
        camera=camera,
        light=light,
        shutter=0.4,
        noise=1.2,
        seed=SEED,
    )


if __name__ == "__main__":
    main()
