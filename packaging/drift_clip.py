"""Paint a clip on which trackers drift: a small beetle that turns, then leaves, in a garden.

The pictures of benchmarks are not ours to ship. This clip has what makes a tracker drift on
them: a small target that changes faster than a filter learns, beside something bright that
the filter learns with it, and then leaves within a few frames. A folder in VOT's layout, so that
everything that opens benchmarks opens it::

    python packaging/drift_clip.py --out DIR
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import cv2

sys.path.insert(0, str(Path(__file__).resolve().parent))

from demo_garden import garden
from demo_sprites import FINE, ladybird, legs

from core.video.scene import Actor, Pose, Scene

WIDTH, HEIGHT, FRAMES = 480, 270, 70
SIZE = 0.42
TURNS, LEAVES = 4, 12
"""Frames at which the beetle begins to turn, and to leave."""


def main() -> None:
    """Write pictures and true boxes."""
    parser = argparse.ArgumentParser(description="Paint a clip on which trackers drift.")
    parser.add_argument("--out", type=Path, required=True)
    write(parser.parse_args().out)


def write(folder: Path) -> Path:
    """The clip as pictures with ``groundtruth.txt``, in `folder`."""
    (folder / "color").mkdir(parents=True, exist_ok=True)
    scene, rows = drift_scene(), []
    for index in range(FRAMES):
        picture = cv2.cvtColor(scene.render(index), cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(folder / "color" / f"{index + 1:08d}.png"), picture)
        box = scene.truth(index).box
        values = box.as_tuple() if box is not None else (math.nan,) * 4
        rows.append(",".join(f"{value:.2f}" for value in values))
    (folder / "groundtruth.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def pose(time: float) -> Pose:
    """Where the beetle is: it walks along the flower, turns on the spot, and jumps off."""
    turned = 40.0 * min(max(time - TURNS, 0.0), LEAVES - TURNS)
    x = 184 + 1.5 * min(time, TURNS)
    y = 92 + 1.0 * min(time, TURNS)
    gone = max(time - LEAVES, 0.0)
    way = 17.0 * min(gone, 7.0) + 3.0 * max(gone - 7.0, 0.0)
    size = SIZE * (1 + 0.05 * min(max(time - TURNS, 0.0), 8.0))
    return Pose(x + 0.75 * way, y + 0.5 * way, size / FINE, 40 + turned)


def drift_scene() -> Scene:
    """The garden with a beetle that has nearly the leaves' colour, beside a bright flower."""
    shell, shade = ladybird(
        (92, 120, 58),
        [(0.0, -0.72, 0.2), (0.42, -0.36, 0.17), (0.62, 0.18, 0.17), (0.3, 0.52, 0.16)],
    )
    actors = [Actor(shade, lambda time: _below(pose(time)))]
    for phase in (0, 1):
        step = legs(phase)
        actors.append(
            Actor(step, lambda time, k=phase: pose(time) if int(time // 3) % 2 == k else None)
        )
    target = len(actors)
    actors.append(Actor(shell, pose))
    ground = garden(WIDTH + 40, HEIGHT + 40, 31)
    return Scene(
        WIDTH, HEIGHT, ground, tuple(actors), target=target, shutter=0.6, noise=2.0, seed=3
    )


def _below(above: Pose) -> Pose:
    return Pose(above.cx + 3, above.cy + 4, above.scale, above.angle)


if __name__ == "__main__":
    main()
