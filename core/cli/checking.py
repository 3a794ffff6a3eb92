"""``boxtrail track --check``: other trackers go over what was tracked.

Its doubts are written with the boxes, as those of the run, so every output and the review
in the window show them. Ctrl+C ends the check; what it heard so far is kept.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from core.alarms.review import places
from core.alarms.thresholds import Checkers, calibration
from core.cli.options import find_tracker, require_weights
from core.cli.progress import ProgressLine
from core.document.store import Change
from core.engine.check import check, checkers_of, legs, with_check
from core.engine.control import Control
from core.engine.way_back import WAY_BACK, alarm_of, opinion_of, way_back
from core.session import RunPlan, Session
from core.trackers.base import Services

QUICK, THOROUGH = "quick", "thorough"
"""Values of the options that name no tracker: the one or two that suit the run's."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of checks."""
    parser.add_argument(
        "--check",
        nargs="?",
        const=QUICK,
        metavar="WHO",
        help="let other trackers go over the boxes and doubt those on which they disagree (takes "
        "their time as well): quick asks the one that suits the tracker (default), thorough the "
        "two, way-back the tracker itself on the way back; or name them: KEY or KEY,KEY",
    )
    parser.add_argument(
        "--second",
        nargs="?",
        const=QUICK,
        metavar="WHO",
        help="run a second tracker along and doubt boxes on which it plainly disagrees, so "
        "that --until-unsure stops there (takes its time as well); who: as for --check",
    )


def checkers(
    wanted: str | None, tracker: str, given: Mapping[str, Path] | None = None
) -> Checkers | None:
    """Who checks a run of `tracker`; None for nobody.

    Raises
    ------
    BoxtrailError
        If there is no such tracker or its weights are missing.
    """
    if wanted is None:
        return None
    known, files = calibration(tracker), dict(given or {})
    if wanted == WAY_BACK:
        return way_back(known)
    if wanted in (QUICK, THOROUGH):
        found = checkers_of(known, Services(weights=files), thorough=wanted == THOROUGH)
    else:
        keys = tuple(key.strip() for key in wanted.split(",") if key.strip())
        usual = known.quick if len(keys) == 1 else known.thorough
        found = Checkers(keys or usual.trackers, usual.below)
    for key in found.trackers:
        require_weights(find_tracker(key), files)
    return found


def second_keys(
    wanted: str | None, tracker: str, given: Mapping[str, Path] | None = None
) -> tuple[str, ...]:
    """The trackers that run along with `tracker`; see :func:`checkers`."""
    found = checkers(wanted, tracker, given)
    return found.trackers if found is not None else ()


def check_and_store(
    session: Session, plan: RunPlan, who: Checkers, services: Services, control: Control, line: str
) -> str:
    """Check the run's track and store the doubts; says in one line what came of it.

    Raises
    ------
    BoxtrailError
        If there is nothing to check or one of the trackers cannot run.
    """
    track = session.store.current.track(plan.run.track_id)
    ways = legs(track)
    progress = ProgressLine(sum(way.frames for way in ways), shown=bool(line))
    try:
        checked = check(
            track, ways, session.video, [opinion_of(who.trackers, plan.run, services)], control,
            lambda done: progress.update(done, line),
        )  # fmt: skip
    finally:
        progress.clear()
    alarm = alarm_of(who.trackers)
    after = with_check(track, checked, {alarm: who.below})
    session.store.replace(session.store.current.with_track(after), Change("Check", track.id))
    doubted = int(((after.columns.alarms & int(alarm)) != 0).sum())
    count = len(places(after))
    return (
        f"{checked.frames} boxes checked with {' and '.join(who.trackers)}: {doubted} in doubt; "
        f"{count} {'place' if count == 1 else 'places'} to look at"
    )
