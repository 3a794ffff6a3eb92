"""Finding an action by a few letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dialogs.palette import Entry, found
from app.dialogs.palette_match import match

NAMES = ("Track forward", "Track backward", "Fit the window", "Target truncated", "Undo", "Redo")
ENTRIES = [
    Entry(name.casefold(), name, "Edit" if name.endswith("do") else "Track", "", "")
    for name in NAMES
]


def names(query: str, last: tuple[str, ...] = ()) -> list[str]:
    return [entry.name for entry, _ in found(ENTRIES, query, last)]


@pytest.mark.parametrize(
    ("query", "first"),
    [("tb", "Track backward"), ("trackf", "Track forward"), ("ftw", "Fit the window"),
     ("trunc", "Target truncated"), ("do", "Undo"), ("TT", "Target truncated")],
)  # fmt: skip
def test_that_the_likeliest_action_comes_first(query: str, first: str) -> None:
    assert names(query)[0] == first


def test_that_all_letters_have_to_fit() -> None:
    assert names("xyz") == []
    assert set(names("edit")) == {"Undo", "Redo"}


def test_that_what_was_done_last_comes_first_and_what_cannot_be_done_last() -> None:
    assert names("", ("redo", "undo"))[:2] == ["Redo", "Undo"]
    entries = [*ENTRIES, Entry("x", "Track", "Track", "", "", "Open a clip first.")]
    assert found(entries, "track", ())[-1][0].id == "x"


@given(st.text("abc ", max_size=5), st.text("abc -", max_size=12))
def test_that_a_match_is_a_way_to_place_the_letters(query: str, text: str) -> None:
    letters = [c for c in query if c != " "]
    result, rest = match(query, text), iter(text)
    assert (result is not None) == all(c in rest for c in letters)
    if result is not None:
        assert [text[i] for i in result[1]] == letters
        assert list(result[1]) == sorted(set(result[1]))
