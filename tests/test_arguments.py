"""Checks of arguments: what passes, what is refused, and that each message is one line."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from brian2 import Hz, NeuronGroup, ms, mV, second

from htm_brian.arguments import (
    check_choice,
    check_integer,
    check_integers,
    check_number,
    check_numbers,
    check_plain,
    check_positive,
    check_rate,
    check_text,
    check_time,
    check_times,
    check_truth,
    has_unit,
    shown,
)
from htm_brian.errors import InputError


class PintLike:
    """A quantity of another package: it becomes a float, and has a dimensionality."""

    dimensionality = "[length]"

    def __float__(self) -> float:
        return 3.0


def test_numbers_of_numpy_pass() -> None:
    assert check_integer("n", np.int64(3)) == 3 and type(check_integer("n", np.uint8(3))) is int
    assert check_number("p", np.float32(0.25)) == 0.25
    assert type(check_number("p", np.array(1))) is float
    assert check_number("ratio", (4 * mV) / (2 * mV)) == 2.0
    assert check_truth("learn", np.True_) is True


def test_times_and_rates_may_have_a_unit() -> None:
    assert check_time("start", 0.05) == check_time("start", 50 * ms) == 0.05
    assert check_rate("rate", 5) == check_rate("rate", 5 * Hz) == 5.0
    for times in ([1, 2] * ms, [1 * ms, 2 * ms], [0.001, 2 * ms], np.array([0.001, 0.002])):
        np.testing.assert_allclose(check_times("times", times), [0.001, 0.002], rtol=1e-15)
    group = NeuronGroup(2, "x : second\ny : volt")
    group.x = [1, 2] * ms
    np.testing.assert_allclose(check_times("x", group.x), [0.001, 0.002], rtol=1e-15)
    assert has_unit(group.y) and has_unit([1, 2 * mV]) and not has_unit(group.i)
    group.active = False


def test_nothing_of_brian2_is_needed() -> None:
    code = "import htm_brian.arguments, sys; sys.exit('brian2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


BAD = [
    (check_integer, (True,), "x must be an integer, got True"),
    (check_integer, (2.0,), "x must be an integer, got 2.0"),
    (check_integer, ("2",), "x must be an integer, got '2'"),
    (check_integer, (3 * mV,), "x must be a plain number without a unit, got 3. * mvolt"),
    (check_integer, (np.arange(3),), "x must be an integer, got array([0, 1, 2])"),
    (check_integer, (-1, 0), "x must be at least 0, got -1"),
    (check_number, (True,), "x must be a finite number, got True"),
    (check_number, ("0.5",), "x must be a finite number, got '0.5'"),
    (check_number, (None,), "x must be a finite number, got None"),
    (check_number, (1j,), "x must be a finite number, got 1j"),
    (check_number, (np.ones(1),), "x must be a finite number, got array([1.])"),
    (check_number, ([[1], [2, 3]],), "x must be a finite number, got [[1], [2, 3]]"),
    (check_number, (10**400,), "x must be a finite number, got one that is too large"),
    (check_number, (float("nan"),), "x must be a finite number, got nan"),
    (check_number, (50 * mV, None, None, "mV"), "x must be a plain number in mV, got 50. * mvolt"),
    (check_number, (PintLike(),), "x must be a plain number without a unit, got <"),
    (check_number, (np.timedelta64(1, "s"),), "x must be a finite number, got "),
    (check_number, (1.5, 0, 1), "x must lie in [0, 1], got 1.5"),
    (check_positive, (0,), "x must be positive, got 0"),
    (check_positive, (2, 1), "x must lie in (0, 1], got 2"),
    (check_time, (5 * mV,), "x must be a number of seconds or a time such as 5*ms, got 5. * mv"),
    (check_time, ([1 * ms],), "x must be a number of seconds or a time"),
    (check_time, ("1 s",), "x must be a finite number, got '1 s'"),
    (check_time, (-1 * ms, 0), "x must be at least 0, got -0.001"),
    (check_time, (np.inf * second,), "x must be a finite number, got inf"),
    (check_rate, (5 * ms,), "x must be a number in Hz or a rate such as 5*Hz, got 5. * msecond"),
    (check_times, ([1, 2] * mV,), "x must be times, in seconds or such as [5, 6]*ms"),
    (check_times, ([1, 2 * mV],), "x must be times"),
    (check_times, ([0, np.nan],), "x must be finite, got nan"),
    (check_times, (5 * ms,), "x must have one dimension, got 0"),
    (check_numbers, (["a"],), "x must hold numbers, got <U1"),
    (check_numbers, ([True],), "x must hold numbers, got bool"),
    (check_numbers, ([0.5, 2], 0, 1), "x must lie in [0, 1], got 2.0"),
    (check_numbers, ([[1], [2, 3]],), "x must be an array of numbers, got "),
    (check_numbers, ([1, 2] * mV,), "x must be a plain number without a unit, got "),
    (check_integers, ([0.5],), "x must hold integers, got float64"),
    (check_integers, ([3, -1], 0, 5), "x must lie in [0, 5], got -1"),
    (
        check_integers,
        (np.array([3, 2**63], dtype=np.uint64), 0, 5),
        "x must lie in [0, 5], got 9223372036854775808",
    ),
    (check_integers, (3,), "x must have one dimension, got 0"),
    (check_choice, ("c", ("a", "b")), "x must be one of 'a', 'b', got 'c'"),
    (check_choice, (np.arange(2), ("a", "b")), "x must be one of 'a', 'b', got array"),
    (check_choice, (1, (True, False)), "x must be one of True, False, got 1"),
    (check_text, (5,), "x must be text, got 5"),
    (check_truth, (1,), "x must be True or False, got 1"),
    (check_plain, ([1, 2 * ms], "hours"), "x must be a plain number in hours, got "),
]


@pytest.mark.parametrize(("check", "arguments", "message"), BAD)
def test_what_is_refused_is_named_in_one_line(
    check: object, arguments: tuple[object, ...], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        check("x", *arguments)  # type: ignore[operator]
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_long_values_are_cut() -> None:
    assert shown(np.arange(5000).reshape(50, 100)).count("\n") == 0
    assert len(shown(list(range(1000)))) == 60
