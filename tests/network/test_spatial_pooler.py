"""Columns that spike first: who wins by the condition at threshold, inhibition, and learning."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
from brian2 import nS

from htm_brian.abstract.spatial_pooler import SpatialPooler
from htm_brian.errors import InputError
from htm_brian.network.spatial_pooler import SpikingSpatialPooler, mean_overlap
from htm_brian.parameters import load_model
from htm_brian.sdr.ragged import Ragged
from htm_brian.sdr.sdr import SDR
from htm_brian.streams.column_stream import choose_columns
from htm_brian.streams.series import read_series
from htm_brian.streams.stream_parameters import StreamParameters

SHOWN = [SDR.random(400, 40, seed=number) for number in range(4)]


def abstract(**settings: object) -> SpatialPooler:
    return SpatialPooler(400, 500, density=0.02, seed=3, **settings)


def reliable(pooler: SpatialPooler, **settings: object) -> SpikingSpatialPooler:
    return SpikingSpatialPooler(pooler, release="reliable", noise="none", **settings)


@pytest.fixture(scope="module")
def spiking() -> SpikingSpatialPooler:
    return reliable(abstract())


def test_the_most_driven_columns_spike_first_and_inhibition_silences_the_rest(
    spiking: SpikingSpatialPooler,
) -> None:
    level_0 = abstract()
    for shown in SHOWN:
        winners = spiking.compute(shown, learn=False)
        wanted = level_0.compute(shown, learn=False)
        assert 7 <= len(winners) <= 13
        drive = level_0.overlaps[winners.sparse]
        # More drive is never later by more than the jitter of a volley.
        ahead = drive[:, None] > drive[None, :] + 1
        later = spiking.latencies[:, None] > spiking.latencies[None, :] + 2e-3
        assert not (ahead & later).any()
        silent = np.setdiff1d(np.arange(500), winners.sparse)
        assert level_0.overlaps[silent].max() <= drive.min() + 1
        assert winners.overlap(wanted) >= 7


def test_a_latency_is_when_the_closed_condition_at_threshold_is_met(
    spiking: SpikingSpatialPooler,
) -> None:
    """At a spike g_e (E_e - theta) = g_L (theta - E_L) + g_i (theta - E_i), but for the lag."""
    model = load_model("spatial_pooler")
    winners = spiking.compute(SHOWN[0], learn=False)
    forward, inhibition, cell = model["feedforward"], model["inhibition"], model["cell"]
    level_0 = abstract()
    level_0.compute(SHOWN[0], learn=False)
    own = 1 + float(model["excitability"]["spread"]) * level_0.order / 500
    opened = (level_0.overlaps * own)[winners.sparse] * float(forward["axons"]) * 1.0
    opened *= float(forward["conductance"])
    rise, decay = float(forward["rise_time_constant"]), float(forward["decay_time_constant"])
    jitter = 3 * float(forward["jitter"])
    since = spiking.latencies - jitter - float(forward["delay"])
    excitation = opened * decay / (decay - rise) * (np.exp(-since / decay) - np.exp(-since / rise))
    inhibited = 40 * float(forward["axons"]) * float(inhibition["feedforward_conductance"])
    since -= float(inhibition["feedforward_delay"]) - float(forward["delay"])
    inhibited *= np.exp(-since / float(inhibition["decay_time_constant"]))
    threshold = float(cell["threshold"])
    inward = excitation * (float(forward["reversal_potential"]) - threshold)
    outward = float(cell["leak_conductance"]) * (threshold - float(cell["resting_potential"]))
    outward += inhibited * (threshold - float(inhibition["reversal_potential"]))
    np.testing.assert_allclose(inward, outward, rtol=0.1)


def test_without_inhibition_every_column_spikes() -> None:
    off = ("inhibition.feedforward_conductance", "inhibition.feedback_conductance")
    model = load_model("spatial_pooler").with_values(dict.fromkeys(off, 0 * nS))
    winners = reliable(abstract(), model=model).compute(SHOWN[0], learn=False)
    assert len(winners) == 500


def test_no_input_brings_no_spike(spiking: SpikingSpatialPooler) -> None:
    assert len(spiking.compute(SDR(400, []), learn=False)) == 0


def test_permanences_learn_at_the_columns_that_spiked_and_nowhere_else() -> None:
    pooler = abstract(min_overlap_duty_cycle=0.0)
    before = pooler.permanence.copy()
    spiking = reliable(pooler)
    winners = spiking.compute(SHOWN[0])
    rule = pooler.permanence_rule
    wanted = before.copy()
    active = SHOWN[0].dense[pooler.potential[winners.sparse]]
    wanted[winners.sparse] = rule.update(before[winners.sparse], active)
    np.testing.assert_array_equal(pooler.permanence, wanted)
    for _ in range(20):
        spiking.compute(SHOWN[0])
    assert spiking.compute(SHOWN[0], learn=False).overlap(winners) >= len(winners) - 2
    # The network has the synapses that were learned: they excite more, so columns are earlier.
    assert np.median(spiking.latencies) < 0.03


def test_boosting_is_excitability() -> None:
    pooler = abstract()
    won = reliable(deepcopy(pooler)).compute(SHOWN[0], learn=False)
    pooler.compute(SHOWN[0], learn=False)
    middling = np.argsort(pooler.overlaps)[250]
    pooler.boost_factors[middling] = 2
    pooler.boost_factors[won.sparse[0]] = 0.5
    boosted = reliable(pooler).compute(SHOWN[0], learn=False)
    assert middling in boosted.sparse and middling not in won.sparse
    assert won.sparse[0] not in boosted.sparse


def test_equal_seeds_give_equal_spikes_and_noise_changes_them() -> None:
    first, second, other = (
        SpikingSpatialPooler(abstract(), neurons_per_column=3, seed=seed) for seed in (1, 1, 2)
    )
    found = [one.compute(SHOWN[1], learn=False) for one in (first, second, other)]
    assert found[0] == found[1]
    assert first.latencies.tolist() == second.latencies.tolist()
    assert first.latencies.tolist() != other.latencies.tolist()


def test_a_series_becomes_columns_by_spikes_alone() -> None:
    series = read_series().head(60)
    few = StreamParameters(active_columns=10, training_passes=1, boost_strength=0.0)
    made = [choose_columns(series, 250, few, 3, chooser=one) for one in (reliable, None)]
    spiked, level_0 = made
    assert spiked is not None and level_0 is not None
    assert len(spiked) == 60 and 0.5 < mean_overlap(level_0, spiked) < 1


def test_overlap_is_a_share_of_the_larger_set() -> None:
    wanted, chosen = Ragged.from_sets([[1, 2], [], [5]]), Ragged.from_sets([[2], [], [6, 7]])
    assert mean_overlap(wanted, chosen) == pytest.approx((0.5 + 1 + 0) / 3)


def test_what_cannot_be_is_refused(spiking: SpikingSpatialPooler) -> None:
    with pytest.raises(InputError, match="inhibition_radius=None"):
        SpikingSpatialPooler(abstract(inhibition_radius=10))
    with pytest.raises(InputError, match="release must be one of"):
        SpikingSpatialPooler(abstract(), release="never")
    with pytest.raises(InputError, match="must have input_size 400 bits"):
        spiking.compute(SDR.random(300, 20, seed=1))
    with pytest.raises(InputError, match="sdr must be an SDR"):
        spiking.compute(np.arange(3))
