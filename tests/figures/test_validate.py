from dataclasses import asdict

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.comparison.dataset import to_dataset
from htm_brian.comparison.ladder import MemoryParameters, Spikes, run_abstract
from htm_brian.figures.validate import _label_times, draw
from htm_brian.sdr.ragged import Ragged
from htm_brian.streams.series import Series

N, SPLIT = 60, 45
EVERY = {"agreement", "anomaly", "raster", "sparsity", "transplant"}


@pytest.fixture(scope="module")
def stream():
    rng = np.random.default_rng(1)
    patterns = [np.sort(rng.choice(64, 8, replace=False)) for _ in range(5)]
    return Ragged.from_sets(patterns * (N // 5))


@pytest.fixture(scope="module")
def runs(stream):
    """Runs of abstract memories under the names of all runs."""
    parameters = asdict(MemoryParameters.for_size(64, 4, active=8))

    def run(part, seed):
        return run_abstract(TemporalMemory(**parameters, seed=seed), part, lambda done: True)

    rest = stream.part(SPLIT)
    made = {
        "abstract": run(stream, 0),
        "abstract_2": run(stream, 1),
        "spiking": run(stream, 2),
        "transplant_abstract": run(rest, 3),
        "transplant_reliable": run(rest, 3),
        "transplant_model": run(rest, 4),
    }
    active = made["spiking"].recording["active_cells"].part(N - 10)
    spikes = Spikes(
        (active.steps + N - 10).astype(np.int32),
        active.values,
        np.full(len(active.values), 0.005),
        0.05 * (active.steps + N - 10),
    )
    return made | {"spiking": type(made["spiking"])(**vars(made["spiking"]) | {"spikes": spikes})}


def half_hours(values):
    stamps = np.datetime64("2000-06-05T00:00", "us") + np.arange(N) * np.timedelta64(1800, "s")
    return Series("demand.csv", "demand_megawatt", values, stamps)


NUMBERS = half_hours(np.arange(N, dtype=float))
TEXT = Series("text.txt", "symbol", np.array(list("abcde" * (N // 5)), dtype="U1"))


@pytest.mark.parametrize("series", [NUMBERS, TEXT], ids=["times", "text"])
def test_every_figure_is_drawn_with_labels(series, stream, runs):
    dataset = to_dataset(series, stream, runs, SPLIT)
    figures = draw(dataset)
    assert set(figures) == EVERY
    for name, figure in figures.items():
        figure.canvas.draw()
        assert any(axes.get_ylabel() or axes.get_yticklabels() for axes in figure.axes), name
        assert any(axes.get_xlabel() for axes in figure.axes), name


def test_a_partial_dataset_is_drawn_as_far_as_it_goes(stream, runs):
    assert draw(to_dataset(NUMBERS, None, {}, SPLIT)) == {}
    some = {name: runs[name] for name in ("abstract", "spiking")}
    assert set(draw(to_dataset(NUMBERS, stream, some, SPLIT))) == EVERY - {"transplant"}
    short = runs["spiking"]
    short = type(short)(short.recording.part(0, 7), 1.0, short.segments, None)
    dataset = to_dataset(NUMBERS, stream, {"abstract": runs["abstract"], "spiking": short}, SPLIT)
    assert np.isfinite(dataset["spiking_anomaly"]).sum() == 7
    for figure in draw(dataset).values():
        figure.canvas.draw()


def test_where_only_level_0_was_run_its_anomaly_is_drawn_beside_the_shuffled_one(stream, runs):
    some = {"abstract": runs["abstract"], "abstract_shuffled": runs["abstract_2"]}
    figures = draw(to_dataset(TEXT, stream, some, SPLIT))
    assert set(figures) == {"anomaly"}
    _, anomaly = figures["anomaly"].axes
    assert {line.get_label() for line in anomaly.get_lines()} == {
        "abstract", "abstract, shuffled in time",
    }  # fmt: skip
    assert anomaly.get_xlabel() == "step"


def test_dataset_survives_the_file(stream, runs, tmp_path):
    import xarray as xr

    dataset = to_dataset(NUMBERS, stream, runs, SPLIT)
    dataset.to_netcdf(tmp_path / "result.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "result.nc", engine="h5netcdf") as read:
        xr.testing.assert_equal(read.load(), dataset)
        assert all("units" in read[name].attrs for name in dataset if name != "value")
        again = Ragged(
            read["spiking_predicted_columns"].to_numpy(),
            read["spiking_predicted_columns_indptr"].to_numpy(),
        )
    assert again == runs["spiking"].recording["predicted_columns"]


def test_spikes_stand_beside_the_cells_predicted_for_their_element(stream, runs):
    dataset = to_dataset(NUMBERS, stream, runs, SPLIT)
    recording = runs["spiking"].recording
    for element in range(N - 10, N):
        here = dataset["predicted_element"] == element
        predicted = dataset["predicted_cell"].to_numpy()[here.to_numpy()]
        np.testing.assert_array_equal(predicted, recording["predictive_cells"][element - 1])


@pytest.mark.parametrize("hours", [1, 9, 30, 60, 71, 100, 400, 2000, 9000, 60000])
def test_every_span_of_time_gets_labels_that_fit(hours):
    axes = Figure(figsize=(4, 2)).subplots()
    stamps = np.datetime64("2000-06-05T00:00") + np.array([0, hours]) * np.timedelta64(1, "h")
    axes.plot(stamps, [0, 1])
    _label_times(axes, xr.Dataset(coords={"time": ("step", stamps)}))
    assert 2 <= len(axes.get_xticks()) <= 9


@pytest.mark.parametrize("year", ["0001", "1659", "9998"])
def test_any_year_is_drawn(year, stream, runs):
    stamps = np.datetime64(f"{year}-01-01T00:00", "us") + np.arange(N) * np.timedelta64(1800, "s")
    series = Series("old.csv", "celsius", np.arange(N, dtype=float), stamps)
    for figure in draw(to_dataset(series, stream, runs, SPLIT)).values():
        figure.canvas.draw()
