"""Sweeps as a user starts them: real processes, real clusters, real kills."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

pytest.importorskip("zarr", reason="the extra [sweep] is not installed")
pytest.importorskip("distributed", reason="the extra [sweep] is not installed")

from htm_brian.errors import ExitStatus
from htm_brian.experiment.sweep.store import PointStore

MOMENTS = 50
"""At which a process is killed."""

POINTS_TIME = 2.0
"""Seconds after the first new point in which a kill may come."""

SEEDS = 120
"""For each of four drives: so many that kills do not see the end. A point waits 0.3 s."""

PROTOCOL = """
import time
from dataclasses import dataclass
import numpy as np
import xarray as xr
from brian2 import Network, NeuronGroup, SpikeMonitor, Synapses, ms
from htm_brian.engine.compiling import uncompiled
from htm_brian.experiment.checks import Check
from htm_brian.experiment.protocol import Outcome, Protocol

@dataclass(frozen=True)
class Parameters:
    drive: float = 1.3
    wait: float = 0.0
    seed: int = 1

class Door(Protocol):
    name, claim, source = "door_network", "A drive fires cells.", "nobody"
    parameters = Parameters()

    def run(self, progress):
        p = self.parameters
        time.sleep(p.wait)
        rng = np.random.default_rng(p.seed)
        with uncompiled():
            cells = NeuronGroup(
                20, "dv/dt = (drive - v)/(10*ms) : 1\\ndrive : 1",
                threshold="v > 1", reset="v = 0", method="exact",
            )
            cells.drive = p.drive + rng.random(20)
            synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w")
            synapses.connect()
            synapses.w = 0.01 * rng.random(400)
            spikes = SpikeMonitor(cells)
            Network(cells, synapses, spikes).run(20 * ms)
        return Outcome(
            xr.Dataset({"v": ("cell", np.asarray(cells.v), {"units": "1"})}),
            [Check("spikes", float(spikes.num_spikes), "1", 1, None, "nobody")],
        )
