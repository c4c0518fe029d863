"""``htm-brian fit``: a cell of level 2 fitted to the detailed cell, or scored as it stands.

A fit sees the targets that are *fitted*; those *held out* are looked at once, after it. What it
found is written with the seed, the versions, the scores on both, how fragile it is, and the front
of candidates that are better in one family of stimuli and worse in another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Quantity, ms
from numpy.typing import NDArray

from htm_brian.arguments import check_integer
from htm_brian.engine.compiling import code_generation
from htm_brian.errors import InputError
from htm_brian.experiment import results
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import quantity
from htm_brian.fitting import answers
from htm_brian.fitting.calibration_result import fitted_model, fitted_values, front, scored
from htm_brian.fitting.detailed_cell import FITTED, Target, targets, with_role
from htm_brian.fitting.freedom import Free, at_bounds, free_parameters, own_values
from htm_brian.fitting.reduction_file import to_toml
from htm_brian.fitting.score import families
from htm_brian.fitting.search import LEAST_POPULATION, Answer, Search, State, Stopped
from htm_brian.parameters import Model

Array = NDArray[np.float64]

RESULT, SCORE, STATE = "fit.json", "score.json", "state.npz"
VERSIONS = ("htm-brian", "brian2", "numpy", "scipy")


@dataclass(frozen=True)
class Settings:
    """How a fit is made.

    Parameters
    ----------
    seed : int
    generations, last_generations : int
        Of the search, and of the stage that makes the best candidates robust; see
        `htm_brian.fitting.search.Search.run`.
    population : int
        Candidates of a generation.
    time_step : Quantity
    codegen : {"auto", "cython", "numpy"}
        Brian2's code.
    """

    seed: int = 1
    generations: int = 150
    last_generations: int = 10
    population: int = 96
    time_step: Quantity = quantity(0.1 * ms)
    codegen: str = "auto"

    def __post_init__(self) -> None:
        check_integer("seed", self.seed, low=0)
        check_integer("generations", self.generations, low=0)
        check_integer("last_generations", self.last_generations, low=0)
        check_integer("population", self.population, low=LEAST_POPULATION)
        if self.codegen not in ("auto", "cython", "numpy"):
            raise InputError(f"codegen must be auto, cython or numpy, got {self.codegen!r}")


class _Quiet:
    """Passes on that the user stops; the runs of a generation tell nothing else."""

    def __init__(self, outer: Progress) -> None:
        self._outer = outer

    @property
    def interrupted(self) -> bool:
        return self._outer.interrupted

    def begin(self, description: str, total: int) -> None:
        """Do nothing."""

    def advance(self, steps: int = 1) -> None:
        """Do nothing."""

    def reach(self, done: int) -> None:
        """Do nothing."""

    def describe(self, description: str) -> None:
        """Do nothing."""


def fit(
    model: Model,
    settings: Settings,
    folder: Path,
    progress: Progress,
    among: Sequence[Target] | None = None,
    command: str = "",
) -> dict[str, Any]:
    """Fit a model, write the result and the fitted model, and return the result.

    Parameters
    ----------
    model : Model
        With parameters that have a range ``free``.
    settings : Settings
    folder : Path
        For ``fit.json``, the fitted model and the state; a fit that was stopped goes on from it.
    progress : Progress
    among : sequence of Target, optional
        In place of the detailed cell's.
    command : str
        For the result.

    Raises
    ------
    InputError
        If the model is none to fit, or the folder holds the state of another fit.
    htm_brian.fitting.search.Stopped
        If the user stopped it; the same call goes on.
    """
    free = check(model)
    every = targets() if among is None else tuple(among)
    results.prepare_folder(folder)
    state = State.load(folder / STATE, _identity(model, free, settings, every))
    total = (
        1
        + settings.generations
        + (1 + settings.last_generations if settings.last_generations else 0)
    )
    progress.begin("searching", total)

    def notice(stage: str, best: float) -> None:
        progress.advance()
        progress.describe(f"{stage}, best {best:.3f}")

    answer = _answer(model, settings, progress)
    rest = float(model["soma"]["resting_potential"])
    search = Search(
        free,
        with_role(FITTED, every),
        answer,
        rest,
        state,
        lambda: state.save(folder / STATE),
        notice,
    )
    start = np.array([float(each.share(np.clip(each.value, each.low, each.high))) for each in free])
    with code_generation(settings.codegen):
        found = search.run(
            settings.seed,
            settings.generations,
            settings.last_generations,
            settings.population,
            start,
        )
        values = fitted_values(free, found)
        of_all = scored(free, every, values, answer, rest)
    touched = at_bounds(free, found)
    result = {
        "model": model.name,
        "command": command,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "identity": state.settings,
        "values": {
            each.path: {
                **asdict(each),
                "value": float(f"{values[each.path][0] / each.scale:.4g}"),
                "of_model": each.value,
            }
            for each in free
        },
        "at_bounds": [each.path for each in touched],
        "score": of_all,
        "front": front(free, state, families(with_role(FITTED, every))),
    }
    results.replace_file(folder / RESULT, lambda path: _write_json(path, result))
    name = f"{model.name}_fitted"
    fitted = fitted_model(model, free, found, name, settings.seed)
    text = to_toml(fitted, f"Written by: {command or 'htm_brian.fitting.calibration.fit'}.")
    results.replace_file(
        folder / f"{name}.toml", lambda path: path.write_text(text, encoding="utf-8")
    )
    return result


def score(
    model: Model,
    settings: Settings,
    progress: Progress,
    folder: Path | None = None,
    among: Sequence[Target] | None = None,
    command: str = "",
) -> dict[str, Any]:
    """Return how near a model comes as it stands, and how fragile that is.

    Parameters
    ----------
    model, settings, progress, among, command
        As for `fit`; of the settings the time step and the code count.
    folder : Path, optional
        Where ``score.json`` is written.

    Raises
    ------
    InputError
        If the model is none to hold against the detailed cell.
    htm_brian.fitting.search.Stopped
        If the user stopped it.
    """
    free = check(model)
    every = targets() if among is None else tuple(among)
    progress.begin(f"{model.name} and {2 * len(free)} neighbours", 1)
    rest = float(model["soma"]["resting_potential"])
    with code_generation(settings.codegen):
        found = scored(free, every, own_values(free), _answer(model, settings, progress), rest)
    progress.advance()
    result = {
        "model": model.name,
        "command": command,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "identity": _identity(model, free, settings, every),
        "values": {each.path: asdict(each) for each in free},
        "outside_range": [each.path for each in free if not each.low <= each.value <= each.high],
        "score": found,
    }
    if folder is not None:
        results.replace_file(folder / SCORE, lambda path: _write_json(path, result))
    return result


def check(model: Model) -> tuple[Free, ...]:
    """Check that a model can be held against the detailed cell, and return what a fit may choose.

    Raises
    ------
    InputError
    """
    answers.require(model)
    return free_parameters(model)


def _answer(model: Model, settings: Settings, progress: Progress) -> Answer:
    quiet = _Quiet(progress)

    def answer(some: Sequence[Target], values: dict[str, Array]) -> Array:
        found = answers.answers(model, some, values, settings.time_step, quiet)
        if found is None:
            raise Stopped
        return found

    return answer


def _identity(
    model: Model, free: Sequence[Free], settings: Settings, every: Sequence[Target]
) -> dict[str, Any]:
    """Return all that a fit depends on."""
    values = [[row.path, row.value, row.unit] for row in model.rows()]
    wanted = [[t.name, t.role, t.value, t.tolerance] for t in every]
    return {
        "model": model.name,
        "seed": settings.seed,
        "generations": settings.generations,
        "last_generations": settings.last_generations,
        "population": settings.population,
        "time_step_ms": float(settings.time_step / ms),
        "parameters_sha256": _digest(values),
        "bounds": {each.path: [each.low, each.high] for each in free},
        "targets_sha256": _digest(wanted),
        "versions": {name: results.version(name) for name in VERSIONS},
    }


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _write_json(path: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
