"""Preferences survive, bad ones are named, and nothing is written half."""

from __future__ import annotations

from pathlib import Path

from app import settings
from app.settings import Preferences, RecentFiles


def test_that_preferences_are_read_back_and_only_changes_are_stored() -> None:
    changed = Preferences(theme="dark", frame_cache=1024)
    settings.save_preferences(changed)
    assert settings.load_preferences() == (changed, "")
    text = settings.preferences_path().read_text()
    assert "dark" in text
    assert "trail_length" not in text


def test_that_a_missing_file_means_defaults() -> None:
    assert settings.load_preferences() == (Preferences(), "")


def test_that_wrong_values_fall_back_one_by_one_and_are_named() -> None:
    path = settings.preferences_path()
    path.parent.mkdir(parents=True)
    path.write_text('theme = "dark"\nframe_cache = -3\nunheard_of = 1\n')
    preferences, complaint = settings.load_preferences()
    assert preferences == Preferences(theme="dark")
    assert "frame_cache" in complaint
    assert "unheard_of" in complaint


def test_that_a_damaged_file_is_told_and_left_alone() -> None:
    path = settings.preferences_path()
    path.parent.mkdir(parents=True)
    path.write_text("theme = ")
    preferences, complaint = settings.load_preferences()
    assert preferences == Preferences()
    assert complaint
    assert path.read_text() == "theme = "


def test_that_recent_files_are_newest_first_once_each_and_existing(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.mp4", "ü b.mp4", "c.mp4")]
    for file in files:
        file.touch()
        RecentFiles().add(file)
    RecentFiles().add(files[0])
    files[2].unlink()
    assert RecentFiles().paths() == [files[0], files[1]]
