from __future__ import annotations

import pytest

from htm_brian.errors import InputError
from htm_brian.experiment.protocol import load_protocol
from htm_brian.experiment.sweep.grid import (
    Axis,
    address_of,
    axes_of,
    environment,
    parse_axis,
    points_of,
)

pytestmark = pytest.mark.usefixtures("extra_protocols")


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("p=0.3:1.0:0.1", ["0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1"]),
        ("n=10:4:-3", ["10", "7", "4"]),
        ("t=100:250:100 ms", ["100 ms", "200 ms"]),
        ("t= 1:2:1 ms ", ["1 ms", "2 ms"]),
        ("n=4", ["4"]),
        ("mode=both, apart", ["both", "apart"]),
        ("t=1 ms,2 ms", ["1 ms", "2 ms"]),
        ("x=1e-3:2e-3:1e-3", ["0.001", "0.002"]),
    ],
)
def test_values_of_a_parameter(text: str, texts: list[str]) -> None:
    axis = parse_axis(text)
    assert axis.texts == tuple(texts)
    assert axis.name == text.partition("=")[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p", "'p' is not a parameter to sweep over; write name=start:stop:step"),
        ("p=", "'p=' is not a parameter to sweep over"),
        ("p=1:2", "p needs start:stop:step and a unit at most, got '1:2'"),
        ("p=1:2:0", "p never gets from 1 to 2 in steps of 0"),
        ("p=1:2:-1", "p never gets from 1 to 2 in steps of -1"),
        ("p=1:e:1", "p needs numbers in start:stop:step"),
        ("p=0:1:1e-7", "p has 10000001 values, at most 1000000"),
        ("p=1,,2", "p has an empty value"),
        ("p=1,1", "p has a value twice"),
    ],
)
def test_values_that_are_none(text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        parse_axis(text)
    assert str(error.value).startswith(message)


def test_all_parameters_are_combined_and_seeds_go_fastest() -> None:
    axes = axes_of(["rate=20:40:20 Hz", "trials=50,60"], ["poisson_counts"], 3)
    assert axes[-1] == Axis("seed", ("1", "2", "3"))
    points = points_of("poisson_counts", axes, ["window=0.5 s"])
    assert len(points) == 12
    assert len({point.address for point in points}) == 12
    assert dict(points[1].settings) == {
        "window": "0.5 s",
        "rate": "20 Hz",
        "trials": "50",
        "seed": "2",
    }
    assert points[1].set_up().parameters.seed == 2


@pytest.mark.parametrize(
    ("over", "seeds", "message"),
    [
        (["rte=1,2"], None, "poisson_counts has no parameter 'rte'; did you mean rate?"),
        (["trials=3", "trials=4"], None, "trials is swept over twice"),
        (["seed=1,2"], 2, "give --seeds or --over seed=..., not both"),
        ([], 0, "seeds must be at least 1, got 0"),
    ],
)
def test_parameters_that_are_none(over: list[str], seeds: int | None, message: str) -> None:
    with pytest.raises(InputError) as error:
        axes_of(over, ["poisson_counts"], seeds)
    assert str(error.value).startswith(message)


def test_a_wrong_value_is_found_before_anything_runs() -> None:
    with pytest.raises(InputError, match="trials must be at least 2, got 1"):
        points_of("poisson_counts", [Axis("trials", ("50", "1"))])
    with pytest.raises(InputError, match="rate must have a unit like Hz"):
        points_of("poisson_counts", [Axis("rate", ("5 ms",))])


def test_an_address_is_that_of_the_values_and_not_of_how_they_are_written() -> None:
    kind = load_protocol("poisson_counts")
    (one,) = points_of("poisson_counts", [Axis("window", ("500 ms",))])
    (same,) = points_of("poisson_counts", [Axis("window", ("0.5 s",))])
    (other,) = points_of("poisson_counts", [Axis("window", ("501 ms",))])
    assert one.address == same.address == address_of(kind, kind.parameters)
    assert other.address != one.address
    assert address_of(kind, kind.parameters, quick=True) != one.address


def test_other_code_or_another_version_gives_other_addresses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind = load_protocol("poisson_counts")
    before = address_of(kind, kind.parameters)
    changed = {**environment(), "htm_brian": "other"}
    monkeypatch.setattr("htm_brian.experiment.sweep.grid.environment", lambda: changed)
    assert address_of(kind, kind.parameters) != before
