"""The quick form of the protocol: what it measures, what it demands."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.nmda_spike import draw
from htm_brian.protocols.nmda_spike import NMDASpikeParameters
from htm_brian.protocols.nmda_spike.checks import checks
from htm_brian.protocols.nmda_spike.measurement import supralinearity, threshold


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("nmda_spike").in_quick_form().outcome(SilentProgress())


def test_every_check_holds(outcome: Outcome) -> None:
    assert outcome.passed, [check.as_dict() for check in outcome.checks if not check.passed]


def test_the_branch_is_sigmoid_and_the_threshold_is_where_it_is_steepest(outcome: Outcome) -> None:
    clustered = outcome.dataset.soma_peak.sel(condition="clustered")
    added = np.diff(clustered.to_numpy())
    k = threshold(clustered) - 2  # `added[k]` is what synapse `threshold` adds
    assert (np.diff(added[:k]) > 0).all() and (np.diff(added[k:]) < 0).all()
    small = supralinearity(outcome.dataset, "clustered").sel(synapses=2)
    assert float(small) == pytest.approx(1, abs=0.05)


def test_what_is_not_an_nmda_spike_does_not_pass(outcome: Outcome) -> None:
    wrong = outcome.dataset.copy(deep=True)
    for name in ("soma_peak", "branch_peak", "soma_half_width", "branch_half_width", "soma_area"):
        without = wrong[name].sel(condition="no NMDA")
        wrong[name].loc[{"condition": "clustered"}] = without
    failed = {check.name for check in checks(wrong) if not check.passed}
    assert {
        "threshold, clustered synapses",
        "amplification by the spike, largest",
        "shortest half-width at the soma, same range",
        "NMDA share of the soma's depolarisation, just above threshold",
    } <= failed


def test_figure(outcome: Outcome) -> None:
    (figure,) = draw(outcome.dataset).values()
    assert len(figure.axes) == 6 and all(axes.lines for axes in figure.axes)


class Stopped(SilentProgress):
    interrupted = True


def test_stopped_half_way() -> None:
    result = load_protocol("nmda_spike").in_quick_form().outcome(Stopped())
    assert result.partial and draw(result.dataset) == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_synapses": 10}, "n_synapses must lie in"),
        ({"duration": 100 * ms}, r"duration must be at least 300\. ms"),
        ({"jitters": (-3 * ms,)}, "each of jitters must be at least"),
        ({"depolarisation": 10 * ms}, "depolarisation must have a unit like V"),
        (
            {"model": "l5_reduced"},
            "l5_reduced is a cell of level 1 where a cell of level 2",
        ),
        ({"model": "passive"}, r"nmda_spike needs the tables \[basal\] and \[nmda\]"),
    ],
)
def test_bad_parameters(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        load_protocol("nmda_spike")(NMDASpikeParameters(**changes))
