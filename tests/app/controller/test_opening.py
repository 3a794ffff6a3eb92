"""Opening a clip whose check ends at an awkward moment."""

from __future__ import annotations

from collections.abc import Callable

from fakes.app_driver import Driver
from fakes.array_video import ArrayVideo, moving_patch

from core.document.document import Document
from core.session import Session, video_ref
from core.video.source import Access


class Checked(ArrayVideo):
    """A clip that is checked when it says so."""

    def on_ready(self, callback: Callable[[], None]) -> None:
        assert self.access is not Access.CHECKING
        callback()


def test_that_a_check_that_ends_while_views_are_filled_is_noticed(driver: Driver) -> None:
    video = Checked(moving_patch(5).images)
    video.access = Access.CHECKING
    told: list[Access] = []

    def end_of_check() -> None:
        video.access = Access.VERIFIED

    driver.desk.clip_changed.connect(end_of_check)  # after the views, which saw CHECKING
    driver.window.controller.project.facts_changed.connect(lambda: told.append(video.access))
    driver.window.controller.project.put(Session(video, Document(video_ref(video))))
    driver.settle()
    assert told == [Access.VERIFIED]
    assert driver.window.status._access.text() == "verified"
