from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from htm_brian.errors import InputError
from htm_brian.experiment.sweep import plot
from htm_brian.experiment.sweep.dataset import interval, over_seeds, summary_table, to_dataset
from htm_brian.experiment.sweep.engine import run_point
from htm_brian.experiment.sweep.grid import axes_of, points_of

pytestmark = pytest.mark.usefixtures("extra_protocols")

OVER = ["rate=40:60:20 Hz", "trials=50,60"]


def sweep(n_seeds: int | None, left_out: int | None = None):
    axes = axes_of(OVER, ["poisson_counts"], n_seeds)
    points = points_of("poisson_counts", axes)
    contents = {p.address: run_point(p)[1] for k, p in enumerate(points) if k != left_out}
    return axes, points, contents


def test_checks_and_metrics_over_parameters_and_seeds() -> None:
    axes, points, contents = sweep(3)
    dataset = to_dataset(axes, points, contents)
    assert dict(dataset.sizes) == {"rate": 2, "trials": 2, "seed": 3}
    assert dataset["rate"].values.tolist() == [40.0, 60.0]
    assert dataset["rate"].attrs == {"units": "Hz"}
    assert dataset["seed"].values.tolist() == [1, 2, 3]
    count = dataset["mean_count"]
    assert count.attrs["units"] == "spikes"
    assert (count.attrs["low"], count.attrs["high"]) == (18.0, 22.0)
    # One point by hand: rate 60 Hz, 60 trials, seed 2.
    rng = np.random.default_rng(2)
    by_hand = np.mean([rng.poisson(60 * 0.5) for _ in range(60)])
    assert float(count.sel(rate=60, trials=60, seed=2)) == pytest.approx(by_hand)
    assert dataset["largest"].attrs["kind"] == "metric"
    assert dataset["passed"].sel(rate=60).values.max() == 0
    assert isinstance(dataset.to_netcdf(engine="h5netcdf"), bytes | memoryview)


def test_a_point_that_is_not_there_is_nan() -> None:
    axes, points, contents = sweep(None, left_out=1)
    dataset = to_dataset(axes, points, contents)
    assert np.isnan(dataset["mean_count"].values).tolist() == [[False, True], [False, False]]
    with pytest.raises(InputError, match="no point of the sweep is there yet"):
        to_dataset(axes, points, {})


def test_the_interval_is_students() -> None:
    values = np.random.default_rng(1).normal(3, 2, 20)
    mean, low, high = interval(np.array([*values, math.nan]))
    known = stats.t.interval(0.95, 19, loc=values.mean(), scale=stats.sem(values))
    assert (mean, low, high) == pytest.approx((values.mean(), *known))
    assert math.isnan(interval(np.array([1.0]))[1])
    assert math.isnan(interval(np.array([]))[0])


def test_the_interval_holds_the_mean_in_95_of_100_draws() -> None:
    rng = np.random.default_rng(2)
    hits = [
        low <= 5 <= high for _, low, high in (interval(rng.normal(5, 1, 8)) for _ in range(2000))
    ]
    assert np.mean(hits) == pytest.approx(0.95, abs=0.02)


def test_the_table_says_mean_interval_and_how_many_hold() -> None:
    axes, points, contents = sweep(3)
    dataset = to_dataset(axes, points, contents)
    table = summary_table(dataset)
    assert table.columns == [
        "check",
        "rate",
        "trials",
        "mean",
        "95 % interval",
        "target",
        "holds in",
    ]
    assert len(table.rows) == 2 * 4
    (row,) = [r for r in table.rows if r[:3] == ["mean count", "60", "50"]]
    assert row[5:] == ["18 to 22 spikes", "0 of 3"]
    found = over_seeds(dataset, "mean_count")
    assert found["mean"].dims == ("rate", "trials")


@pytest.mark.parametrize("n_seeds", [None, 3])
def test_the_figure_has_a_panel_for_each_check_and_a_line_for_each_second_value(
    n_seeds: int | None,
) -> None:
    axes, points, contents = sweep(n_seeds)
    figure = plot.draw(to_dataset(axes, points, contents))
    panels = [panel for panel in figure.axes if panel.get_visible()]
    assert [panel.get_title() for panel in panels] == ["Fano factor", "mean count"]
    assert panels[1].get_xlabel() == "rate (Hz)"
    assert [text.get_text() for text in panels[1].get_legend().get_texts()] == [
        "trials = 50",
        "trials = 60",
    ]


def test_a_figure_without_parameters_shows_the_seeds_mean() -> None:
    axes = axes_of([], ["poisson_counts"], 2)
    points = points_of("poisson_counts", axes, ["trials=50"])
    contents = {point.address: run_point(point)[1] for point in points}
    figure = plot.draw(to_dataset(axes, points, contents))
    assert len(figure.axes) == 2
