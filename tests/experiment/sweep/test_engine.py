"""How points are handed out and stored, with a cluster that runs each where it is submitted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("zarr", reason="the extra [sweep] is not installed")
pytest.importorskip("distributed", reason="the extra [sweep] is not installed")

from distributed.scheduler import KilledWorker

from htm_brian.errors import InputError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.sweep import engine
from htm_brian.experiment.sweep.engine import run_point, run_points
from htm_brian.experiment.sweep.grid import Axis, Point, axes_of, points_of
from htm_brian.experiment.sweep.store import DiskFullError, PointStore

pytestmark = pytest.mark.usefixtures("extra_protocols")


class Future:
    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work

    def done(self) -> bool:
        return True

    def result(self) -> Any:
        return self._work()


class HereAndNow:
    """A cluster of two workers, both of them this process."""

    def __init__(self, fail: Callable[[Point], Exception | None] = lambda point: None) -> None:
        self.submitted: list[str] = []
        self.cancelled = 0
        self._fail = fail

    def scheduler_info(self, n_workers: int) -> dict[str, Any]:
        return {"workers": {"a": {}, "b": {}}}

    def submit(self, function: Any, point: Point, key: str, pure: bool) -> Future:
        self.submitted.append(point.address)

        def work() -> Any:
            error = self._fail(point)
            if error is not None:
                raise error
            return function(point)

        return Future(work)

    def cancel(self, futures: list[Future], force: bool) -> None:
        self.cancelled += len(futures)


def points(n: int) -> list[Point]:
    axes = axes_of([], ["poisson_counts"], n)
    return points_of("poisson_counts", axes, ["trials=50"])


def test_every_point_is_computed_once_and_the_next_sweep_takes_what_is_there(
    tmp_path: Path,
) -> None:
    few, many = points(3), points(8)
    with PointStore(tmp_path).opened() as store:
        first = run_points([*few, *few], store, HereAndNow(), SilentProgress())
        assert (first.computed, first.found) == (3, 0)
        cluster = HereAndNow()
        second = run_points(many, store, cluster, SilentProgress())
        assert (second.computed, second.found, second.failed) == (5, 3, {})
        assert sorted(cluster.submitted) == sorted({p.address for p in many[3:]})
        assert store.addresses() == {point.address for point in many}


def test_one_two_and_eight_workers_give_the_same_numbers(tmp_path: Path) -> None:
    """Dask's own scheduler, workers in threads; with processes see test_real_sweep."""
    from distributed import Client, LocalCluster

    found, wanted = [], points(12)
    options = {"threads_per_worker": 1, "processes": False, "dashboard_address": ":0"}
    for workers in (1, 2, 8):
        with (
            PointStore(tmp_path / str(workers)).opened() as store,
            LocalCluster(n_workers=workers, **options) as local,
            Client(local, set_as_default=False) as client,
        ):
            ending = run_points(wanted, store, client, SilentProgress())
            assert (ending.computed, ending.failed) == (12, {})
            found.append({a: store.dataset(a)["count"].values.copy() for a in store.addresses()})
    assert len({counts.tobytes() for counts in found[0].values()}) == 12
    for other in found[1:]:
        assert other.keys() == found[0].keys()
        for address, counts in found[0].items():
            assert np.array_equal(other[address], counts)


def test_few_points_wait_in_line(tmp_path: Path) -> None:
    class Stop(SilentProgress):
        interrupted = False

        def advance(self, steps: int = 1) -> None:
            self.interrupted = True

    cluster = HereAndNow()
    with PointStore(tmp_path).opened() as store:
        ending = run_points(points(40), store, cluster, Stop())
        assert ending.interrupted
        assert len(cluster.submitted) == 2 * engine.AHEAD
        assert len(store.addresses()) == ending.computed == 2 * engine.AHEAD


def test_a_point_that_fails_is_told_and_not_stored_and_others_go_on(tmp_path: Path) -> None:
    failures = {"2": InputError("no such thing"), "3": ValueError("of ours\nsecond line")}
    failures["4"] = KilledWorker("point", "worker", 5)

    def fail(point: Point) -> Exception | None:
        return failures.get(dict(point.settings)["seed"])

    with PointStore(tmp_path).opened() as store:
        ending = run_points(points(5), store, HereAndNow(fail), SilentProgress())
        assert ending.computed == 2
        told = sorted(ending.failed.values())
        assert told[0] == "trials = 50, seed = 2: no such thing"
        assert told[1] == "trials = 50, seed = 3: ValueError: of ours"
        assert "its process died 6 times; is there memory enough?" in told[2]
        again = run_points(points(5), store, HereAndNow(), SilentProgress())
        assert (again.computed, again.found) == (3, 2)


def test_a_full_disk_stops_the_sweep_and_keeps_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, n = PointStore.put, 0

    def fills_up(self: PointStore, *arguments: Any) -> None:
        nonlocal n
        n += 1
        if n > 2:
            raise DiskFullError("no room")
        put(self, *arguments)

    cluster = HereAndNow()
    with PointStore(tmp_path).opened() as store:
        monkeypatch.setattr(PointStore, "put", fills_up)
        with pytest.raises(DiskFullError):
            run_points(points(6), store, cluster, SilentProgress())
        assert len(store.addresses()) == 2
        assert cluster.cancelled == 3  # all that were handed out, but those that are done
        monkeypatch.setattr(PointStore, "put", put)
        assert run_points(points(6), store, HereAndNow(), SilentProgress()).computed == 4


def test_a_point_does_not_depend_on_those_before_it() -> None:
    """Brian2 numbers its objects; the order of synapses, and so rounding, follows their names."""
    small = ["n_rates=5", "cells=2", "axons=20", "axons_per_cell=10", "trials=1"]
    one, two = points_of("dynamic_range", [Axis("seed", ("1", "2"))], small)
    alone = run_point(two)[0]
    run_point(one)
    after = run_point(two)[0]
    for name in alone.data_vars:
        assert np.array_equal(alone[name].values, after[name].values, equal_nan=True), name
