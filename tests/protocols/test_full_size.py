"""The protocol at a small size, and checks that can fail."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr

from htm_brian.errors import InputError
from htm_brian.figures.full_size import draw
from htm_brian.protocols.full_size import FullSizeParameters
from htm_brian.protocols.full_size.checks import checks, metrics
from htm_brian.protocols.full_size.measurement import (
    ABSTRACT,
    CONDITIONS,
    NOISE,
    RELEASE,
    Course,
    course,
    to_dataset,
)

SMALL = FullSizeParameters(
    columns=104,
    cells_per_column=4,
    n_active=4,
    threshold=3,
    elements=61,
    switch=40,
    seeds=3,
    codegen="numpy",
)


def ran(accuracy: float, segments: int = 100) -> Course:
    right = np.full((2, SMALL.elements), accuracy)
    return Course(right, np.full(SMALL.elements, 0.01), segments)


def a_dataset(noise: float = 0.5) -> xr.Dataset:
    rng = np.random.default_rng(1)
    found = {
        (level, number): ran((noise if level == NOISE else 0.5) + 0.001 * rng.standard_normal())
        for level in (ABSTRACT, *CONDITIONS)
        for number in range(SMALL.seeds)
    }
    return to_dataset(SMALL, found)


def test_checks_hold_for_what_is_as_good_and_fail_for_what_is_not() -> None:
    every = checks(a_dataset())
    assert len(every) == 6 and all(check.passed for check in every)
    failed = [check.name for check in checks(a_dataset(0.4)) if not check.passed]
    assert len(failed) == 3 and all(name.startswith(NOISE) for name in failed)
    assert metrics(a_dataset())[f"{RELEASE}: segments at {SMALL.switch}"] == 100
    assert set(draw(a_dataset())) == {"full_size"}
    assert draw(xr.Dataset()) == {}


@pytest.mark.parametrize("level", [ABSTRACT, RELEASE])
def test_a_memory_is_run_to_both_ends(level: str) -> None:
    steps: list[int] = []
    found = course(level, 0, SMALL, lambda done: not steps.append(done))  # type: ignore[func-returns-value]
    assert found is not None
    assert found.right.shape == (2, SMALL.elements)
    # Both courses are one up to the switch.
    assert (found.right[0, : SMALL.switch] == found.right[1, : SMALL.switch]).all()
    assert found.segments > 0 and len(found.seconds) == SMALL.elements
    assert steps[-1] == 2 * SMALL.elements - SMALL.switch


def test_a_run_that_is_stopped_is_left_out() -> None:
    assert course(ABSTRACT, 0, SMALL, lambda done: done < 10) is None


def test_of_an_interrupted_run_the_streams_that_are_whole_are_kept() -> None:
    levels = (ABSTRACT, *CONDITIONS)
    found = {(level, number): ran(0.5) for level in levels for number in (0, 2)}
    del found[NOISE, 0]
    assert to_dataset(SMALL, found).number.to_numpy().tolist() == [2]
    assert len(to_dataset(SMALL, {})) == 0


def test_columns_for_every_symbol_are_asked_for() -> None:
    with pytest.raises(InputError, match="columns must be at least 104"):
        dataclasses.replace(SMALL, columns=100)


@pytest.mark.slow
def test_release_failure_costs_nothing_at_full_size() -> None:
    p = FullSizeParameters(elements=820, switch=800, seeds=1)
    abstract, spiking = (course(level, 0, p, lambda done: True) for level in (ABSTRACT, RELEASE))
    assert abstract is not None and spiking is not None
    kept = to_dataset(
        dataclasses.replace(p, conditions=(RELEASE,)),
        {(ABSTRACT, 0): abstract, (RELEASE, 0): spiking},
    )
    accuracy = kept.accuracy[:, 0, 0, p.switch - 1]
    assert float(accuracy[0]) > 0.4
    assert float(accuracy[1]) > 0.9 * float(accuracy[0])