"""


@pytest.fixture
def protocol(tmp_path: Path) -> Path:
    path = tmp_path / "door_network.py"
    path.write_text(PROTOCOL)
    return path


def command(protocol: Path, folder: Path, *more: str) -> list[str]:
    program = [sys.executable, "-m", "htm_brian.cli", "sweep", f"./{protocol.name}"]
    return [*program, "-o", str(folder), *more]


def run(protocol: Path, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(protocol, folder, *more),
        cwd=protocol.parent,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


def values(folder: Path) -> dict[str, np.ndarray]:
    store = PointStore(folder)
    return {address: store.dataset(address)["v"].values for address in store.addresses()}


def test_a_sweep_runs_writes_one_dataset_and_goes_on(protocol: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    small = ("--over", "drive=1.1:1.3:0.2", "--workers", "1")
    done = run(protocol, folder, *small)
    assert done.returncode == 0, done.stderr
    assert "2 points computed, 0 found, of 2" in done.stdout
    done = run(protocol, folder, *small, "--seeds", "1")  # the protocol's own seed: nothing new
    assert done.returncode == 0, done.stderr
    assert "0 points computed, 2 found, of 2" in done.stdout
    with xr.open_dataset(folder / "door_network.nc", engine="h5netcdf") as dataset:
        assert dataset["spikes"].dims == ("drive", "seed")
        assert dataset["drive"].values.tolist() == [1.1, 1.3]
    for kind in ("png", "svg", "pdf"):
        assert (folder / f"door_network.{kind}").stat().st_size > 1000
    summary = json.loads((folder / "sweep.json").read_text())
    assert summary["axes"] == {"drive": ["1.1", "1.3"], "seed": ["1"]}


@pytest.mark.slow
def test_the_numbers_are_the_same_on_1_2_and_8_workers(protocol: Path, tmp_path: Path) -> None:
    found = []
    for workers in ("1", "2", "8"):
        folder = tmp_path / workers
        done = run(
            protocol, folder, "--over", "drive=1.1:1.3:0.1", "--seeds", "4", "--workers", workers
        )
        assert done.returncode == 0, done.stderr
        found.append(values(folder))
    assert len(found[0]) == 12
    for other in found[1:]:
        assert other.keys() == found[0].keys()
        for address, expected in found[0].items():
            assert np.array_equal(other[address], expected)


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_finished_and_the_next_call_does_the_rest(
    protocol: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    more = ("--seeds", "60", "--set", "wait=0.2", "--workers", "1")
    with started(protocol, folder, *more) as process:
        until(lambda: len(PointStore(folder).addresses()) >= 3)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal sends it: to all of them
        out, err = process.communicate(timeout=100)
    assert process.returncode == ExitStatus.INTERRUPTED, err
    assert "stopped before the end: the same command goes on" in out
    kept = len(PointStore(folder).addresses())
    assert f"{kept} points computed" in out
    assert 3 <= kept < 60
    before = values(folder)
    done = run(protocol, folder, *more)
    assert done.returncode == 0, done.stderr
    assert f"{60 - kept} points computed, {kept} found, of 60" in done.stdout
    after = values(folder)
    assert len({tuple(v) for v in after.values()}) == 60
    for address, expected in before.items():
        assert np.array_equal(after[address], expected)


@pytest.mark.slow
def test_a_disk_that_fills_up_loses_nothing(protocol: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with small_disk(disk, "600k"):
        more = ("--seeds", "40", "--workers", "2")
        done = run(protocol, disk / "out", *more)
        assert done.returncode == ExitStatus.BAD_INPUT, done.stdout + done.stderr
        assert "no room for another point" in done.stderr
        assert "Traceback" not in done.stderr
        kept = len(PointStore(disk / "out").addresses())
        assert 1 <= kept < 40
        subprocess.run(["mount", "-o", "remount,size=32m", str(disk)], check=True)
        done = run(protocol, disk / "out", *more)
        assert done.returncode == 0, done.stderr
        assert f"{40 - kept} points computed, {kept} found, of 40" in done.stdout
        assert len({tuple(v) for v in values(disk / "out").values()}) == 40


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced_and_its_point_run_again(
    protocol: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    with started(protocol, folder, "--seeds", "30", "--set", "wait=0.3", "--workers", "2") as sweep:
        until(lambda: grown(sweep, folder, 2))
        for worker in children(sweep.pid):
            os.kill(worker, signal.SIGKILL)
        out, err = sweep.communicate(timeout=500)
    assert sweep.returncode == 0, err
    assert "30 points computed, 0 found, of 30" in out
    assert len({tuple(v) for v in values(folder).values()}) == 30


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_by_kills_at_random_moments(
    protocol: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(1)
    kill_at_random(protocol, tmp_path / "killed", MOMENTS, rng)


def kill_at_random(protocol: Path, folder: Path, moments: int, rng: np.random.Generator) -> int:
    """Kill the sweep, or one of its workers, at random moments; check that it ends right.

    Returns how many points were stored when the last kill came.
    """
    more = (
        "--over",
        "drive=1.1:1.4:0.1",
        "--seeds",
        str(SEEDS),
        "--set",
        "wait=0.3",
        "--workers",
        "2",
    )
    n_points, stored, start = 4 * SEEDS, 0, 0.0
    for moment in range(moments):
        begun = time.monotonic()
        with started(protocol, folder, *more) as process:
            if moment % 3 == 2:  # while it starts
                time.sleep(rng.uniform(0, start))
            else:  # while points come in
                until(lambda p=process, before=stored: grown(p, folder, before))
                start = time.monotonic() - begun
                time.sleep(rng.uniform(0, POINTS_TIME))
            workers = children(process.pid)
            if moment % 2 and workers:
                os.kill(int(rng.choice(workers)), signal.SIGKILL)
                time.sleep(rng.uniform(0, 3))
            os.kill(process.pid, signal.SIGKILL)
            process.wait(timeout=60)
        there = PointStore(folder).addresses()
        assert len(there) >= stored, "a point that was stored is gone"
        stored = len(there)
    done = run(protocol, folder, *more)
    assert done.returncode == 0, done.stderr
    summary = json.loads((folder / "sweep.json").read_text())
    wanted = [point["address"] for point in summary["points"]["door_network"]]
    assert len(wanted) == len(set(wanted)) == n_points
    assert PointStore(folder).addresses() == set(wanted)
    assert f"{n_points - stored} points computed, {stored} found, of {n_points}" in done.stdout
    seen = {tuple(v) for v in values(folder).values()}
    assert len(seen) == n_points  # every one the result of its own seed and drive
    return stored


def grown(process: subprocess.Popen[str], folder: Path, before: int) -> bool:
    """Return whether a sweep that still runs has stored a further point."""
    if process.poll() is not None:
        raise AssertionError(f"the sweep ended: {process.communicate()[1]}")
    return len(PointStore(folder).addresses()) > before


@contextmanager
def started(protocol: Path, folder: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """Start a sweep in a process group of its own; nothing of it outlives the block."""
    process = subprocess.Popen(
        command(protocol, folder, *more),
        cwd=protocol.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(timeout=60)
        until(lambda: not group_lives(process.pid))
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """Mount a file system of so many bytes; skip the test where that is not allowed."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a file system of its own cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def children(pid: int) -> list[int]:
    """Return the worker processes of a sweep: those that themselves were spawned by it."""
    path = Path(f"/proc/{pid}/task")
    found = []
    for task in path.iterdir() if path.exists() else ():
        try:
            found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def until(true: object, seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
