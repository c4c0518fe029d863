"""The temporal memory's interface: bad input, seeds, exchange of segments, memory."""

import doctest
import math
import re

import numpy as np
import pytest

from htm_brian.abstract import temporal_memory
from htm_brian.abstract.permanence import IncidenceRate, UpDown
from htm_brian.abstract.segments.store import SegmentTable
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.errors import InputError


def memory(**options):
    return TemporalMemory(
        **{
            "columns": 32,
            "cells_per_column": 4,
            "activation_threshold": 3,
            "min_threshold": 2,
            "initial_permanence": 0.5,
        }
        | options
    )


def state(tm):
    sets = (tm.active_cells, tm.winner_cells, tm.predictive_cells, tm.active_columns)
    return [s.tolist() for s in sets] + [tm.anomaly, tm.iteration, tm.store.arrays.random[0]]


def test_examples():
    assert doctest.testmod(temporal_memory).failed == 0


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([0, 32], "active_columns must lie in [0, 32), got 32"),
        ([-1, 3], "active_columns must lie in [0, 32), got -1"),
        ([3, 1], "active_columns must be sorted and without repeats, got 3 before 1"),
        ([1, 3, 3], "active_columns must be sorted and without repeats, got 3 before 3"),
        (
            [0.0, 1.0],
            "active_columns must be a one-dimensional array of integers, got float64 of shape (2,)",
        ),
        (
            np.zeros(32, dtype=bool),
            "active_columns must be a one-dimensional array of integers, got bool of shape (32,)",
        ),
        (
            [[1, 2]],
            "active_columns must be a one-dimensional array of integers, got int64 of shape (1, 2)",
        ),
        (5, "active_columns must be a one-dimensional array of integers, got int64 of shape ()"),
        (
            np.array([2**63], dtype=np.uint64),
            f"active_columns must lie in [0, 32), got {2**63}",
        ),
    ],
)
def test_bad_columns_are_refused_and_leave_the_state_unchanged(columns, message):
    tm = memory()
    for pattern in ([0, 1, 2], [3, 4, 5], [0, 1, 2], [3, 4, 5]):
        tm.compute(pattern)
    before, table, revision = state(tm), tm.export_segments(), tm.store.revision
    with pytest.raises(ValueError) as error:
        tm.compute(columns)
    assert str(error.value) == message
    assert state(tm) == before
    assert tm.export_segments() == table and tm.store.revision == revision


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": 0}, "columns must be at least 1, got 0"),
        ({"cells_per_column": -1}, "cells_per_column must be at least 1, got -1"),
        ({"activation_threshold": 0}, "activation_threshold must be at least 1, got 0"),
        (
            {"activation_threshold": 9, "max_synapses_per_segment": 8},
            "activation_threshold must be at most max_synapses_per_segment = 8, or no segment can "
            "reach it, got 9",
        ),
        (
            {"min_threshold": 9, "max_synapses_per_segment": 8},
            "min_threshold must be at most max_synapses_per_segment = 8, or no segment can reach "
            "it, got 9",
        ),
        (
            {"min_threshold": 4},
            "min_threshold must be at most activation_threshold = 3, or an active segment would "
            "not match, got 4",
        ),
        ({"initial_permanence": -0.1}, "initial_permanence must lie in [0.0, 1.0], got -0.1"),
        ({"connected_permanence": 1.1}, "connected_permanence must lie in [0.0, 1.0], got 1.1"),
        ({"permanence_increment": 2}, "permanence_increment must lie in [0.0, 1.0], got 2.0"),
        ({"permanence_decrement": -1}, "permanence_decrement must lie in [0.0, 1.0], got -1.0"),
        ({"predicted_decrement": -0.5}, "predicted_decrement must lie in [0.0, 1.0], got -0.5"),
        (
            {"initial_permanence": math.nan},
            "initial_permanence must be a finite number, got nan",
        ),
        ({"max_new_synapses": 0}, "max_new_synapses must be at least 1, got 0"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
        (
            {"tie_break": "first"},
            "tie_break must be one of 'random', 'lowest_index', got 'first'",
        ),
        (
            {"segment_removal": "oldest"},
            "removal must be one of 'least_recently_used', 'weakest', got 'oldest'",
        ),
        ({"weight_slope": 0.0}, "weight_slope must be positive, got 0.0"),
        (
            {"columns": 2**20, "cells_per_column": 2**12},
            f"columns * cells_per_column must be less than 2**31, got {2**32}",
        ),
    ],
)
def test_bad_parameters_are_refused(options, message):
    with pytest.raises(ValueError) as error:
        memory(**options)
    assert str(error.value) == message


