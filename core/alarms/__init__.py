"""Doubts about tracked boxes: what speaks against them, how strongly, and what to do.

:class:`~core.alarms.watcher.Watcher` judges a stream of results, one alarm per sign
(:mod:`core.alarms.kinds`), with thresholds per tracker (:mod:`core.alarms.thresholds`)
that were calibrated on real sequences and follow a person's verdicts
(:mod:`core.alarms.learning`). :mod:`core.alarms.review` lists what is left to look at.
"""
