"""What judges a run of the window, and the doubtful frames that a run left out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.controller.desk import Desk
from app.controller.run_state import ActiveRun
from core import device as devices
from core.alarms.stop import StopRule
from core.alarms.thresholds import calibration
from core.alarms.watcher import Watcher
from core.document.document import Document, Run
from core.document.proposals import proposed
from core.document.track import Columns
from core.engine.check import second_tracker
from core.engine.runner import EndReason, RunEnd, Watch
from core.session import Session
from core.trackers.base import Services


@dataclass(frozen=True, slots=True)
class Tail:
    """Boxes of `run` from the first doubtful one on, in its direction: offered, not kept.

    `propose` says that the run was to propose its boxes instead of changing the object.
    """

    session: Session
    run: Run
    columns: Columns
    first: int
    propose: bool = False

    def applied(self, document: Document) -> Document:
        """`document` with the tail after all; boxes of a person stay.

        The tail of a run that proposed joins what it proposed; the object stays as it is.
        """
        waiting = next((p for p in document.proposals if p.run.id == self.run.id), None)
        known = waiting.run if waiting is not None else document.run(self.run.id) or self.run
        run = replace(known, end=self.run.end)
        if not self.propose:
            return document.with_run(run, self.columns)
        rows = self.columns if waiting is None else waiting.columns.overlaid(self.columns)
        return proposed(document, run, rows)


def watch_for(desk: Desk, tracker: str, *, until_unsure: bool) -> Watch:
    """Alarms of `tracker` as calibrated and learnt, with the rule to stop when wanted.

    Where the user wishes so, a second tracker runs along and is asked about every box.

    Raises
    ------
    BoxtrailError
        If the wanted device is not there.
    """
    known = calibration(tracker)
    thresholds = desk.tolerances.applied(tracker, known.thresholds)
    rule = StopRule(desk.preferences.stop_after, cut_tail=desk.preferences.cut_tail)
    others = []
    if desk.preferences.second_tracker:
        services = Services(devices.choose(desk.preferences.device))
        others = [second_tracker(known.quick.trackers, services)]
    watcher = Watcher(replace(known, thresholds=thresholds), others)
    return Watch(watcher, rule if until_unsure else None)


def tail_of(active: ActiveRun, end: RunEnd | None) -> Tail | None:
    """The doubtful tail of a run until unsure; None where everything is kept."""
    watch = active.job.watch
    if end is None or end.reason is not EndReason.UNSURE or end.doubtful_from is None:
        return None
    if watch is None or watch.rule is None or not watch.rule.cut_tail:
        return None
    plan, columns, last = active.job.plan, active.live.columns(), active.live.last
    tail = columns.select((columns.frames - end.doubtful_from) * plan.step >= 0)
    if not len(tail) or last is None:
        return None
    run = replace(plan.run, end=last.frame)
    return Tail(active.session, run, tail, end.doubtful_from, active.propose)
