"""The networks of `burst_credit` that take long, one seed a task, in processes of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import xarray as xr

from htm_brian.experiment.processes import AfterStep, WorkerPool
from htm_brian.experiment.progress import Progress
from htm_brian.parameters import load_model
from htm_brian.protocols.burst_credit.learning import digits_of_seed
from htm_brian.protocols.burst_credit.spikes import spikes_of_seed

if TYPE_CHECKING:
    from htm_brian.protocols.burst_credit import BurstCreditParameters

Task = Callable[["BurstCreditParameters", int, AfterStep], xr.Dataset]
GRACE = 0.0
"""Seconds that a stopped task has: half a network tells nothing."""


def digits_task(p: BurstCreditParameters, seed: int, after_step: AfterStep) -> xr.Dataset:
    """Teach the digits by every rule."""
    found = digits_of_seed(p, load_model(p.model), seed)
    after_step(1)
    return found


def spikes_task(p: BurstCreditParameters, seed: int, after_step: AfterStep) -> xr.Dataset:
    """Teach exclusive-or to spiking ensembles, in every arm."""
    found = spikes_of_seed(p, seed)
    after_step(1)
    return found


def learned_by_all(p: BurstCreditParameters, progress: Progress) -> list[xr.Dataset] | None:
    """Return what was learned of the digits and in spikes, over seeds; None if stopped.

    With one job all is done in this process, where nothing need be started.
    """
    # The longest first, so that no process is left alone with them.
    tasks: dict[tuple[str, int], Task] = {
        **{("spiking_seed", seed): spikes_task for seed in range(p.spiking_seeds)},
        **{("seed", seed): digits_task for seed in range(p.seeds)},
    }
    found = _here(p, tasks, progress) if p.jobs == 1 else _side_by_side(p, tasks, progress)
    if len(found) < len(tasks):
        return None
    kinds = dict.fromkeys(kind for kind, _ in tasks)
    return [
        xr.concat([found[key] for key in tasks if key[0] == kind], kind, join="exact")
        for kind in kinds
    ]


def _here(p: BurstCreditParameters, tasks: dict[Any, Task], progress: Progress) -> dict[Any, Any]:
    progress.begin("networks that learn", len(tasks))
    found = {}
    for key, task in tasks.items():
        if progress.interrupted:
            break
        found[key] = task(p, key[1], lambda _: True)
        progress.advance()
    return found


def _side_by_side(
    p: BurstCreditParameters, tasks: dict[Any, Task], progress: Progress
) -> dict[Any, Any]:
    label = "networks that learn"
    names = {key: f"{key[0]} {key[1]}" for key in tasks}
    progress.begin(label, len(tasks))
    with WorkerPool(p.jobs) as pool:
        for key, task in tasks.items():
            pool.submit(names[key], task, p, key[1])
        pool.follow(dict.fromkeys(names.values(), 1), progress, GRACE, label)
        return {key: pool.results[name] for key, name in names.items() if name in pool.results}
