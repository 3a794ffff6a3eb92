"""The manual page names every format and option, with the right default."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import formats, params
from core.document.document import VideoRef
from core.formats.context import ImportContext
from core.formats.options import ExportOptions
from core.states import Source

formats.load_all()
PAGE = Path(__file__).resolve().parents[3] / "docs" / "formats.md"


def rows() -> dict[tuple[str, str], str]:
    """Default in the tables, by format (empty for all) and option."""
    found = {}
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if len(cells) == 4:
            found["", cells[0]] = cells[2]
        elif len(cells) == 5:
            found[cells[0], cells[1]] = cells[3]
    return found


def shown(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("key", sorted(formats.formats))
def test_that_every_option_is_documented_with_its_default(key: str) -> None:
    documented = rows()
    common = {info.name: info.default for info in params.describe(ExportOptions)}
    text = PAGE.read_text("utf-8")
    assert f"| `{key}` | {formats.find(key).title.removesuffix(' (video)')}" in text
    for info in params.describe(formats.find(key).options):
        if info.name in common and info.name != "outside":
            assert documented["", info.name].split("`")[0] == shown(common[info.name])
        elif info.name != "outside":
            assert documented[key, info.name] == shown(info.default)


def test_that_the_example_of_own_json_can_be_read(tmp_path: Path) -> None:
    block = PAGE.read_text("utf-8").partition("```json\n")[2].partition("```")[0]
    json.loads(block)
    path = tmp_path / "a.json"
    path.write_text(block, "utf-8")
    ctx = ImportContext(VideoRef("clip.mp4"))
    (track,) = formats.for_path(path).read(path, None, ctx).tracks
    assert not ctx.skipped
    assert [key.source for key in track.keyframes()] == [Source.MANUAL, Source.TRACKED]


def test_that_the_benchmarks_own_files_are_read(real_data: Path) -> None:
    records = json.loads((real_data / "dev" / "manifest.json").read_text("utf-8"))
    checked = 0
    for record in records:
        if record["dataset"] != "OTB":
            continue
        file = real_data / "dev" / record["gt_file"]
        ctx = ImportContext(VideoRef(record["name"]))
        (track,) = formats.for_path(file).read(file, None, ctx).tracks
        boxes = [list(key.box.as_tuple()) for key in track.keyframes()]
        start = 299 if record["name"] == "David" and len(boxes) > record["n_frames"] else 0
        assert boxes[start : start + record["n_frames"]] == [
            pytest.approx(box) for box in record["boxes"]
        ]
        assert not ctx.skipped
        checked += 1
    assert checked
