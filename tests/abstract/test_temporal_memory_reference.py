"""The temporal memory equals the plain reference on random streams and configurations."""

import math

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from htm_brian.abstract.permanence import IncidenceRate, UpDown
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.protocols.memory_equations.measurement import rows, steps_of
from htm_brian.protocols.memory_equations.reference import ReferenceTemporalMemory

STEPS = 40
EXAMPLES = 60


@st.composite
def configurations(draw):
    """Small memories where limits, pruning and punishment are met often."""
    rule = draw(
        st.builds(UpDown, st.sampled_from([0.05, 0.1, 0.3]), st.sampled_from([0.0, 0.05, 0.2]))
        | st.builds(IncidenceRate, st.sampled_from([2, 5, 20]), st.sampled_from([0.1, 0.3]))
    )
    max_synapses = draw(st.integers(3, 12))
    activation_threshold = draw(st.integers(1, min(max_synapses, 4)))
    return {
        "columns": draw(st.integers(6, 20)),
        "cells_per_column": draw(st.integers(1, 5)),
        "permanence_rule": rule,
        "activation_threshold": activation_threshold,
        "min_threshold": draw(st.integers(1, activation_threshold)),
        "initial_permanence": draw(st.sampled_from([0.05, 0.21, 0.3, 0.5])),
        "connected_permanence": draw(st.sampled_from([0.2, 0.3, 0.5])),
        "predicted_decrement": draw(st.sampled_from([0.0, 0.02, 0.1])),
        "max_new_synapses": draw(st.integers(1, 8)),
        "max_segments_per_cell": draw(st.integers(1, 4)),
        "max_synapses_per_segment": max_synapses,
        "reuse_previous_winner": draw(st.booleans()),
        "segment_removal": draw(st.sampled_from(["least_recently_used", "weakest"])),
        "weight_slope": draw(st.sampled_from([math.inf, math.inf, 20.0])),
        "external_inputs": draw(st.sampled_from([0, 0, 6])),
        "predict_first": draw(st.booleans()),
    }


def reference_of(configuration):
    options = dict(configuration)
    options["rule"] = options.pop("permanence_rule")
    options["remove_weakest"] = options.pop("segment_removal") == "weakest"
    options["slope"] = options.pop("weight_slope")
    options.pop("external_inputs")
    return ReferenceTemporalMemory(**options)


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(configurations(), st.integers(0, 2**32 - 1))
def test_equals_the_plain_reference_at_every_step(configuration, seed):
    """60 configurations of 40 steps: 2,400 random steps, segments and permanences included."""
    rng = np.random.default_rng(seed)
    tm = TemporalMemory(**configuration, tie_break="lowest_index")
    reference = reference_of(configuration)
    n_external = configuration["external_inputs"]
    steps = steps_of(rng, configuration["columns"])
    for t in range(STEPS):
        pattern, reset, learn = next(steps)
        if reset:
            tm.reset()
            reference.reset()
        active = np.flatnonzero(rng.random(n_external) < 0.5)
        winners = active[rng.random(len(active)) < 0.7]
        tm.compute(pattern, learn, external_active=active, external_winners=winners)
        reference.compute(
            pattern.tolist(),
            learn,
            (active + tm.n_cells).tolist(),
            (winners + tm.n_cells).tolist(),
        )
        n_active = len(reference.active_cells) - len(active)
        n_winners = len(reference.winner_cells) - len(winners)
        assert tm.active_cells.tolist() == reference.active_cells[:n_active], t
        assert tm.winner_cells.tolist() == reference.winner_cells[:n_winners], t
        assert tm.predictive_cells.tolist() == reference.predictive_cells, t
        assert tm.anomaly == reference.anomaly, t
        assert rows(tm.export_segments()) == reference.table(), t
        matching = [s.cell for s in reference.matching_segments]
        assert tm.store.owner[tm.matching_segments].tolist() == matching, t
