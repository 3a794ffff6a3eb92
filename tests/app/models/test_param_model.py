"""Values of parameters: checked, compared with defaults, announced once."""

from dataclasses import dataclass

import pytest

from app.models.param_model import ParamModel
from core.errors import ParamError
from core.params import param


@dataclass(frozen=True)
class Params:
    rate: float = param(0.5, "Rate.", bounds=(0, 1), live=True, group="Learning")
    cells: int = param(4, "Cells.", bounds=(1, 8), group="Sampling")
    loose: bool = param(False, "Loose.")


def test_that_only_values_off_their_default_count_as_changed():
    model = ParamModel(Params)
    model.set_value("cells", 6)
    model.set_value("rate", 0.5)
    assert model.changed == {"cells": 6}
    model.reset("cells")
    assert model.changed == {}


def test_that_a_value_out_of_bounds_is_refused_and_nothing_changes():
    model = ParamModel(Params)
    with pytest.raises(ParamError):
        model.set_value("cells", 9)
    assert model.value("cells") == 4


def test_that_only_real_changes_are_announced(qtbot):
    model, heard = ParamModel(Params), []
    model.value_changed.connect(heard.append)
    model.set_value("cells", 4)
    model.set_value("cells", 5)
    model.set_value("cells", 5)
    assert heard == ["cells"]


def test_that_setting_values_returns_the_others_to_their_defaults():
    model = ParamModel(Params)
    model.set_values({"cells": 7})
    model.set_values({"rate": 0.25, "unknown": 3})
    assert model.changed == {"rate": 0.25}


def test_that_live_values_are_picked_out():
    model = ParamModel(Params)
    assert model.live_among(["rate", "cells"]) == {"rate": 0.5}


def test_that_groups_keep_the_order_of_declaration():
    groups = ParamModel(Params).groups()
    assert list(groups) == ["Learning", "Sampling", ""]
    assert [info.name for info in groups[""]] == ["loose"]


def test_that_a_model_without_parameters_is_empty():
    model = ParamModel()
    model.reset_all()
    assert model.changed == {}
