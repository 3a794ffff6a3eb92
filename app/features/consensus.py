"""Several trackers from the same box in the window: what is chosen, said and taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QTimer, Slot

from app.controller.consensus import FUSED, Comparison, Consensus
from app.features.feature import Feature, Parts
from app.panels import scrolled
from app.settings import window_settings
from app.ui_state import UiState
from app.views import proposal_look
from app.views.consensus_chooser import ConsensusChooser
from app.views.consensus_panel import ConsensusPanel, MemberRow
from core import weights
from core.engine.agreement import APART
from core.engine.planning import FEWEST, MOST
from core.errors import WeightsError
from core.trackers import registry
from core.trackers.registry import TrackerSpec
from core.wording import counted

_USUAL = "ccr,edcf,drvt"
_PLACE = "consensus/trackers"
_DELAY_MS = 60
_BUTTONS = ("take_best", "take_fused", "prev_apart", "next_apart")


class ConsensusFeature(Feature):
    """A dock beside the review, and a chooser in the tracker panel."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        controller, actions = parts.controller, parts.actions
        self._desk = controller.desk
        self.consensus = Consensus(controller.desk, controller.playback, self)
        short = (self.tr("Take the best"), self.tr("Take fused"),
                 self.tr("Previous"), self.tr("Next"))  # fmt: skip
        for name, text in zip(_BUTTONS, short, strict=True):
            actions[name].setIconText(text)
        self.panel = ConsensusPanel([actions[name] for name in _BUTTONS])
        self.dock = parts.panels.add_dock(
            "consensus", self.tr("Several trackers"), scrolled(self.panel), beside="review"
        )
        self.chooser = ConsensusChooser(actions["together"])
        parts.panels.tracker.add_section(self.tr("Several trackers"), self.chooser)
        self.chooser.changed.connect(self._chosen)
        self.panel.strip.seek.connect(controller.seek)
        self.panel.here_wanted.connect(self.consensus.take_here)
        self.panel.stretch_wanted.connect(self.consensus.take_stretch)
        self.panel.out_wanted.connect(self.consensus.leave_out)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_DELAY_MS)
        self._later.timeout.connect(self.refresh)
        self._drawn: Comparison | None = None
        self._listed: tuple[str, ...] = ()
        self._desk.document_changed.connect(self._changed)
        self._desk.clip_changed.connect(self._changed)
        controller.playback.moved.connect(self._moved)
        controller.weights.changed.connect(self._offer)
        self.dock.visibilityChanged.connect(self._changed)

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """The actions of app/actions/consensus.py, but the preview."""
        act = self.consensus
        return {
            "together": self.track,
            "take_best": act.take_best,
            "take_fused": lambda: act.take_all(FUSED),
            "next_apart": lambda: act.go(1),
            "prev_apart": lambda: act.go(-1),
            "take_here0": lambda: act.take_here(FUSED),
            **{f"take_here{n}": _with(act.take_here, n - 1) for n in range(1, MOST + 1)},
            **{f"take_stretch{n}": _with(act.take_stretch, n - 1) for n in range(1, MOST + 1)},
        }

    def state_changed(self, state: UiState) -> None:
        """Another object may be selected, or the trackers be there."""
        if state.trackers_ready and not self._listed:
            self._offer()
        self._changed()

    def track(self) -> None:
        """Start the ticked trackers from the box on this frame, and show what they say."""
        chosen = self.chooser.chosen()
        note = self._note(chosen)
        if note:
            self._desk.say(note, self.tr("Tick them in the tracker panel."), "warning")
            return
        # The maps of the tracker in the panel are looked at: it answers first.
        first = self.parts.panels.tracker.key()
        ordered = tuple(sorted(chosen, key=lambda key: key != first))
        self.parts.controller.runs.track_together(ordered)
        self.dock.show()
        self.dock.raise_()

    # ---- the choice ------------------------------------------------------------------------

    @Slot()
    def _offer(self, _: object = None) -> None:
        specs = [spec for _, spec in sorted(registry.trackers.items())]
        lacking = {
            spec.key: self.tr("%s needs weights first.") % spec.title
            for spec in specs
            if _lacks_weights(spec)
        }
        listed = tuple(f"{spec.key} {spec.key in lacking}" for spec in specs)
        if listed == self._listed:
            return
        chosen = self.chooser.chosen() if self._listed else _stored()
        self._listed = listed
        self.chooser.set_trackers([(spec.key, spec.title) for spec in specs], lacking)
        self.chooser.set_chosen(chosen)
        self.chooser.show_note(self._note(self.chooser.chosen()))

    @Slot(tuple)
    def _chosen(self, keys: tuple[str, ...]) -> None:
        window_settings().setValue(_PLACE, ",".join(keys))
        self.chooser.show_note(self._note(keys))

    def _note(self, keys: tuple[str, ...]) -> str:
        if FEWEST <= len(keys) <= MOST:
            return ""
        return self.tr("%d to %d trackers are asked together; %d are ticked.") % (
            FEWEST, MOST, len(keys)
        )  # fmt: skip

    # ---- what is shown ---------------------------------------------------------------------

    def _changed(self, _: object = None) -> None:
        if self.dock.isVisible() and not self._later.isActive():
            self._later.start()

    @Slot(int)
    def _moved(self, _: int) -> None:
        self._changed()

    @Slot()
    def refresh(self) -> None:
        """Bring the panel up to date."""
        found = self.consensus.comparison()
        if found is None or not len(found.frames):
            self._drawn = None
            self.panel.show_rows(self._idle_text(), ())
            return
        frame = self._desk.state.frame
        members = found.waiting.members
        colors = tuple(_look(found, number).color for number in range(len(members)))
        if found is not self._drawn:
            self._drawn = found
            self.panel.strip.show_agreement(found.frames, found.mean, found.best, colors, APART)
        here = found.stretch_at(frame)
        frames = (int(found.frames[here[0]]), int(found.frames[here[1]])) if here else None
        self.panel.strip.set_place(frame, frames)
        self.panel.show_rows(self._text(found, here), self._rows(found, frame, here))

    def _idle_text(self) -> str:
        if self._desk.state.is_running:
            return self.tr("The trackers are running; what they say is compared at the end.")
        return self.tr(
            "Nothing of several trackers waits for this object. Tick some in the tracker panel "
            "and track with them from a frame with a box%s."
        ) % self._desk.key_note("together")

    def _text(self, found: Comparison, here: tuple[int, int, bool] | None) -> str:
        places = sum(apart for _, _, apart in found.stretches())
        left = self.tr("%s on %s.") % (
            counted(places, "disagreement"), counted(int(found.apart().sum()), "frame")
        )  # fmt: skip
        if not places:
            left = self.tr("The trackers agree on all frames (%s).") % (
                counted(len(found.frames), "frame")
            )
        if here is None:
            return left
        first, last, apart = here
        frames = f"{found.frames[first]}–{found.frames[last]}"
        mean = float(found.mean[first : last + 1].mean())
        best = found.waiting.members[found.best_of(first, last)].run.tracker
        said = self.tr("disagree") if apart else self.tr("agree")
        return self.tr("%s Frames %s: they %s (%.2f); best is %s.") % (
            left, frames, said, mean, best
        )  # fmt: skip

    def _rows(
        self, found: Comparison, frame: int, here: tuple[int, int, bool] | None
    ) -> list[MemberRow]:
        at = int(found.frames.searchsorted(frame))
        row = at if at < len(found.frames) and found.frames[at] == frame else None
        best = found.best_of(here[0], here[1]) if here is not None else None
        made: list[MemberRow] = []
        for number, proposal in enumerate(found.waiting.members):
            look, key = _look(found, number), proposal.run.tracker
            made.append(
                MemberRow(
                    number,
                    key,
                    registry.trackers[key].title if key in registry.trackers else key,
                    look.color,
                    look.pattern,
                    None if row is None else float(found.each[number, row]),
                    float(found.each[number].mean()),
                    float((found.best == number).mean()),
                    number == best,
                    self._desk.key_note(f"take_here{number + 1}"),
                    self._desk.key_note(f"take_stretch{number + 1}"),
                )
            )
        if found.waiting.fused is not None:
            fused = proposal_look.FUSED
            value = None if row is None else float(found.mean[row])
            title, mean = self.tr("The fused boxes"), float(found.mean.mean())
            made.append(
                MemberRow(
                    FUSED,
                    "fused",
                    title,
                    fused.color,
                    fused.pattern,
                    value,
                    mean,
                    0.0,
                    here_key=self._desk.key_note("take_here0"),
                )
            )
        return made


def _look(found: Comparison, number: int) -> proposal_look.Look:
    run = found.waiting.members[number].run
    return proposal_look.look(run.group - 1 - run.id)


def _stored() -> tuple[str, ...]:
    return tuple(str(window_settings().value(_PLACE, _USUAL)).split(","))


def _with(function: Callable[[int], None], number: int) -> Callable[[], None]:
    return lambda: function(number)


def _lacks_weights(spec: TrackerSpec) -> bool:
    try:
        return bool(weights.missing(spec.weights, {}))
    except WeightsError:
        return True  # weights that no list names can only be lacking
