"""Draw what the networks would be trained on, so that a person can look at it.

Pairs of each kind of material with their boxes (green; red in negative pairs), composited
clips as film strips (yellow: what can be seen of a partly covered target), and cut-outs over
two strong colours that show halos. Run from the repository root::

    python packaging/training_contact_sheet.py DATA [DATA ...] --out sheets
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core import params as declared
from core.geometry import Box
from core.train.data.composite.library import Library
from core.train.data.composite.scene import Compositor
from core.train.data.material import Material, prepare
from core.train.data.params import PRESETS, PairParams
from core.train.data.report import Report
from core.train.data.sampler import Origin, Pair
from core.train.data.seeds import generator

Image = NDArray[np.uint8]
GREEN, RED, YELLOW = (0, 255, 0), (255, 40, 40), (255, 255, 0)
MOMENTS = (0, 3, 6, 12, 24, 48)
CELL = 100


def main() -> None:
    """Write one PNG for each kind of material."""
    options = arguments()
    report = Report()
    material = prepare(options.data, report, place=options.cache)
    print("\n".join(report.lines()))
    part = material.divided()[1 if options.held_out else 0]
    options.out.mkdir(parents=True, exist_ok=True)
    for origin in Origin:
        save(options.out / f"pairs-{origin.value}.png", pairs(part, origin, options))
    compositor = part.compositor()
    if compositor is not None:
        save(options.out / "clips.png", strips(compositor, options.seed, 12))
    save(options.out / "cutouts.png", cutouts(part.library, options.seed))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", nargs="+", type=Path, help="root folders of training sets")
    parser.add_argument("--out", type=Path, required=True, help="folder of the pictures")
    parser.add_argument("--cache", type=Path, help="folder of the packed cache")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="crpn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--held-out", action="store_true", help="show the held-out part")
    return parser.parse_args()


def pairs(material: Material, origin: Origin, options: argparse.Namespace) -> Image:
    """Rows of five pairs from one kind of material."""
    shares = {kind.value: float(kind is origin) for kind in Origin}
    params = declared.from_dict(PairParams, {**PRESETS[options.preset], **shares})
    sampler = material.sampler(params, seed=options.seed)
    rows = []
    for row in range(options.rows):
        cells = [drawn(sampler.pair(0, 5 * row + column)) for column in range(5)]
        rows.append(np.hstack(cells))
    return np.vstack(rows)


def drawn(pair: Pair) -> Image:
    """Both crops side by side with their boxes and where they come from."""
    colour = RED if pair.negative else GREEN
    template = boxed(pair.template, pair.template_box, colour)
    search = boxed(pair.search, pair.search_box, colour)
    tall = max(template.shape[0], search.shape[0])
    template, search = (
        np.pad(crop, ((0, tall - crop.shape[0]), (0, 0), (0, 0))) for crop in (template, search)
    )
    text = f"{pair.source[:9]} {pair.category[:9]}"
    cv2.putText(
        template, text, (2, template.shape[0] - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.36, YELLOW, 1
    )
    return np.hstack([template, search])


def boxed(image: Image, row: NDArray[np.float32], colour: tuple[int, int, int]) -> Image:
    """A crop with a box about its middle drawn on it."""
    cx, cy, w, h = map(float, row)
    middle = image.shape[0] / 2
    return outlined(image, Box.from_center(middle + cx, middle + cy, w, h), colour)


def outlined(image: Image, box: Box, colour: tuple[int, int, int]) -> Image:
    """A copy of a picture with a box on it."""
    image = image.copy()
    corners = [round(v) for v in (box.x, box.y, box.right - 1, box.bottom - 1)]
    cv2.rectangle(image, corners[:2], corners[2:], colour, 1)
    return image


def strips(compositor: Compositor, seed: int, count: int) -> Image:
    """Film strips of composited clips."""
    rows = []
    for number in range(count):
        clip = compositor.video(generator(seed, 0, number))
        cells = []
        for moment in MOMENTS:
            shot = clip.render(min(moment, clip.length - 1))
            image = outlined(shot.image, shot.truth.box, GREEN)
            if shot.truth.visible is not None and shot.truth.shown < 0.97:
                image = outlined(image, shot.truth.visible, YELLOW)
            cells.append(image)
        rows.append(np.hstack(cells))
    return np.vstack(rows)


def cutouts(library: Library, seed: int, columns: int = 14, rows: int = 12) -> Image:
    """Cut-outs over magenta and green."""
    rng = generator(seed, 0, 0)
    sheet = np.zeros((rows * CELL, columns * CELL, 3), np.uint8)
    chosen = rng.permutation(len(library))[: rows * columns]
    for place, number in enumerate(chosen):
        y, x = divmod(place, columns)
        image = library.cutout(library.entries[number].poses[0]).image
        scale = min((CELL - 4) / max(image.shape[:2]), 1.0)
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        cell = sheet[y * CELL : (y + 1) * CELL, x * CELL : (x + 1) * CELL]
        cell[:] = (255, 0, 255) if (x + y) % 2 else (0, 190, 0)
        alpha = image[..., 3:] / 255.0
        ground = cell[: image.shape[0], : image.shape[1]]
        ground[:] = (image[..., :3] * alpha + ground * (1 - alpha)).astype(np.uint8)
    return sheet


def save(path: Path, image: Image) -> None:
    """Write a PNG and say so."""
    cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    print(path)


if __name__ == "__main__":
    main()