@pytest.mark.parametrize("value", [1.5, "3", None, True])
def test_parameters_of_a_wrong_type_are_refused(value):
    with pytest.raises(InputError, match=f"columns must be an integer, got {value!r}"):
        memory(columns=value)


def test_a_size_that_does_not_fit_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("htm_brian.memory.available_bytes", lambda: 1_000_000_000)
    bytes_per_cell = memory(columns=1024, cells_per_column=32).nbytes / (1024 * 32)
    with pytest.raises(InputError, match=r"need about (\S+) GB .* 1\.0 GB are free; take") as error:
        memory(columns=2**22, cells_per_column=32)
    (stated,) = re.findall(r"need about (\S+) GB", str(error.value))
    assert float(stated) == pytest.approx(2**27 * bytes_per_cell / 1e9, rel=0.1)


def test_wrong_external_inputs_are_refused():
    tm = memory(external_inputs=4)
    for active, winners, message in (
        ([4], None, r"external_active must lie in \[0, 4\), got 4"),
        ([1, 0], None, r"external_active must be sorted"),
        ([1], [0], "external_winners must be among external_active"),
    ):
        with pytest.raises(ValueError, match=message):
            tm.compute([0], external_active=active, external_winners=winners)


def test_results_are_copies():
    tm = memory()
    tm.compute([0, 1, 2])
    for name in ("active_cells", "winner_cells", "active_columns", "column_bursts"):
        getattr(tm, name)[:] = 31
    assert tm.active_columns.tolist() == tm.column_bursts.tolist() == [0, 1, 2]
    assert tm.active_cells.tolist() == list(range(12))


def test_any_integer_type_and_layout_is_taken():
    expected = memory()
    expected.compute([0, 2, 4])
    for columns in (
        np.array([0, 2, 4], dtype=np.int32),
        np.array([0, 2, 4], dtype=np.uint8),
        np.arange(6)[::2],
        (0, 2, 4),
    ):
        tm = memory()
        tm.compute(columns)
        assert state(tm) == state(expected)


def learned(seed, steps=200, **options):
    tm = memory(seed=seed, **options)
    rng = np.random.default_rng(0)
    patterns = [np.sort(rng.choice(32, 5, replace=False)) for _ in range(6)]
    for t in range(steps):
        tm.compute(patterns[t % 6])
    return tm


def test_same_seed_same_run_other_seed_other_run():
    first, second, third = learned(1), learned(1), learned(2)
    assert state(first) == state(second)
    assert first.export_segments() == second.export_segments()
    assert first.export_segments() != third.export_segments()


def test_import_segments_replaces_them_and_predicts_anew():
    taught = learned(1)
    other = memory(seed=9)
    for pattern in (taught.active_columns,):
        other.compute(pattern)
    other.import_segments(taught.export_segments())
    assert other.export_segments() == taught.export_segments()
    own = memory(seed=9)
    own.import_segments(taught.export_segments())
    own.compute(taught.active_columns, learn=False)
    assert other.predictive_cells.tolist() == own.predictive_cells.tolist() != []


def test_import_of_segments_for_another_size_is_refused():
    tm = learned(1)
    table = tm.export_segments()
    other = SegmentTable(
        table.owner, table.indptr, table.presynaptic, table.permanence, n_cells=129
    )
    with pytest.raises(ValueError, match="the table must be for 128 cells"):
        tm.import_segments(other)
    assert tm.export_segments() == table


def test_permanence_rule_brings_its_own_threshold_and_start():
    tm = memory(initial_permanence=None, permanence_rule=IncidenceRate(10, 0.2))
    parameters = tm.parameters
    assert (parameters.initial_permanence, parameters.connected_permanence) == (0.2, 0.2)
    tm = memory(initial_permanence=None, permanence_rule=UpDown(0.1, 0.1))
    parameters = tm.parameters
    assert (parameters.initial_permanence, parameters.connected_permanence) == (0.21, 0.5)


