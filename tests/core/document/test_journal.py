"""The journal: exact differences, and a file that may be cut anywhere."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.document import journal
from core.document.document import Document, Label, VideoRef
from core.document.journal import NOTHING, apply, difference, replay, seal, unseal
from core.document.track import Columns, Keyframe, Track
from core.errors import ProjectError
from core.geometry import Box

HEADER = journal.Header("/p/a.boxtrail", "/v/a.mp4", "2026-01-01T00:00:00+00:00")


def through_text(record: journal.Record) -> journal.Record:
    result = unseal(seal(record))
    assert result is not None
    return result


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_that_a_difference_leads_from_any_document_to_any_other(
    any_document: st.SearchStrategy[Document], data: st.DataObject
) -> None:
    before, after = data.draw(any_document), data.draw(any_document)
    assert apply(before, through_text(difference(before, after))) == after
    assert apply(NOTHING, through_text(difference(NOTHING, after))) == after
    assert difference(after, after) == {}


def test_that_equal_documents_that_are_not_the_same_object_do_not_differ(
    document: Document,
) -> None:
    copy = apply(NOTHING, difference(NOTHING, document))
    assert copy is not document
    assert difference(document, copy) == {}


def test_that_one_edit_in_a_long_track_makes_a_short_record() -> None:
    keys = [Keyframe(n, Box(n / 3, 1, 2, 3)) for n in range(5000)]
    before = Document(VideoRef("a")).with_track(Track(1, columns=Columns.of_keyframes(keys)))
    after = before.with_track(before.track(1).with_keyframes([Keyframe(7, Box(0, 0, 9, 9))]))
    after = after.with_track(after.track(1).without(100, 103))
    record = difference(before, after)
    assert len(seal(record)) < 600
    assert record["tracks"][0]["gone"] == [[100, 102]]
    assert apply(before, record) == after


def test_that_a_box_that_is_not_a_number_does_not_change_forever() -> None:
    row = Columns.of_keyframes([Keyframe(1, Box(float("nan"), 1, 2, 3))])
    gone, changed = journal.changed_rows(row, row)
    assert len(gone) == len(changed) == 0


@given(line=st.binary(max_size=60))
def test_that_noise_is_never_taken_for_a_record(line: bytes) -> None:
    assert unseal(line) is None


def test_that_every_flipped_byte_is_noticed() -> None:
    line = seal({"notes": "ä", "n": 1})
    for i in range(len(line)):
        assert unseal(line[:i] + bytes([line[i] ^ 1]) + line[i + 1 :]) is None
        assert unseal(line[:i]) is None


def journal_of(*documents: Document) -> list[bytes]:
    lines, before = [seal(HEADER.record())], NOTHING
    for i, document in enumerate(documents):
        lines.append(seal({"at": f"t{i}", **difference(before, document)}))
        before = document
    return lines


def stages(document: Document) -> list[Document]:
    second = document.with_label(Label("bird", "#00ff00"))
    third = second.without_track(1)
    return [document, second, third]


def test_that_a_journal_cut_anywhere_gives_the_last_whole_state(document: Document) -> None:
    states = stages(document)
    lines = journal_of(*states)
    content = b"".join(lines)
    ends = np.cumsum([len(line) for line in lines])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.recovery"
        for length in range(0, len(content) + 1, 7):
            path.write_bytes(content[:length])
            whole = int((ends <= length).sum()) - 2
            if whole < 0:
                with pytest.raises(ProjectError):
                    replay(path)
                continue
            state = replay(path)
            assert state.document == states[whole]
            assert (state.saved_at, state.records) == (f"t{whole}", whole + 1)
            assert state.complete, "a torn last line is how every killed program looks"


def test_that_damage_before_good_lines_is_told(document: Document, tmp_path: Path) -> None:
    states = stages(document)
    lines = journal_of(*states)
    lines[2] = lines[2].replace(b'"', b"'", 1)
    path = tmp_path / "a.recovery"
    path.write_bytes(b"".join(lines))
    state = replay(path)
    assert state.document == document
    assert not state.complete


def rows(**changes: Any) -> dict[str, Any]:
    record = difference(NOTHING, Document(VideoRef("a")).with_track(Track(1, columns=ONE)))
    record["tracks"][0]["rows"] |= changes
    return record


ONE = Columns.of_keyframes([Keyframe(3, Box(1, 2, 3, 4))])


def encoded(*values: Any, dtype: str) -> str:
    return base64.b64encode(np.array(values, dtype).tobytes()).decode()


@pytest.mark.parametrize(
    "record",
    [
        {"video": 5},
        {"next_ids": [1]},
        {"next_ids": ["a", 1]},
        {"track_order": [4]},
        {"track_order": [1, 1]},
        {"runs": {"order": [1], "put": []}},
        {"tracks": [{"fields": {"id": 0}}]},
        {"tracks": [{"fields": {"id": 1}, "gone": [[1]]}]},
        {"tracks": 7},
        rows(frames="###"),
        rows(frames=encoded(1, dtype="<i2")),
        rows(frames=encoded(1, 2, dtype="<i4")),
        rows(frames=encoded(-1, dtype="<i4")),
        rows(sources=encoded(77, dtype="u1")),
        rows(boxes=encoded(1, 2, 3, dtype="<f8")),
    ],
)
def test_that_a_record_that_fits_nothing_is_an_error_not_a_crash(record: dict[str, Any]) -> None:
    with pytest.raises(ProjectError):
        apply(NOTHING, record)
