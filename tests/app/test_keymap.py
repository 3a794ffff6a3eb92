"""The user's keys: what gets in the way, and what a file may hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import keymap
from app.actions import ACTIONS
from app.keymap import Conflict, KeyMapError

USUAL = {spec.id: spec.keys for spec in ACTIONS}


def test_that_the_usual_keys_are_free_of_conflicts(qapp) -> None:
    assert keymap.conflicts(USUAL) == []


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"a": ("E",), "b": ("e", "F")}, [Conflict("E", ("a", "b"))]),
        ({"a": ("Ctrl+Shift+Z",), "b": ("shift+ctrl+z",)}, [Conflict("Ctrl+Shift+Z", ("a", "b"))]),
        ({"a": ("Left",), "b": ("Alt+Left",)}, [Conflict("Left", ("a",))]),
        ({"a": ("Ctrl+K",), "b": ("Ctrl+K, C",)}, [Conflict("Ctrl+K", ("a", "b"))]),
        ({"a": ("E", "E"), "b": ()}, []),
    ],
)
def test_that_every_kind_of_conflict_is_found(qapp, keys, expected) -> None:
    assert keymap.conflicts(keys) == expected


def test_that_only_what_differs_is_kept_and_comes_back(qapp, tmp_path: Path) -> None:
    keys = keymap.merged(USUAL, {"retrack": ("Ctrl+Alt+Shift+9", "F5"), "stop": ()})
    own = keymap.differences(USUAL, keys)
    assert own == {"retrack": ("Ctrl+Alt+Shift+9", "F5"), "stop": ()}
    keymap.save(own, tmp_path / "k.toml")
    assert keymap.load(tmp_path / "k.toml", USUAL) == (own, "")
    assert keymap.merged(USUAL, own) == keys
    assert keymap.differences(USUAL, USUAL) == {}


def test_that_a_key_of_the_users_is_not_given_twice_by_a_default() -> None:
    keys = keymap.merged({"old": ("A",), "new": ("Ctrl+B", "C")}, {"old": ("ctrl+b",)})
    assert keys == {"old": ("ctrl+b",), "new": ("C",)}


def test_that_what_cannot_be_used_is_named_and_the_rest_taken(qapp, tmp_path: Path) -> None:
    text = '[keys]\nretrack = ["Ctrl+R", "Bogus+Q", 7]\nfly = ["F"]\nstop = "E"\nundo = []\n'
    (tmp_path / "k.toml").write_text(text, "utf-8")
    own, complaint = keymap.load(tmp_path / "k.toml", USUAL)
    assert own == {"retrack": ("Ctrl+R",), "undo": ()}
    for word in ("Bogus+Q", "7", "fly", "stop"):
        assert word in complaint


@pytest.mark.parametrize("content", [b"", b"[keys", b"keys = 3", b"\xff\xfe", b"a" * (2 << 20)])
def test_that_other_files_are_refused_in_words(qapp, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "k.toml").write_bytes(content)
    with pytest.raises(KeyMapError) as told:
        keymap.load(tmp_path / "k.toml", USUAL)
    assert told.value.hint


def test_that_a_damaged_file_of_the_user_leaves_the_usual_keys(qapp) -> None:
    assert keymap.stored(USUAL) == ({}, "")
    keymap.path().parent.mkdir(parents=True, exist_ok=True)
    keymap.path().write_text("[", "utf-8")
    own, complaint = keymap.stored(USUAL)
    assert own == {}
    assert "usual keys" in complaint