def test_a_steep_sigmoid_is_the_binary_threshold():
    binary = learned(3, initial_permanence=0.51)
    steep = learned(3, initial_permanence=0.51, weight_slope=1e9)
    assert state(binary)[:5] == state(steep)[:5]
    assert binary.export_segments() == steep.export_segments()


def test_a_flat_sigmoid_weighs_established_synapses_more():
    """Two synapses at permanence 1 weigh 1.99 together, three new ones at 0.5 weigh 1.5."""
    tm = memory(cells_per_column=1, activation_threshold=2, min_threshold=1, weight_slope=10.0)
    presented = 0
    while not tm.predictive_cells.size:
        tm.reset()
        tm.compute([0, 1, 2])
        if not tm.predictive_cells.size:
            tm.compute([3, 4, 5])
            presented += 1
    # 3 / (1 + exp(-10 (p - 0.5))) reaches 2 from p = 0.57 on: after one reinforcement.
    assert presented == 2
    assert tm.predictive_cells.tolist() == [3, 4, 5]
    flat = memory(cells_per_column=1, weight_slope=10.0)
    for _ in range(20):
        flat.reset()
        for pattern in ([0, 1, 2], [3, 4, 5]):
            flat.compute(pattern)
    assert flat.store.flat().permanence.tolist() == [1.0] * 9
    assert flat.predicted_columns.tolist() == []  # the weights sum to 2.98, short of 3


def test_at_most_24_bytes_a_synapse():
    """On pure noise, where each step grows 40 segments of 20 synapses."""
    tm = TemporalMemory(2048, 32)
    rng = np.random.default_rng(7)
    for _ in range(1500):
        tm.compute(np.sort(rng.choice(2048, 40, replace=False)))
    assert tm.n_synapses == 1499 * 40 * 20
    assert tm.nbytes <= 24 * tm.n_synapses, tm.nbytes / tm.n_synapses


def test_at_most_24_bytes_a_synapse_though_few_cells_are_used():
    """Ten sequences of ten patterns, of which the fourth to the seventh are shared by all."""
    tm = TemporalMemory(2048, 32)
    rng = np.random.RandomState(7)
    patterns = [np.sort(rng.choice(2048, 40, replace=False)) for _ in range(64)]
    for k in rng.randint(0, 10, 500):
        tm.reset()
        own = patterns[4 + 6 * k : 10 + 6 * k]
        for pattern in own[:3] + patterns[:4] + own[3:]:
            tm.compute(pattern)
    assert (tm.store.segments_per_cell > 0).mean() < 0.1
    assert tm.n_synapses > 80_000
    assert tm.nbytes <= 24 * tm.n_synapses, tm.nbytes / tm.n_synapses
    assert TemporalMemory(2048, 32).nbytes <= 10 * tm.n_cells


def test_array_types_of_numbers_are_plain():
    tm = learned(1)
    assert type(tm.anomaly) is float and type(tm.iteration) is int
    assert tm.active_cells.dtype == tm.predictive_cells.dtype == np.int64


def test_what_was_learned_in_a_step_does_not_predict_from_it_if_it_predicts_first():
    """The same step again and again: the winners of one are active in the next."""
    published, first = (
        TemporalMemory(8, 1, 3, 3, initial_permanence=0.6, seed=1, predict_first=order)
        for order in (False, True)
    )
    anomaly = []
    for _ in range(4):
        for tm in (published, first):
            tm.compute([0, 1, 2, 3])
            anomaly.append(tm.anomaly)
    # Segments grow in the second step; they predict the third, or only the fourth.
    assert anomaly[::2] == [1.0, 1.0, 0.0, 0.0]
    assert anomaly[1::2] == [1.0, 1.0, 1.0, 0.0]


def test_best_matching_cells_are_those_that_win_a_burst():
    table = SegmentTable(
        [12, 13, 14], [0, 4, 9, 14], [0, 1, 2, 3, *range(5), *range(5)], [0.3] * 14, n_cells=64
    )
    tm = TemporalMemory(16, 4, activation_threshold=4, min_threshold=3, max_new_synapses=8, seed=2)
    tm.import_segments(table)
    tm.compute([0, 1], learn=False)
    assert tm.best_matching_cells.tolist() == [13, 14]
    tm.compute([3], learn=False)
    assert tm.winner_cells.tolist() == [13]
