from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check, all_passed, format_number, tally, with_roles

finite = st.floats(allow_nan=False, allow_infinity=False)


def check(value: float, low: float | None = 0.0, high: float | None = 1.0) -> Check:
    return Check("share", value, "1", low, high, "a paper")


@given(finite, finite, finite)
def test_passes_exactly_inside_the_closed_band(value: float, one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    assert check(value, low, high).passed == (low <= value <= high)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (None, 1.0), (0.0, None)])
def test_nan_never_passes(low: float | None, high: float | None) -> None:
    assert not check(math.nan, low, high).passed
    assert check(math.nan, low, high).verdict == "FAIL"


def test_none_leaves_a_side_open() -> None:
    assert check(-1e300, None, 0.0).passed
    assert check(math.inf, 0.0, None).passed
    assert not check(1.0, None, 0.5).passed


def test_zero_is_a_bound_and_not_an_open_side() -> None:
    assert not check(0.1, None, 0.0).passed
    assert not check(-0.1, 0.0, None).passed


@pytest.mark.parametrize(
    ("low", "high", "unit", "target"),
    [
        (5.0, 20.0, "Hz", "5 to 20 Hz"),
        (0.999, None, "1", "≥ 0.999"),
        (None, 0.05, "1", "≤ 0.05"),
    ],
)
def test_target_reads_well(low: float | None, high: float | None, unit: str, target: str) -> None:
    assert Check("x", 0.0, unit, low, high, "a paper").target == target


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x", 1.0, "1", None, None, "a paper"), "check 'x' needs a low or a high end"),
        (("x", 1.0, "1", 2.0, 1.0, "a paper"), "low of check 'x' must not exceed its high"),
        (("x", 1.0, "1", math.nan, 1.0, "a paper"), "low of check 'x' must not be NaN"),
        (("x", 1.0, "1", 0.0, 1.0, " "), "source of a check must be a non-empty text"),
        (("x", 1.0, "", 0.0, 1.0, "a paper"), "unit of a check must be a non-empty text"),
    ],
)
def test_refuses_what_is_no_check(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Check(*arguments)


def test_as_dict_is_plain_json() -> None:
    written = json.loads(json.dumps(check(math.nan, -math.inf, 1.0).as_dict(), allow_nan=False))
    assert written == {
        "name": "share",
        "value": None,
        "unit": "1",
        "low": None,
        "high": 1.0,
        "source": "a paper",
        "passed": False,
        "undecided": False,
        "better_end": None,
    }


def test_no_checks_at_all_is_not_a_pass() -> None:
    assert not all_passed([])
    assert all_passed([check(0.5)])
    assert not all_passed([check(0.5), check(2.0)])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.99931, "0.9993"),
        (1234.0, "1234"),
        (123456.4, "123456"),
        (2.5e12, "2.5e+12"),
        (math.nan, "-"),
        (0.0, "0"),
        (0.99996, "0.99996"),
        (1.0, "1"),
    ],
)
def test_format_number(value: float, text: str) -> None:
    assert format_number(value) == text


def test_no_value_says_why() -> None:
    nothing = Check("rate", float("nan"), "Hz", 1.0, None, "here", undefined="no cell fired")
    assert (nothing.found, nothing.passed) == ("no value: no cell fired", False)
    plain = Check("rate", float("nan"), "Hz", 1.0, None, "here")
    assert plain.found == "no value: there was nothing to measure"
    assert Check("rate", 12.0, "Hz", 1.0, None, "here").found == "12 Hz"


def test_roles_go_by_how_names_begin_the_longest_first() -> None:
    names = ("rate", "rate of bursts", "width")
    plain = [Check(name, 0.5, "1", 0, 1, "a paper") for name in names]
    found = with_roles(plain, "fitted", {"claim": ["rate"], "identity": ["rate of"]})
    assert [each.role for each in found] == ["claim", "identity", "fitted"]
    assert [each.as_dict()["role"] for each in found] == ["claim", "identity", "fitted"]
    assert "role" not in plain[0].as_dict()
    with pytest.raises(InputError, match="^no check's name begins with 'depth'"):
        with_roles(plain, "fitted", {"claim": ["depth"]})
    with pytest.raises(InputError, match="^role of check 'rate' must be one of fitted, held out"):
        with_roles(plain, "measured", {})


def test_what_was_fitted_is_counted_apart() -> None:
    checks = [
        Check("a", 0.5, "1", 0, 1, "a paper", role="fitted"),
        Check("b", 1.5, "1", 0, 1, "a paper", role="held out"),
        Check("c", 0.5, "1", 0, 1, "a paper", role="claim"),
    ]
    said = "1 of 2 hold that nothing was fitted to (held out 0 of 1, claim 1 of 1); fitted 1 of 1"
    assert tally(checks) == said
    assert tally(checks[:1]) == "0 of 0 hold that nothing was fitted to; fitted 1 of 1"
    assert tally([check(0.5)]) == ""


@pytest.mark.parametrize("given", [{}, {"better_end": 0.45}, {"role": "claim"}])
def test_what_was_written_is_read_as_it_was(given: dict) -> None:
    one = Check("share", 0.3, "1", 0.4, None, "a paper", **given)
    assert Check.from_dict(json.loads(json.dumps(one.as_dict()))) == one
