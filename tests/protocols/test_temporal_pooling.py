"""Sequences, overlaps and checks on known answers; a small run at level 0; the quick form."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.temporal_pooling import draw
from htm_brian.protocols.temporal_pooling import TemporalPoolingParameters
from htm_brian.protocols.temporal_pooling.checks import checks
from htm_brian.protocols.temporal_pooling.measurement import (
    BURSTS,
    EVERY,
    ONCE,
    READINGS,
    UNRELIABLE,
    UNTAUGHT,
    Reading,
    Shown,
    Told,
    overlaps,
    pool,
)
from htm_brian.protocols.temporal_pooling.stimulus import SHARED, draw_task

SMALL = TemporalPoolingParameters(
    columns=192,
    cells=8,
    active=20,
    symbols=8,
    sequences=2,
    length=6,
    episodes=15,
    showings=3,
    tests=2,
    pooler_cells=200,
    pooled=10,
    readings=(READINGS[0], Reading(0, READINGS[0].drive, learning=UNTAUGHT)),
    seeds=2,
)


def test_sequences_share_stretches_and_new_ones_share_no_step() -> None:
    p = TemporalPoolingParameters()
    for seed in range(20):
        task = draw_task(p, np.random.default_rng(seed))
        assert task.symbols.shape == (p.symbols, p.active)
        assert len(set(task.sequences[:, 0])) == p.sequences
        assert all(len(set(row)) == p.length for row in task.sequences.tolist())
        middle = slice((p.length - SHARED) // 2, (p.length - SHARED) // 2 + SHARED)
        for one, other in zip(task.sequences[::2], task.sequences[1::2], strict=True):
            assert (one[middle] == other[middle]).all() or other[0] in one[middle]
        known = {pair for row in task.sequences.tolist() for pair in pairwise(row)}
        new = {pair for row in task.novel.tolist() for pair in pairwise(row)}
        assert not known & new


def test_overlaps_of_known_codes() -> None:
    codes = np.zeros((2, 2, 8), dtype=np.bool_)  # two sequences of two places
    codes[0, :, :4] = True
    codes[1, 0, 4:] = True
    codes[1, 1, 3:7] = True
    other = np.roll(codes, 1, axis=-1)
    found = overlaps(np.array([codes, other]), codes, np.zeros((2, 2, 8), dtype=np.bool_), 4)
    # Within: 4 and 3 of 4; across: 0 and 1 of 4; each code and the one moved on by one: 3 of 4.
    assert found["within"] == pytest.approx((1 + 0.75) / 2) == found["alone"]
    assert found["across"] == pytest.approx((0 + 0.25) / 2) == found["across_alone"]
    assert found["repeated"] == pytest.approx(0.75)
    assert (found["predicted_size"], found["novel_size"]) == (1.0, 0.0)


def told() -> Told:
    """Return what a memory tells of two sequences of cells that burst; new ones only spike."""
    p = SMALL
    cells = np.arange(2 * p.length * p.active).reshape(2, p.length, p.active)
    none = np.empty(0, dtype=np.int64)
    two = np.full(p.active, 2)
    showing = [[Shown(each, each, each, two) for each in sequence] for sequence in cells]
    novel = [[Shown(none, none, each, two // 2) for each in sequence] for sequence in cells]
    order = [np.arange(2)] * (p.showings + p.tests)
    return Told(order, [showing] * len(order), novel, 0.0)


def test_poolers_of_bursts_have_one_code_each_and_are_silent_where_none_bursts() -> None:
    found, codes = pool(SMALL, Reading(1, BURSTS), told(), seed=0)
    assert found["within"] == found["alone"] == found["repeated"] == 1
    assert found["across"] < 0.1 and found["novel_size"] == 0
    assert codes.shape == (2, SMALL.length - 1, SMALL.pooler_cells)
    every, _ = pool(SMALL, Reading(1, EVERY), told(), seed=0)
    assert every["novel_size"] > 0.9


def test_two_spikes_reach_unreliable_synapses_more_often_than_one() -> None:
    burst, _ = pool(SMALL, Reading(1, BURSTS, UNRELIABLE), told(), seed=0)
    once, _ = pool(SMALL, Reading(1, ONCE, UNRELIABLE), told(), seed=0)
    assert burst["alone"] > once["alone"]


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("temporal_pooling")(SMALL).run(SilentProgress())


def test_codes_of_a_memory_are_those_of_its_sequences(outcome: Outcome) -> None:
    learned, untaught = outcome.dataset.mean("seed").transpose("reading", ...).alone.to_numpy()
    assert untaught < 0.3 < 0.7 < learned
    assert float(outcome.dataset.across.isel(reading=0).mean()) < 0.2
    assert set(draw(outcome.dataset)) == {"temporal_pooling"}


def test_checks_miss_where_codes_are_the_wrong_way_round(outcome: Outcome) -> None:
    right = outcome.dataset.copy(deep=True)
    for name, value in (("within", 1.0), ("repeated", 1.0), ("across", 0.0), ("novel_size", 0.0)):
        right[name] = value + 0 * right[name]
    right["alone"] = right.alone.copy(data=[[1.0, 1.0], [0.1, 0.1]])
    assert all(check.passed for check in checks(right))
    wrong = right.copy(deep=True)
    for name in ("within", "repeated", "across", "alone", "novel_size"):
        wrong[name] = 1 - right[name]
    assert not any(check.passed for check in checks(wrong))


@pytest.mark.slow
def test_bursts_of_spiking_cells_drive_codes_of_their_sequences() -> None:
    dataset = load_protocol("temporal_pooling").in_quick_form().outcome(SilentProgress()).dataset
    one = dataset.sel(reading="level 1, bursts").mean("seed")
    assert float(one.within) > 0.8 and float(one.across) < 0.3
    untaught = f"level 1, bursts, pooler {UNTAUGHT}"
    assert float(dataset.sel(reading=untaught).alone.mean()) < 0.3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"length": 4}, "length must be at least 5, got 4"),
        ({"symbols": 8}, "symbols must be at least 9, got 8"),
        ({"tests": 1}, "tests must be at least 2, got 1"),
        ({"readings": ()}, "readings must differ"),
        ({"model": "minicolumns_trees"}, "a network of level 1 is needed"),
    ],
)
def test_bad_parameters_are_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_protocol("temporal_pooling")(TemporalPoolingParameters(**changes))  # type: ignore[arg-type]
