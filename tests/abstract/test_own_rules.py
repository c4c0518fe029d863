"""A rule of the user's own, with nothing but `update`, through the slower path of the memories."""

import numpy as np
import pytest

from htm_brian.abstract.apical_tiebreak import ApicalTiebreakSequenceMemory
from htm_brian.abstract.permanence import IncidenceRate, UpDown
from htm_brian.abstract.spatial_pooler import SpatialPooler
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.errors import InputError
from htm_brian.sdr.sdr import SDR


class Own:
    """Nothing but `update`; counts its calls."""

    def __init__(self, rule):
        self.rule = rule
        self.calls = 0

    def update(self, permanence, active):
        self.calls += 1
        return self.rule.update(permanence, active)


def stream(n_steps):
    rng = np.random.default_rng(5)
    known = [np.sort(rng.choice(100, 8, replace=False)) for _ in range(12)]
    for t in range(n_steps):
        fresh = rng.random() < 0.2
        yield np.sort(rng.choice(100, 8, replace=False)) if fresh else known[t % 12]


def memory(rule, like, **options):
    """A small memory that prunes, evicts and punishes; permanences are those of `like`."""
    return TemporalMemory(
        100,
        4,
        6,
        5,
        like.initial_permanence,
        like.connected_permanence,
        max_new_synapses=10,
        predicted_decrement=0.02,
        max_segments_per_cell=4,
        max_synapses_per_segment=14,
        permanence_rule=rule,
        prune_below=like.prune_below,
        **options,
    )


@pytest.mark.parametrize("bits", [32, pytest.param(4, marks=pytest.mark.slow)])
@pytest.mark.parametrize("rule", [UpDown(0.1, 0.03), IncidenceRate(10.0, 0.2)])
def test_both_paths_give_the_same_memory(rule, bits):
    own = Own(rule)
    compiled = memory(rule, rule, permanence_bits=bits)
    outside = memory(own, rule, permanence_bits=bits)
    n_learning = 0
    for t, pattern in enumerate(stream(400)):
        learn = t % 17 != 0
        n_learning += learn
        for tm in (compiled, outside):
            tm.compute(pattern, learn)
        assert outside.predictive_cells.tolist() == compiled.predictive_cells.tolist()
        assert outside.winner_cells.tolist() == compiled.winner_cells.tolist()
    assert outside.export_segments() == compiled.export_segments()
    assert compiled.n_segments > 200
    assert own.calls == n_learning  # all synapses of a step at once


def test_what_a_rule_leaves_out_is_that_of_the_counter():
    tm = TemporalMemory(100, 4, permanence_rule=Own(UpDown(0.1, 0.1)))
    plain = TemporalMemory(100, 4)
    for name in ("initial_permanence", "connected_permanence", "prune_below"):
        assert getattr(tm.parameters, name) == getattr(plain.parameters, name)


def test_a_memory_with_feedback_takes_it_too():
    rule = UpDown(0.1, 0.03)
    memories = [
        ApicalTiebreakSequenceMemory(
            100,
            4,
            50,
            activation_threshold=6,
            min_threshold=5,
            sample_size=8,
            initial_permanence=0.4,
            permanence_rule=one,
        )
        for one in (rule, Own(rule))
    ]
    rng = np.random.default_rng(1)
    for pattern in stream(100):
        feedback = np.sort(rng.choice(50, 8, replace=False))
        for one in memories:
            one.compute(pattern, apical_input=feedback)
    for kind in ("basal", "apical"):
        tables = [getattr(one, kind).to_table() for one in memories]
        assert tables[0] == tables[1]


def test_a_pooler_takes_it_too():
    poolers = [
        SpatialPooler(200, 100, permanence_rule=rule, connected_permanence=0.5)
        for rule in (UpDown(0.05, 0.01), Own(UpDown(0.05, 0.01)))
    ]
    for seed in range(50):
        codes = [pooler.compute(SDR.random(200, 30, seed=seed)) for pooler in poolers]
        assert codes[0] == codes[1]
    assert (poolers[0].permanence == poolers[1].permanence).all()


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (lambda p: p[:-1], "must return an array of shape"),
        (lambda p: p + 1, r"must return permanences in \[0, 1\], got 1"),
        (lambda p: p * np.nan, r"must return permanences in \[0, 1\], got nan"),
    ],
)
def test_a_rule_that_returns_nonsense_is_refused_and_changes_nothing(result, message):
    class Wrong:
        broken = False

        def update(self, permanence, active):
            return result(permanence) if self.broken else permanence

    rule = Wrong()
    tm = memory(rule, UpDown())
    for pattern in stream(60):
        tm.compute(pattern)
    before = tm.export_segments(), tm.winner_cells.tolist(), tm.store.arrays.random.tolist()
    rule.broken = True
    with pytest.raises(ValueError, match=message):
        tm.compute(next(stream(1)))
    after = tm.export_segments(), tm.winner_cells.tolist(), tm.store.arrays.random.tolist()
    assert before == after


def test_what_is_no_rule_is_refused():
    with pytest.raises(InputError, match="permanence_rule must have a method update"):
        TemporalMemory(100, 4, permanence_rule=0.1)
    with pytest.raises(InputError, match="permanence_rule must have a method update"):
        SpatialPooler(100, 100, permanence_rule="UpDown")
