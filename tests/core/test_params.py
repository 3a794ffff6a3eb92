"""Parameters: declared once, checked everywhere, every mistake named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ParamError
from core.params import ParamInfo, check, describe, from_dict, param, to_dict, with_values
from core.trackers import load_all, registry

load_all()


@dataclass(frozen=True)
class Params:
    rate: float = param(0.5, "How fast.", bounds=(0, 1), unit="×", ref="Eq. 9", live=True)
    count: int = param(3, "How many.", bounds=(1, 9), step=2)
    mode: str = param("fast", "How.", choices=("fast", "slow"), group="Style")
    use_color: bool = param(True, "Whether colours count.")
    name: str = param("", "What it is called.")
    internal: int = 7


def test_that_a_declaration_tells_everything() -> None:
    rate, count, mode, use_color, _ = describe(Params)
    assert (rate.name, rate.type, rate.default, rate.bounds) == ("rate", float, 0.5, (0, 1))
    assert (rate.unit, rate.ref, rate.live, rate.doc) == ("×", "Eq. 9", True, "How fast.")
    assert (count.type, count.step, count.live) == (int, 2, False)
    assert (mode.choices, mode.group) == (("fast", "slow"), "Style")
    assert (use_color.title, use_color.flag) == ("Use color", "--use-color")
    assert [info.name for info in describe(Params)] == list(to_dict(Params()))


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("learning_rate", "Learning rate"),
        ("hog_cell", "HOG cell"),
        ("update_cg", "Update CG"),
        ("min_iou", "Min IoU"),
        ("psr_uncertain", "PSR uncertain"),
        ("lam1", "λ1"),
        ("cfx", "Cfx"),
    ],
)
def test_that_titles_keep_the_terms_of_the_field(name: str, title: str) -> None:
    assert ParamInfo(name, float, 0.0, "What it is.").title == title


VALID = {
    "rate": st.floats(0, 1) | st.sampled_from([0, 1]),
    "count": st.integers(1, 9),
    "mode": st.sampled_from(["fast", "slow"]),
    "use_color": st.booleans(),
    "name": st.text(),
}


@given(values=st.fixed_dictionaries({}, optional=VALID))
def test_that_valid_values_come_back_as_they_are(values: dict[str, Any]) -> None:
    params = from_dict(Params, values)
    assert from_dict(Params, to_dict(params)) == params
    assert to_dict(params) == {**to_dict(Params()), **values}
    assert all(type(to_dict(params)[i.name]) is i.type for i in describe(Params))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("rate", 1.01, "rate: 1.01 is not within 0 to 1"),
        ("rate", -0.1, "not within"),
        ("rate", float("nan"), "not of type float"),
        ("rate", float("inf"), "not of type float"),
        ("rate", "fast", "not of type float"),
        ("rate", True, "not of type float"),
        ("rate", None, "not of type float"),
        ("rate", [0.5], "not of type float"),
        ("count", 2.5, "not of type int"),
        ("count", "2.5", "not of type int"),
        ("count", False, "not of type int"),
        ("count", 10, "not within 1 to 9"),
        ("count", "1e400", "not of type int"),
        ("mode", "medium", "“medium” is not a choice"),
        ("mode", 1, "not of type str"),
        ("use_color", 1, "not of type bool"),
        ("use_color", "maybe", "not of type bool"),
    ],
)
def test_that_wrong_values_are_named(name: str, value: object, message: str) -> None:
    with pytest.raises(ParamError) as caught:
        from_dict(Params, {name: value}, where="ccr")
    assert f"ccr.{name}" in caught.value.message
    assert message in caught.value.message
    assert caught.value.hint


def test_that_a_huge_whole_number_is_an_error_not_a_crash() -> None:
    with pytest.raises(ParamError):
        from_dict(Params, {"rate": 10**400})


def test_that_text_from_a_command_line_is_understood() -> None:
    values = {"rate": "0.25", "count": "4", "mode": "slow", "use_color": "No"}
    assert from_dict(Params, values) == Params(0.25, 4, "slow", use_color=False)
    infos = {info.name: info for info in describe(Params)}
    assert [check(infos["use_color"], text) for text in ("on", "TRUE", "1", "off")] == [
        True, True, True, False]  # fmt: skip
    assert check(infos["count"], "4.0") == 4


def test_that_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(ParamError, match="no parameter “raet”") as caught:
        from_dict(Params, {"raet": 1}, where="ccr")
    assert "“rate”" in caught.value.hint
    with pytest.raises(ParamError) as caught:
        from_dict(Params, {"internal": 1})
    assert "Known: rate" in caught.value.hint


def test_that_a_copy_is_checked_too() -> None:
    params = Params(rate=0.1)
    assert with_values(params, {"count": 5}) == Params(0.1, 5)
    assert params.count == 3
    with pytest.raises(ParamError):
        with_values(params, {"count": 50})


def test_that_options_may_build_on_options() -> None:
    @dataclass(frozen=True)
    class More(Params):
        rate: float = param(0.9, "Faster.", bounds=(0, 1))
        extra: int = param(1, "More.")

    names = [info.name for info in describe(More)]
    assert names == ["rate", "count", "mode", "use_color", "name", "extra"]
    assert describe(More)[0].default == 0.9


def test_that_a_label_is_the_name_for_people() -> None:
    @dataclass(frozen=True)
    class Labelled:
        cut_tail: bool = param(True, "Cut.", label="Leave out the end")
        kind: str = param(
            "gt", "Kind.", choices=("gt", "way_back"), choice_labels=("Ground truth", "Way back")
        )
        plain: str = param("a_b", "Plain.", choices=("a_b", "c"))

    cut, kind, plain = describe(Labelled)
    assert cut.title == "Leave out the end"
    assert cut.flag == "--cut-tail"
    assert [kind.choice_title(choice) for choice in kind.choices or ()] == [
        "Ground truth",
        "Way back",
    ]
    assert plain.choice_title("a_b") == "a b"


@pytest.mark.parametrize("key", sorted(registry.trackers))
def test_that_parameters_of_a_tracker_have_short_names_of_their_own(key: str) -> None:
    titles = [info.title for info in describe(registry.trackers[key].params)]
    assert len(set(titles)) == len(titles), "two rows of the panel would read alike"
    assert max(map(len, titles)) <= 24, "longer ones are cut in the panel"
