"""Windows for tests of features."""

from __future__ import annotations

from fakes.app_fixtures import answers, driver, make_driver, no_leaks  # noqa: F401
