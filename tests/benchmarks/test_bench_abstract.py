"""The benchmarks of level 0 run, and what they time does the same as what they time it against."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")


def test_the_plain_spatial_pooler_chooses_the_same_columns() -> None:
    import bench_spatial_pooler

    found = bench_spatial_pooler.measure(128)  # asserts that they are the same
    assert set(found) == {"htm_brian", "plain NumPy"}
    assert all(rate > 0 for rates in found.values() for rate in rates)


def test_the_streams_of_the_temporal_memory_are_run_both_ways() -> None:
    import gc

    from bench_temporal_memory import rate, sequences

    from htm_brian import TemporalMemory

    tm = TemporalMemory(64, 4)
    stream = sequences(64, 8, 60)
    assert rate(tm, stream, True) > 0 and tm.n_segments > 0
    before = tm.n_segments
    assert rate(tm, stream, False) > 0 and tm.n_segments == before
    assert gc.isenabled()
