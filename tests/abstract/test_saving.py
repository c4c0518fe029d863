"""Saved temporal memories: bit for bit, and clear errors for files that are not."""

import json

import numpy as np
import pytest

from htm_brian.abstract.apical_tiebreak import (
    ApicalTiebreakPairMemory,
    ApicalTiebreakSequenceMemory,
)
from htm_brian.abstract.permanence import IncidenceRate, UpDown
from htm_brian.abstract.spatial_pooler import SpatialPooler
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.errors import InputError
from htm_brian.sdr.sdr import SDR

SETS = (
    "active_cells",
    "winner_cells",
    "predictive_cells",
    "active_columns",
    "predicted_columns",
    "column_bursts",
    "active_segments",
    "matching_segments",
)


def memory(**options):
    return TemporalMemory(
        100,
        4,
        6,
        5,
        max_new_synapses=10,
        predicted_decrement=0.02,
        max_segments_per_cell=4,
        max_synapses_per_segment=14,
        **options,
    )


def stream(n_steps, seed):
    """Sequences with noise: learning, pruning, eviction, resets and pauses of learning."""
    rng = np.random.default_rng(seed)
    patterns = [np.sort(rng.choice(100, 8, replace=False)) for _ in range(12)]
    for t in range(n_steps):
        pattern = patterns[t % 12]
        if rng.random() < 0.3:
            pattern = np.sort(rng.choice(100, 8, replace=False))
        yield pattern, rng.random() < 0.02, rng.random() < 0.9


def run(tm, steps):
    trace = []
    for pattern, reset, learn in steps:
        if reset:
            tm.reset()
        tm.compute(pattern, learn)
        trace.append([getattr(tm, name).tolist() for name in SETS] + [tm.anomaly])
    return trace


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tie_break": "lowest_index", "reuse_previous_winner": True, "segment_removal": "weakest"},
        {"permanence_rule": IncidenceRate(5, 0.3), "weight_slope": 30.0, "external_inputs": 3},
        {"permanence_bits": 4},
    ],
)
def test_next_1000_steps_equal_those_of_the_uninterrupted_run(tmp_path, options):
    whole = memory(**options)
    run(whole, stream(200, seed=1))
    whole.kill_cells([3, 17, 200])
    run(whole, stream(100, seed=3))
    whole.save(tmp_path / "tm.npz")
    restored = TemporalMemory.load(tmp_path / "tm.npz")
    assert restored.export_segments() == whole.export_segments()
    for name in SETS:
        assert getattr(restored, name).tolist() == getattr(whole, name).tolist()
    assert run(whole, stream(1000, seed=2)) == run(restored, stream(1000, seed=2))
    assert restored.export_segments() == whole.export_segments()
    assert (restored.store.last_used == whole.store.last_used).all()
    assert (restored.store.arrays.random == whole.store.arrays.random).all()


def apical_step(memory, t, rng):
    columns = np.sort(rng.choice(60, 8, replace=False)) if t % 5 else np.arange(8)
    feedback = np.sort(rng.choice(40, 8, replace=False))
    if isinstance(memory, ApicalTiebreakSequenceMemory):
        memory.compute(columns, learn=bool(t % 7), apical_input=feedback)
        return memory.predictive_cells.tolist(), memory.active_cells.tolist()
    context = np.sort(rng.choice(50, 10, replace=False))
    memory.compute(columns, context, feedback, learn=bool(t % 7))
    return memory.predicted_cells.tolist(), memory.active_cells.tolist()


@pytest.mark.parametrize(
    "make",
    [
        lambda **options: ApicalTiebreakSequenceMemory(60, 4, 40, **options),
        lambda **options: ApicalTiebreakPairMemory(60, 4, 50, 40, **options),
    ],
)
def test_apical_tiebreak_memories_go_on_bit_for_bit(tmp_path, make):
    whole = make(
        activation_threshold=4,
        min_threshold=3,
        sample_size=6,
        initial_permanence=0.5,
        basal_predicted_decrement=0.05,
        max_segments_per_cell=5,
    )
    rng = np.random.default_rng(1)
    for t in range(100):
        apical_step(whole, t, rng)
    whole.save(tmp_path / "memory.npz")
    restored = type(whole).load(tmp_path / "memory.npz")
    first, second = np.random.default_rng(2), np.random.default_rng(2)
    for t in range(300):
        assert apical_step(whole, t, first) == apical_step(restored, t, second)
    assert whole.basal.to_table() == restored.basal.to_table()
    assert whole.apical.to_table() == restored.apical.to_table()
    with pytest.raises(ValueError, match="must hold a TemporalMemory, got a ApicalTiebreak"):
        TemporalMemory.load(tmp_path / "memory.npz")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"boost_strength": 5.0, "inhibition_radius": 12, "potential_radius": 20},
        {"permanence_rule": IncidenceRate(10.0, 0.2), "min_overlap_duty_cycle": 0.2},
    ],
)
def test_a_spatial_pooler_goes_on_as_if_it_had_not_been_saved(tmp_path, options):
    whole = SpatialPooler(200, 120, density=0.05, seed=3, **options)
    for seed in range(130):
        whole.compute(SDR.random(200, 30, seed=seed % 40), seed % 5 != 0)
    whole.save(tmp_path / "pooler.npz")
    restored = SpatialPooler.load(tmp_path / "pooler.npz")
    for seed in range(1000):
        sdr, learn = SDR.random(200, 30, seed=seed % 70), seed % 7 != 0
        assert whole.compute(sdr, learn) == restored.compute(sdr, learn)
        assert (whole.overlaps == restored.overlaps).all()
    for name in ("permanence", "boost_factors", "active_duty_cycle", "overlap_duty_cycle"):
        assert (getattr(whole, name) == getattr(restored, name)).all()
    restored.save(tmp_path / "again.npz")
    assert SpatialPooler.load(tmp_path / "again.npz").permanence_rule == whole.permanence_rule
    with pytest.raises(ValueError, match="must hold a TemporalMemory, got a SpatialPooler"):
        TemporalMemory.load(tmp_path / "pooler.npz")
    content = (tmp_path / "pooler.npz").read_bytes()
    (tmp_path / "pooler.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"pooler\.npz is cut short or is not a saved memory"):
        SpatialPooler.load(tmp_path / "pooler.npz")


def test_a_new_memory_is_saved_too(tmp_path):
    memory().save(tmp_path / "tm.npz")
    restored = TemporalMemory.load(tmp_path / "tm.npz")
    assert run(restored, stream(50, 1)) == run(memory(), stream(50, 1))
    assert [path.name for path in tmp_path.iterdir()] == ["tm.npz"]


@pytest.fixture
def saved(tmp_path):
    tm = memory()
    run(tm, stream(50, seed=1))
    tm.save(tmp_path / "tm.npz")
    return tmp_path / "tm.npz"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(saved, share):
    content = saved.read_bytes()
    saved.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=r"tm\.npz is cut short or is not a saved memory"):
        TemporalMemory.load(saved)


