"""``boxtrail track --check``: a second tracker goes over what was tracked.

Its doubts are written with the boxes, as those of the run, so every output and the review
in the window show them. Ctrl+C ends the check; what it heard so far is kept.
"""

from __future__ import annotations

import argparse

from core.alarms.kinds import Alarm
from core.alarms.review import places
from core.alarms.thresholds import calibration
from core.cli.options import find_tracker, require_weights
from core.cli.progress import ProgressLine
from core.document.store import Change
from core.engine.check import check, legs, second_tracker, with_check
from core.engine.control import Control
from core.session import RunPlan, Session
from core.trackers.base import Services

AUTOMATIC = "automatic"
"""Value of the option when no tracker is named: the one that suits the run's."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of checks."""
    parser.add_argument(
        "--check",
        nargs="?",
        const=AUTOMATIC,
        metavar="KEY",
        help="let a second tracker go over the boxes and doubt those on which it disagrees "
        "(takes its time as well; default: the one calibrated for the tracker)",
    )
    parser.add_argument(
        "--second",
        nargs="?",
        const=AUTOMATIC,
        metavar="KEY",
        help="run a second tracker along and doubt boxes on which it plainly disagrees, so "
        "that --until-unsure stops there (takes its time as well)",
    )


def second_key(wanted: str | None, tracker: str) -> str:
    """The tracker that checks, empty for none.

    Raises
    ------
    BoxtrailError
        If there is no such tracker or its weights are missing.
    """
    if wanted is None:
        return ""
    key = calibration(tracker).second if wanted == AUTOMATIC else wanted
    require_weights(find_tracker(key), {})
    return key


def check_and_store(
    session: Session, plan: RunPlan, second: str, services: Services, control: Control, line: str
) -> str:
    """Check the run's track and store the doubts; says in one line what came of it.

    Raises
    ------
    BoxtrailError
        If there is nothing to check or the second tracker cannot run.
    """
    track = session.store.current.track(plan.run.track_id)
    ways = legs(track)
    progress = ProgressLine(sum(way.frames for way in ways), shown=bool(line))
    try:
        checked = check(
            track, ways, session.video, [second_tracker(second, services)], control,
            lambda done: progress.update(done, line),
        )  # fmt: skip
    finally:
        progress.clear()
    limit = calibration(plan.run.tracker).check_below
    after = with_check(track, checked, {Alarm.SECOND: limit})
    session.store.replace(session.store.current.with_track(after), Change("Check", track.id))
    doubted = int(((after.columns.alarms & int(Alarm.SECOND)) != 0).sum())
    count = len(places(after))
    return (
        f"{checked.frames} boxes checked with {second}: {doubted} in doubt; "
        f"{count} {'place' if count == 1 else 'places'} to look at"
    )
