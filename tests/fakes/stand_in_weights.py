"""Weights made by formula for trackers whose trained ones are not installed.

A module ``fakes/<tracker key>_weights.py`` may define ``stand_in()``: per weights key
the tensors of a network that behaves like a trained one on textures (plain correlation,
no regression), so that everything around the network can be tested without training.
"""

from __future__ import annotations

import importlib
import importlib.util

from core import weights
from core.trackers.base import Services
from core.trackers.registry import TrackerSpec


def services_for(spec: TrackerSpec) -> Services:
    """Services with stand-in weights where `spec` has none installed."""
    if all(weights.installed(key) for key in spec.weights):
        return Services()
    module = f"fakes.{spec.key.replace('-', '_')}_weights"
    if importlib.util.find_spec(module) is None:
        return Services()
    return Services(weights=importlib.import_module(module).stand_in())


def formula_services(spec: TrackerSpec) -> Services:
    """Services with weights made by formula wherever there are any, trained ones elsewhere.

    A correlation by formula peaks where the target is; a trained network may answer with a
    plateau that leans. Only the first can show that geometry is right to a part of a cell.
    """
    module = f"fakes.{spec.key.replace('-', '_')}_weights"
    if not spec.weights or importlib.util.find_spec(module) is None:
        return services_for(spec)
    return Services(weights=importlib.import_module(module).stand_in())


def follows_size(spec: TrackerSpec) -> bool:
    """Whether the weights of :func:`services_for` can tell a change of size.

    A stand-in that cannot says so with ``FOLLOWS_SIZE = False`` in its module.
    """
    given = services_for(spec).weights
    if not given:
        return True
    module = importlib.import_module(f"fakes.{spec.key.replace('-', '_')}_weights")
    return getattr(module, "FOLLOWS_SIZE", True)
