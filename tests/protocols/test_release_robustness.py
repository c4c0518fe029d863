"""The protocol at a reduced size: three ways to one curve, and what does not pass."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms
from matplotlib.axes import Axes

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.release_robustness import draw
from htm_brian.protocols.release_robustness import ReleaseRobustnessParameters
from htm_brian.protocols.release_robustness.checks import checks
from htm_brian.protocols.release_robustness.sampling import deviations

SHORT = ReleaseRobustnessParameters(
    trials=20_000,
    repeats=20,
    branch_repeats=20,
    burst_connections=2000,
    spiking_thresholds=(13,),
    window_trials=1000,
    speed_trials=100_000,
)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("release_robustness")(SHORT).run(SilentProgress())


def test_the_numbers_of_synapses_that_buy_misses_back(outcome: Outcome) -> None:
    bought = [check for check in outcome.checks if check.name.startswith("synapses for")]
    assert [check.value for check in bought] == [20, 26, 40, 71]
    assert all(check.passed for check in bought)


def test_three_ways_agree(outcome: Outcome) -> None:
    assert float(deviations(outcome.dataset).max()) < 4.5
    together = outcome.dataset.spiking.sel(timing="together")
    exact = outcome.dataset.theory.sel(threshold=13)
    error = np.sqrt(exact * (1 - exact) / SHORT.repeats) + 1e-3
    z = (together.isel(spiking_threshold=0) - exact) / error
    assert float(abs(z).max()) < 4.5
    assert float(outcome.dataset.disagreement.max()) == 0


def test_spread_spikes_lose_what_the_window_takes(outcome: Outcome) -> None:
    share = outcome.dataset.share.sel(timing="spread")
    assert float(share) < 0.97
    assert float(abs(share - outcome.dataset.window_share)) < 0.05


def test_level_2_counts_synapses_at_its_own_threshold(outcome: Outcome) -> None:
    """Schiller 2000: some ten; Numenta's poster: 8-20; stronger receptors need fewer synapses."""
    threshold = dataset_of(outcome, "measured_threshold")
    assert 8 <= threshold["stronger NMDA"] < threshold["as it is"] < threshold["weaker NMDA"] <= 20
    assert float(outcome.dataset.miscounted) == 0


def test_bursts_sum_in_level_2_unless_nmda_receptors_saturate(outcome: Outcome) -> None:
    shift = outcome.dataset.threshold_shift.sel(spikes=3)
    assert float(shift.sel(condition="as it is")) < -1
    assert abs(float(shift.sel(condition="NMDA saturates"))) < 1.5


def test_spread_spikes_lose_what_the_decay_of_nmda_takes(outcome: Outcome) -> None:
    spread = outcome.dataset.sel(condition="spread, no AMPA", spikes=1)
    assert float(spread.threshold_shift) > 1
    error = 4 * float(spread.threshold_shift_error)
    assert float(abs(spread.threshold_shift - spread.rule_shift)) < 0.5 + error


def dataset_of(outcome: Outcome, name: str) -> dict[str, float]:
    values = outcome.dataset[name]
    return dict(zip(values.condition.to_numpy(), values.to_numpy(), strict=True))


def test_curves_that_are_off_do_not_pass(outcome: Outcome) -> None:
    wrong = outcome.dataset.copy(deep=True)
    wrong["sampled"] = wrong.sampled * 0.98
    wrong["share"] = wrong.share - 0.1
    wrong["miscounted"] = wrong.miscounted + 0.01
    wrong["threshold_shift"] = wrong.threshold_shift + 2
    wrong["speed"] = wrong.speed * 0 + 1e5
    failed = [check.name for check in checks(wrong) if not check.passed]
    assert "sampled less exact detection, largest" in failed
    assert sum("share" in name for name in failed) == 2
    assert (
        "level 2: trials with spikes at one moment in which NMDA spike and count disagree" in failed
    )
    assert sum("level 2: shift" in name for name in failed) == 2
    assert any("second of CPU" in name for name in failed)


def test_figure(outcome: Outcome) -> None:
    (figure,) = draw(outcome.dataset).values()
    assert len(figure.axes) == 9
    for number in (0, 1, 3, 4, 5):
        assert figure.axes[number].get_title().endswith("threshold 13"), number
    for axes in figure.axes:
        assert legend_without_points(axes) == []


def test_a_figure_without_level_2_at_its_threshold_does_not_name_it(outcome: Outcome) -> None:
    other = outcome.dataset.copy(deep=True)
    other["measured_threshold"] = other.measured_threshold + 1
    (figure,) = draw(other).values()
    for number in (0, 1):
        axes = figure.axes[number]
        labels = [text.get_text() for text in axes.get_legend().get_texts()]
        assert "sampled" in labels and not [label for label in labels if "level 2" in label]
        assert legend_without_points(axes) == []


def legend_without_points(axes: Axes) -> list[str]:
    """Return the entries of a legend for markers that no line of data has."""
    drawn = {line.get_marker() for line in axes.lines if len(line.get_xdata())}
    keys = [line for line in axes.lines if not len(line.get_xdata())]
    return [
        str(line.get_label())
        for line in keys
        if line.get_marker() != "None" and line.get_marker() not in drawn
    ]


class Stopped(SilentProgress):
    interrupted = True


def test_stopped_half_way() -> None:
    short = ReleaseRobustnessParameters(trials=1000, repeats=20, burst_connections=20)
    result = load_protocol("release_robustness")(short).run(Stopped())
    assert result.partial and draw(result.dataset) == {}


def test_bad_parameters() -> None:
    with pytest.raises(ValueError, match="^trials must be at least 20, got 1$"):
        ReleaseRobustnessParameters(trials=1)
    with pytest.raises(ValueError, match="^spiking_thresholds must hold 13, at which"):
        ReleaseRobustnessParameters(spiking_thresholds=(10, 14))
    with pytest.raises(ValueError, match=r"^jitter must be at least 0\. s, got -1\. ms"):
        ReleaseRobustnessParameters(jitter=-1 * ms)


@pytest.mark.slow
def test_the_whole_run_misses_only_what_the_documents_name() -> None:
    result = load_protocol("release_robustness")().run(SilentProgress())
    missed = [check.name for check in result.checks if not check.passed]
    assert len(missed) == 1, missed
    assert missed[0].startswith("level 2: shift of the threshold that the NMDA conductances")
