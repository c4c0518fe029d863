"""Each way in which a quantity can be wrong is one line that names it."""

from __future__ import annotations

import pytest
from brian2 import Quantity, ms, mV, nA, second

from htm_brian.errors import InputError
from htm_brian.quantities import check_quantity


def test_what_is_right_is_returned() -> None:
    value = 20 * ms
    assert check_quantity("delay", value, second, positive=True, low=20 * ms, high=1 * second) is (
        value
    )
    assert float(check_quantity("probe", -1 * nA, nA, high=0 * nA)) == -1e-9


@pytest.mark.parametrize(
    ("value", "limits", "message"),
    [
        (3 * mV, {}, r"delay must have a unit like s, got 3\. mV"),
        (3.0, {}, r"delay must have a unit like s, got 3\.0"),
        (float("nan") * ms, {}, "delay must be one finite value, got nan s"),
        ([1, 2] * ms, {}, r"delay must be one finite value, got \[1\. 2\.\] ms"),
        (0 * ms, {"positive": True}, r"delay must be positive, got 0\. s"),
        (1 * ms, {"low": 2 * ms}, r"delay must be at least 2\. ms, got 1\. ms"),
        (3 * ms, {"high": 2 * ms}, r"delay must be at most 2\. ms, got 3\. ms"),
    ],
)
def test_what_is_wrong_is_named(value: Quantity, limits: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}$"):
        check_quantity("delay", value, second, **limits)
