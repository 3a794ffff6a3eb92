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
    if wish.two_way:
        return session.plan_two_way(wish.track, wish.frame, choices.key(), params=choices.values())
    if wish.together:
        return session.plan_consensus(
            wish.track,
            wish.frame,
            wish.together,
            params={key: choices.values_of(key) for key in wish.together},
            extent=wish.extent,
            step=wish.step,
        )
    key = session.store.current.track(wish.track).at(wish.frame)
    policy, goes_on = wish.policy, False
    if policy is None:
        # From a person's box: as chosen. From the tracker's own box: simply go on.
        goes_on = key is not None and key.source == Source.TRACKED
        policy = CorrectionPolicy.KEEP_TEMPLATE if goes_on else choices.policy()
    return session.plan(
        wish.track,
        wish.frame,
        choices.key(),
        extent=wish.extent,
        step=wish.step,
        params=choices.values(),
        policy=policy,
        resume=goes_on,
    )