def test_any_other_file_is_refused(tmp_path):
    path = tmp_path / "other.npz"
    path.write_text("time,value\n1,2\n")
    with pytest.raises(ValueError, match=r"other\.npz is cut short or is not a saved memory"):
        TemporalMemory.load(path)
    np.savez(path, a=np.arange(3))
    with pytest.raises(ValueError, match=r"other\.npz is not a saved memory"):
        TemporalMemory.load(path)
    with pytest.raises(InputError, match="^path .*missing.npz cannot be read: No such file"):
        TemporalMemory.load(tmp_path / "missing.npz")


def _rewrite(path, **changes):
    with np.load(path) as file:
        members = {name: file[name] for name in file.files}
    np.savez(path, **members | changes)


def test_another_version_is_refused(saved):
    _rewrite(saved, version=np.array(1))
    with pytest.raises(ValueError) as error:
        TemporalMemory.load(saved)
    assert "has format version 1, but this htm_brian reads version 2" in str(error.value)


def test_changed_content_is_refused(saved):
    with np.load(saved) as file:
        permanence = file["basal_permanence"]
        config = json.loads(str(file["config"]))
    _rewrite(saved, basal_permanence=permanence + np.float32(0.01))
    with pytest.raises(ValueError, match="is damaged: its checksum does not match"):
        TemporalMemory.load(saved)
    _rewrite(saved, basal_permanence=permanence)
    TemporalMemory.load(saved)
    _rewrite(saved, config=np.array(json.dumps(config | {"columns": 99})))
    with pytest.raises(ValueError, match="is damaged: its checksum does not match"):
        TemporalMemory.load(saved)


def test_a_rule_of_ones_own_cannot_be_saved(tmp_path):
    class Mine(IncidenceRate):
        pass

    with pytest.raises(ValueError, match="permanence_rule must be one of UpDown, IncidenceRate"):
        memory(permanence_rule=Mine(5, 0.3)).save(tmp_path / "tm.npz")
    assert list(tmp_path.iterdir()) == []


def test_numbers_of_numpy_are_saved(tmp_path):
    """Sizes often come out of arrays: netpyne #403, msprime #593."""
    pooler = SpatialPooler(
        np.int64(300),
        np.int32(64),
        density=np.float32(0.05),
        seed=np.int64(3),
        boost_strength=np.array(1),
    )
    memories = [
        pooler,
        TemporalMemory(
            np.int64(64),
            np.int32(4),
            activation_threshold=np.int64(5),
            min_threshold=np.int64(3),
            max_segments_per_cell=np.int64(20),
            initial_permanence=np.float32(0.25),
            permanence_rule=UpDown(np.float32(0.125), np.float64(0.1)),
            seed=np.int64(7),
        ),
        ApicalTiebreakPairMemory(
            np.int64(8),
            np.int32(2),
            np.int64(6),
            np.int64(6),
            activation_threshold=np.int64(2),
            min_threshold=np.int64(2),
            initial_permanence=np.float32(0.5),
            seed=np.uint8(1),
        ),
        ApicalTiebreakSequenceMemory(
            np.int64(8),
            np.int32(2),
            np.int64(6),
            activation_threshold=np.int64(2),
            min_threshold=np.int64(2),
            initial_permanence=np.float32(0.5),
            seed=np.uint8(1),
        ),
    ]
    for memory in memories:
        path = tmp_path / f"{type(memory).__name__}.npz"
        memory.save(path)
        again = type(memory).load(path)
        if memory is pooler:
            np.testing.assert_array_equal(again.permanence, pooler.permanence)
            continue
        for each in (memory, again):
            for columns in ([0, 1], [2, 3], [0, 1]):
                each.compute(columns)
        np.testing.assert_array_equal(again.winner_cells, memory.winner_cells)
