"""The protocol at a reduced size: who is connected with whom, what is measured and demanded."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from brian2 import Network, SpikeMonitor, mV, nS, pA, second, volt

from htm_brian import load_model
from htm_brian.engine.compiling import uncompiled
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.dendritic_inhibition import draw
from htm_brian.protocols.dendritic_inhibition import DendriticInhibitionParameters
from htm_brian.protocols.dendritic_inhibition.checks import checks
from htm_brian.protocols.dendritic_inhibition.measurement import halving_strength, strength_at
from htm_brian.protocols.dendritic_inhibition.stimulus import COPIES, build, pairs
from htm_brian.synapses.release import short_term


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("dendritic_inhibition")().run(SilentProgress())


@pytest.mark.slow
def test_every_check_holds(outcome: Outcome) -> None:
    assert outcome.passed, [check.as_dict() for check in outcome.checks if not check.passed]


@pytest.mark.slow
def test_inhibition_of_the_soma_leaves_the_burst_fraction(outcome: Outcome) -> None:
    at = "burst fraction there, over that without"
    assert 0.8 < outcome.metrics[f"soma: {at}"] < 1.25
    assert outcome.metrics[f"dendrite: {at}"] < 0.62


def made_up(rate: list[float], share: list[float]) -> xr.Dataset:
    """Return a dataset: event rate and burst fraction of both copies, for both targets."""
    values = {
        "dendrite": (np.array(rate), np.array(share)),
        "soma": (np.array([7.0, 5, 3.5, 2.5]), np.full(4, 0.12)),
    }
    dims = ("target", "strength", "copy")
    return xr.Dataset(
        {
            "event_rate": (dims, [np.outer(r, [1, 1]) for r, _ in values.values()]),
            "burst_fraction": (dims, [np.outer(s, [1, 1]) for _, s in values.values()]),
            "interneuron_rate": (dims, np.full((2, 4, 2), 5.0)),
        },
        coords={
            "target": list(values),
            "strength": ("strength", [0.0, 1.0, 2.0, 3.0], {"units": "nS"}),
            "copy": list(COPIES),
        },
    )


def test_only_inhibition_that_spares_the_events_passes() -> None:
    good = made_up([7.0, 7, 7.1, 7.2], [0.12, 0.07, 0.055, 0.03])
    assert all(check.passed for check in checks(good))
    failed = {
        c.name for c in checks(made_up([7.0, 6, 5, 4], [0.12, 0.07, 0.055, 0.03])) if not c.passed
    }
    assert failed == {
        "dendrite, 2 nS: change of event rate",
        "dendrite: change of event rate, at most, as long as 40 % of the bursts are left",
    }
    without_effect = checks(made_up([7.0] * 4, [0.12, 0.12, 0.12, 0.12]))
    assert [c.passed for c in without_effect[:3]] == [False, True, False]
    (figure,) = draw(good).values()
    assert len(figure.axes) == 3


def test_strength_is_chosen_on_one_copy_and_judged_on_the_other() -> None:
    dataset = made_up([7.0] * 4, [0.12, 0.09, 0.06, 0.03])
    dataset["burst_fraction"].loc[{"target": "dendrite", "copy": COPIES[1]}] = [
        0.1,
        0.1,
        0.09,
        0.01,
    ]
    first = checks(dataset)[0]
    assert first.name.startswith("dendrite, 2 nS") and first.value == pytest.approx(0.9)
    assert not first.passed
    ratio = dataset.burst_fraction.sel(target="dendrite", copy=COPIES[0]) / 0.12
    assert halving_strength(ratio) == 2.0
    assert strength_at(ratio, 0.6) == pytest.approx(1.6) and strength_at(ratio, 0.75) == 1.0
    assert np.isnan(strength_at(ratio, 0.2))


def test_no_connection_leaves_its_circuit() -> None:
    ends = pairs(np.random.default_rng(1), 6, (10, 3), 0.5)
    assert (ends["i"] // 10 == ends["j"] // 3).all()
    assert len(set(ends["i"])) > 45 and set(ends["j"]) == set(range(18))
    assert len(ends["i"]) == pytest.approx(0.5 * 6 * 30, rel=0.25)


def test_input_of_one_kind_facilitates_and_of_the_other_depresses() -> None:
    """At 50 ms the second release is greater onto somatostatin, smaller onto fast-spiking cells."""
    ratios = []
    for name in ("layer5_to_sst", "layer5_to_fast_spiking"):
        model = load_model(name)
        times = [float(model["short_term"][f"{key}_time"]) for key in ("recovery", "facilitation")]
        released = short_term.train(
            model["release"]["release_probability"], *times, [0, 0.05, 0.1]
        ).released
        ratios.append(released / released[0])
    assert ratios[0][1] > 1.5 and ratios[0][2] > ratios[0][1]
    assert ratios[1][1] < 0.7 and ratios[1][2] < ratios[1][1]


def test_strong_inhibition_of_the_dendrite_ends_bursts() -> None:
    """Two circuits a strength; interneurons are made to fire, so that it is seen in 0.2 s."""
    parameters = DendriticInhibitionParameters(
        strengths=(0 * nS, 5 * nS, 20 * nS),
        n_pyramidal=60,
        n_interneurons=4,
        dendrite_current=400 * pA,
    )
    models = ("naud_sprekeler", "sst_interneuron", "layer5_to_sst")
    with uncompiled():
        circuits = build("dendrite", *map(load_model, models), parameters)
        circuits.interneurons.injected_current = 200 * pA
        monitor = SpikeMonitor(circuits.pyramidal)
        Network(*circuits, monitor).run(0.2 * second)
    count = np.asarray(monitor.count).reshape(3, -1).sum(axis=1)
    assert count[2] < 0.75 * count[0]
    potential = np.asarray(circuits.pyramidal.v_dendrite / volt).reshape(3, -1).mean(axis=1)
    assert potential[2] < potential[0] - 5e-3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strengths": (1 * nS, 2 * nS, 3 * nS)}, "strengths must be three or more and rise from"),
        ({"strengths": (0 * nS, 2 * mV, 3 * nS)}, "each of strengths must have a unit like nS"),
        ({"inhibition_probability": 1.5}, "inhibition_probability must"),
        ({"dendrite_current": 3 * mV}, "dendrite_current must have a unit like pA"),
        ({"duration": 0.5 * second}, r"duration must be at least 1\. s"),
        ({"model": "passive"}, r"dendritic_inhibition needs a table \[dendrite\]"),
        ({"soma_inhibitor_input": "passive"}, "passive is a cell of level 2 where a synapse"),
    ],
)
def test_bad_parameters(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        load_protocol("dendritic_inhibition")(DendriticInhibitionParameters(**changes))
