"""Runs the points of a sweep on a Dask cluster, and stores each as it is finished.

By default the cluster is one of processes on this machine, one point at a time in each, since
Brian2 holds one simulation in a process. With the address of a scheduler it is any Dask cluster.
Only this process writes, so a point is stored once, whoever computed it, and however often. A
worker that dies is replaced, and its point given to another.

What a point gives depends on its parameters alone: not on which points its process ran before, nor
on how many processes there are.
"""

from __future__ import annotations

import gc
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import xarray as xr

from htm_brian.errors import InputError, mistake_behind
from htm_brian.experiment.processes import interrupt_held_back
from htm_brian.experiment.progress import Progress, SilentProgress
from htm_brian.experiment.results import describe_parameters, jsonable
from htm_brian.experiment.sweep.grid import Point, environment
from htm_brian.experiment.sweep.store import PointStore

AHEAD = 3
"""Points that wait in line for each worker."""

DEATHS = 5
"""Workers that one point may outlive."""

MOMENT = 0.05
"""Seconds between two looks at what is finished, and whether Ctrl-C was pressed."""


@dataclass
class Ending:
    """How a sweep ended.

    Attributes
    ----------
    computed, found : int
        Points of this run, and points that were stored before.
    failed : dict of str to str
        What went wrong, by the address of the point.
    interrupted : bool
        Whether it was stopped before its end.
    """

    computed: int = 0
    found: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False


def run_point(point: Point) -> tuple[xr.Dataset, dict[str, Any]]:
    """Run one point; return its dataset and what is told of it."""
    gc.collect()  # frees the names of Brian2's objects: a point makes its own from the first on
    protocol = point.set_up()
    started = time.monotonic()
    outcome = protocol.outcome(SilentProgress())
    content = {
        "protocol": protocol.name,
        "settings": dict(point.settings),
        "quick": point.quick,
        "parameters": describe_parameters(protocol.parameters),
        "environment": dict(environment()),
        "checks": [check.as_dict() for check in outcome.checks],
        "undecided": dict(outcome.undecided),
        "metrics": jsonable(outcome.metrics),
        "passed": outcome.passed,
        "seconds": round(time.monotonic() - started, 3),
    }
    return outcome.dataset.load(), content


@contextmanager
def cluster(workers: int | None, scheduler: str | None) -> Iterator[Any]:
    """Yield a Dask client: of processes on this machine, or of the scheduler that is named.

    Parameters
    ----------
    workers : int, optional
        Processes on this machine; as many as it has processors if left out.
    scheduler : str, optional
        Address of a Dask scheduler, ``tcp://host:8786``.

    Raises
    ------
    InputError
        If the scheduler does not answer.
    """
    import dask
    from distributed import Client, LocalCluster

    quiet = {
        "distributed.scheduler.allowed-failures": DEATHS,
        "distributed.worker.daemon": False,  # a protocol may start processes of its own
        "distributed.admin.log-format": "%(message)s",
        "logging.distributed": "critical",
    }
    with dask.config.set(quiet):
        if scheduler is not None:
            try:
                client = Client(scheduler, timeout="20s", set_as_default=False)
            except (OSError, ValueError) as error:
                reason = str(error).partition("\n")[0]
                raise InputError(f"no Dask scheduler answers at {scheduler}: {reason}") from None
            with client:
                yield client
            return
        with interrupt_held_back():  # workers must not die of a Ctrl-C that is meant for us
            local = LocalCluster(
                n_workers=workers or os.cpu_count() or 1,
                threads_per_worker=1,
                processes=True,
                dashboard_address=":0",  # any free port: another sweep may have the usual one
                silence_logs=logging.CRITICAL,
            )
        with local, Client(local, set_as_default=False) as client:
            yield client


def run_points(
    points: Sequence[Point],
    store: PointStore,
    client: Any,
    progress: Progress,
    stored: Callable[[Point], object] = lambda point: None,
) -> Ending:
    """Run the points that are not in the store yet, and store each as it is finished.

    Parameters
    ----------
    points : sequence of Point
        A point that stands there twice is run once.
    store : PointStore
        Opened.
    client : distributed.Client
        Of the cluster.
    progress : Progress
        Told of every point; says when to stop.
    stored : callable
        Called after a point is stored.

    Raises
    ------
    DiskFullError
        If there is no room for a point.
    """
    there = store.addresses()
    waiting = list(
        {point.address: point for point in points if point.address not in there}.values()
    )
    ending = Ending(found=len({point.address for point in points} & there))
    progress.begin(f"points ({ending.found} were stored before)", len(waiting))
    waiting.reverse()
    running: dict[Any, Point] = {}
    try:
        while (waiting or running) and not progress.interrupted:
            _submit(client, waiting, running)
            for future in _finished(running):
                point = running.pop(future)
                _settle(future, point, store, ending)
                if point.address not in ending.failed:
                    stored(point)
                progress.advance()
        ending.interrupted = bool(waiting or running)
    finally:
        client.cancel(list(running), force=True)
    return ending


def _submit(client: Any, waiting: list[Point], running: dict[Any, Point]) -> None:
    """Keep every worker busy, and few points in line."""
    wanted = AHEAD * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
    while waiting and len(running) < wanted:
        point = waiting.pop()
        running[client.submit(run_point, point, key=f"point-{point.address}", pure=False)] = point


def _finished(running: dict[Any, Point]) -> list[Any]:
    """Return what is finished; if nothing is, wait a moment."""
    done = [future for future in running if future.done()]
    if not done:
        time.sleep(MOMENT)
    return done


def _settle(future: Any, point: Point, store: PointStore, ending: Ending) -> None:
    """Store what a point gave, or keep what went wrong with it."""
    from distributed.scheduler import KilledWorker

    try:
        dataset, content = future.result()
    except KilledWorker:
        ending.failed[point.address] = (
            f"{_told(point)}: its process died {DEATHS + 1} times; is there memory enough?"
        )
        return
    except Exception as error:
        mistake = mistake_behind(error)
        said = str(mistake) if mistake is not None else f"{type(error).__name__}: {error}"
        ending.failed[point.address] = f"{_told(point)}: {said.partition(chr(10))[0]}"
        return
    store.put(point.address, dataset, content)
    ending.computed += 1


def _told(point: Point) -> str:
    return ", ".join(f"{name} = {value}" for name, value in point.settings) or point.protocol
