"""Checks and carried corrections in the window: two actions, and progress in the bottom line."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.controller.checking import Checking
from app.features.feature import Feature, Parts


class CheckingFeature(Feature):
    """See the module docstring."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        controller = parts.controller
        self.checking = Checking(controller.desk, controller.background, self)
        self.checking.progress.connect(parts.status.show_work)

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """The actions of app/actions/review.py."""
        return {"check": self.checking.check, "carry": self.checking.carry}

    def finish(self) -> None:
        """A check must let go of the clip before that is closed."""
        self.checking.finish()
