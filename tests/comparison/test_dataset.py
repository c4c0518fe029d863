import numpy as np
import pytest
import xarray as xr

from htm_brian.comparison.dataset import to_dataset
from htm_brian.sdr.ragged import Ragged
from htm_brian.streams.series import Series

MICROSECONDS = xr.coders.CFDatetimeCoder(time_unit="us")


@pytest.mark.parametrize("year", ["0001", "1659", "2000", "2263", "9998"])
def test_times_of_any_year_survive_the_file(tmp_path, year):
    stamps = np.datetime64(f"{year}-01-01T00:30", "us") + np.arange(20) * np.timedelta64(30, "m")
    series = Series("a.csv", "celsius", np.arange(20.0), stamps)
    dataset = to_dataset(series, Ragged.from_sets([[1]] * 20), {}, 15)
    np.testing.assert_array_equal(dataset["time"], stamps)
    dataset.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "a.nc", engine="h5netcdf", decode_times=MICROSECONDS) as read:
        np.testing.assert_array_equal(read["time"], stamps)
