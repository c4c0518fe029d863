"""The parts of `burst_credit`, each seed of a network a task, in processes of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import xarray as xr

from htm_brian.experiment.processes import AfterStep, WorkerPool
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.threads import one_thread
from htm_brian.parameters import load_model
from htm_brian.protocols.burst_credit.learning import digits_of_seed, exclusive_or
from htm_brian.protocols.burst_credit.sign import sign_of_change
from htm_brian.protocols.burst_credit.spikes import spikes_of_seed

if TYPE_CHECKING:
    from htm_brian.protocols.burst_credit import BurstCreditParameters

Task = Callable[["BurstCreditParameters", int, AfterStep], xr.Dataset]
LABEL = "sign, and networks that learn"
GRACE = 0.0
"""Seconds that a stopped task has: half a network tells nothing."""


def digits_task(p: BurstCreditParameters, seed: int, after_step: AfterStep) -> xr.Dataset:
    """Teach the digits by every rule."""
    with one_thread():
        found = digits_of_seed(p, load_model(p.model), seed)
    after_step(1)
    return found


def spikes_task(p: BurstCreditParameters, seed: int, after_step: AfterStep) -> xr.Dataset:
    """Teach exclusive-or to spiking ensembles, in every arm."""
    found = spikes_of_seed(p, seed)
    after_step(1)
    return found


def sign_task(p: BurstCreditParameters, seed: int, after_step: AfterStep) -> xr.Dataset:
    """Find where the change of synapses turns its sign; all seeds at once."""
    found = sign_of_change(p)
    after_step(1)
    return found


def rates_task(p: BurstCreditParameters, seed: int, after_step: AfterStep) -> xr.Dataset:
    """Teach exclusive-or in rates; all seeds at once."""
    found = exclusive_or(p, load_model(p.model))
    after_step(1)
    return found


def all_parts(p: BurstCreditParameters, progress: Progress) -> list[xr.Dataset] | None:
    """Return the sign, and what was learned of exclusive-or and digits; None if stopped.

    With one job all is done in this process, where nothing need be started.
    """
    # The longest first, so that no process is left alone with them.
    tasks: dict[tuple[str, int], Task] = {
        ("sign", 0): sign_task,
        **{("spiking_seed", seed): spikes_task for seed in range(p.spiking_seeds)},
        **{("seed", seed): digits_task for seed in range(p.seeds)},
        ("rates", 0): rates_task,
    }
    found = _here(p, tasks, progress) if p.jobs == 1 else _side_by_side(p, tasks, progress)
    if len(found) < len(tasks):
        return None
    parts = [found["sign", 0], found["rates", 0]]
    for kind in ("spiking_seed", "seed"):
        seeds = [found[key] for key in tasks if key[0] == kind]
        if seeds:
            parts.append(xr.concat(seeds, kind, join="exact"))
    return parts


def _here(p: BurstCreditParameters, tasks: dict[Any, Task], progress: Progress) -> dict[Any, Any]:
    progress.begin(LABEL, len(tasks))
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
    names = {key: f"{key[0]} {key[1]}" for key in tasks}
    progress.begin(LABEL, len(tasks))
    with WorkerPool(p.jobs) as pool:
        for key, task in tasks.items():
            pool.submit(names[key], task, p, key[1])
        pool.follow(dict.fromkeys(names.values(), 1), progress, GRACE, LABEL)
        return {key: pool.results[name] for key, name in names.items() if name in pool.results}
