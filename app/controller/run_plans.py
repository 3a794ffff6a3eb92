"""From what a person wished to a plan that can be executed."""

from __future__ import annotations

from app.controller.run_state import Choices, Wish
from core.session import RunPlan, Session
from core.states import CorrectionPolicy, Source


def plan_of(session: Session, wish: Wish, choices: Choices) -> RunPlan:
    """The plan of a run with the tracker, parameters and policy that are chosen.

    Raises
    ------
    BoxtrailError
        If there is nothing to start from or nowhere to go.
    """
    key = session.store.current.track(wish.track).at(wish.frame)
    policy = wish.policy
    if policy is None:
        # From a person's box: as chosen. From the tracker's own box: simply go on.
        by_hand = key is None or key.source != Source.TRACKED
        policy = choices.policy() if by_hand else CorrectionPolicy.KEEP_TEMPLATE
    stop = None if wish.count is None else wish.frame + wish.step * (wish.count + 1)
    return session.plan(
        wish.track,
        wish.frame,
        choices.key(),
        stop=stop,
        step=wish.step,
        params=choices.values(),
        policy=policy,
    )
