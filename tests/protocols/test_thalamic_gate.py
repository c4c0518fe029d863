"""Bursts, shuffling and checks on known answers; the quick form."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from htm_brian.errors import InputError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import load_protocol
from htm_brian.figures.thalamic_gate import draw
from htm_brian.protocols.thalamic_gate import ThalamicGateParameters
from htm_brian.protocols.thalamic_gate.checks import checks, metrics, to_learn
from htm_brian.protocols.thalamic_gate.measurement import (
    CONDITIONS,
    GATE,
    MEASURED,
    SHUFFLED,
    TONIC,
    Run,
    burst_spikes,
    elements_to_learn,
    shuffled,
)
from htm_brian.protocols.thalamic_gate.stimulus import draw_orders, draw_task

EPISODES, SEEDS, ELEMENTS = 5, 6, 20


def test_elements_are_drawn_apart_and_every_episode_has_every_sequence() -> None:
    p = ThalamicGateParameters()
    task = draw_task(p, np.random.default_rng(1))
    assert task.familiar.shape == task.novel.shape == (p.sequences, p.length, p.active)
    assert (np.diff(task.familiar, axis=-1) > 0).all()
    orders = draw_orders(p, np.random.default_rng(1))
    assert (np.sort(orders, axis=1) == np.arange(p.sequences)).all()


def test_bursts_begin_after_a_silence_and_hold_short_intervals_only() -> None:
    cells = np.array([1, 0, 0, 1, 0, 0, 1, 0])
    times = np.array([0.0, 0.1, 0.104, 0.15, 0.107, 0.15, 0.153, 0.153])
    # Cell 0: three spikes, then a pair after 43 ms. Cell 1: a pair after 150 ms, one spike before.
    wanted = [False, True, True, True, True, False, True, False]
    assert burst_spikes(cells, times).tolist() == wanted
    none = np.empty(0)
    assert burst_spikes(none.astype(int), none).tolist() == []


def test_shuffled_spikes_keep_their_place_in_a_presentation() -> None:
    starts = np.arange(6) * 0.5
    cells, times = np.arange(5), starts[:5] + 0.1
    run = Run({}, starts, (cells, times), (cells, times))
    moved, when = shuffled(run, 4, np.random.default_rng(3))
    # The fifth presentation is of new sequences.
    assert sorted(moved.tolist()) == [0, 1, 2, 3] != moved.tolist()
    np.testing.assert_allclose(when, starts[:4] + 0.1)


def test_learning_is_over_with_the_first_episode_without_error() -> None:
    assert elements_to_learn(np.array([1.0, 0.15, 0.3]), 20) == (40.0, True)
    assert elements_to_learn(np.array([1.0, 0.4, 0.3]), 20) == (60.0, False)


def made_up(claimed: bool) -> xr.Dataset:
    """Return what runs give that do all that is claimed, or the contrary."""
    rng = np.random.default_rng(1)
    shape = len(CONDITIONS), SEEDS, 2 * EPISODES
    found = {name: np.full(shape, 0.5) for name in MEASURED}
    share = np.repeat([0.5, 0.1, 0.5, 0.1], [EPISODES - 2, 2, EPISODES - 2, 2])
    found["burst_share"][:] = share if claimed else np.repeat([0.1, 0.2], EPISODES)
    found["burst_share"][1] = 0.03 if claimed else 0.4
    found["burst_share"] *= 1 + 0.02 * rng.random(shape)
    found["missed"][:] = 1.0
    for row, first in enumerate((1, 3, 3, 1) if claimed else (3, 2, 1, 1)):
        found["missed"][row, :, first:] = 0.0
    dims = "condition", "seed", "episode"
    example = {"spike_phase": [0, 1, 2], "spike_cell": [3, 4, 5], "spike_time": [1.0, 2.0, 3.0]}
    return xr.Dataset(
        {name: (dims, values) for name, values in found.items()}
        | {name: ("spike", values) for name, values in example.items()}
        | {"spike_of_burst": ("spike", np.array([0, 1, 1], dtype=np.int8))},
        coords={"condition": list(CONDITIONS), "episode": np.arange(1, 2 * EPISODES + 1)},
        attrs={"episodes": EPISODES, "elements": ELEMENTS},
    )


def test_checks_hold_where_the_claim_does_and_miss_where_it_does_not() -> None:
    right = made_up(claimed=True)
    assert all(check.passed for check in checks(right)), checks(right)
    assert not any(check.passed for check in checks(made_up(claimed=False)))
    assert to_learn(right, GATE)[0].tolist() == [2.0 * ELEMENTS] * SEEDS
    assert to_learn(right, TONIC)[0].mean() == to_learn(right, SHUFFLED)[0].mean() == 80
    assert metrics(right)[f"{GATE}: memories that learned"] == SEEDS
    assert set(draw(right)) == {"thalamic_gate"}


def test_memories_that_never_learn_decide_nothing() -> None:
    never = made_up(claimed=True)
    never["missed"][:] = 1.0
    found = {check.name: check for check in checks(never)}
    assert not found[f"elements to learn, {TONIC} less {GATE}"].passed
    assert "no memory learned" in found[f"elements to learn, {TONIC} less {GATE}"].found


@pytest.mark.slow
def test_surprise_makes_relay_cells_burst_and_no_inhibition_keeps_them_tonic() -> None:
    dataset = load_protocol("thalamic_gate").in_quick_form().outcome(SilentProgress()).dataset
    share = dataset.burst_share.isel(episode=slice(0, int(dataset.attrs["episodes"])))
    assert float(share.sel(condition=GATE).mean()) > 0.1
    assert float(share.sel(condition=TONIC).mean()) < 0.05
    # Inhibition that comes before the T-current is free keeps relay cells from firing.
    driven = dataset.driven.isel(episode=0).mean("seed")
    assert float(driven.sel(condition=GATE)) < float(driven.sel(condition=TONIC))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cells": 4}, "lets layer 6 spike, got 4"),
        ({"length": 3}, "length must be at least 4, got 3"),
        ({"conditions": (TONIC,)}, "the first one first"),
        ({"conditions": (GATE, GATE)}, "conditions must differ"),
        ({"activation_threshold": 21}, "activation_threshold"),
        ({"relay": "thalamic_relay"}, "needs a table"),
        ({"thalamus": "reticular"}, "a thalamus of level 1 is needed"),
        ({"model": "minicolumns_trees"}, "a network of level 1"),
    ],
)
def test_bad_parameters_are_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_protocol("thalamic_gate")(ThalamicGateParameters(**changes))  # type: ignore[arg-type]
