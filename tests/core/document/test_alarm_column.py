"""The bits that say what spoke against a box: kept everywhere, zero in older files."""

from __future__ import annotations

from core.document import codec, journal
from core.document.checked import Node
from core.document.document import Document, VideoRef
from core.document.track import Keyframe, Track
from core.errors import ProjectError
from core.geometry import Box
from core.states import Flag, Source


def _track() -> Track:
    keys = [
        Keyframe(k, Box(k, 2, 30, 40), Source.TRACKED, 0.5, alarms=alarms)
        for k, alarms in enumerate((0, 5, 0, 65535))
    ]
    return Track(1).with_keyframes(keys)


def _node(value: object) -> Node:
    return Node(value, "", ProjectError, "project", "")


def test_that_alarms_survive_saving_and_the_journal() -> None:
    columns = _track().columns
    assert codec.decode_columns(_node(codec.encode_columns(columns))) == columns
    document = Document(VideoRef("a.mp4"), (_track(),))
    record = journal.difference(journal.NOTHING, document)
    assert journal.apply(journal.NOTHING, record).tracks[0].columns == columns


def test_that_a_change_of_alarms_alone_is_written() -> None:
    before = Document(VideoRef("a.mp4"), (_track(),))
    after = before.with_track(
        _track().with_keyframes([Keyframe(0, Box(0, 2, 30, 40), Source.TRACKED, 0.5, alarms=1)])
    )
    record = journal.difference(before, after)
    assert journal.apply(before, record).tracks[0].columns.alarms.tolist() == [1, 5, 0, 65535]


def test_that_files_without_alarms_read_as_having_none() -> None:
    value = codec.encode_columns(_track().columns)
    del value["alarms"]
    read = codec.decode_columns(_node(value))
    assert read.alarms.tolist() == [0, 0, 0, 0]
    record = journal.difference(journal.NOTHING, Document(VideoRef("a.mp4"), (_track(),)))
    del record["tracks"][0]["rows"]["alarms"]
    assert journal.apply(journal.NOTHING, record).tracks[0].columns == read


def test_that_a_dismissed_alarm_can_be_saved() -> None:
    key = Keyframe(0, Box(0, 0, 9, 9), Source.TRACKED, flags=Flag.DISMISSED)
    columns = Track(1).with_keyframes([key]).columns
    assert codec.decode_columns(_node(codec.encode_columns(columns))).key(0) == key
