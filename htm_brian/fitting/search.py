"""The search of a fit: differential evolution over all free parameters, then a robust stage.

The optimiser is SciPy's differential evolution (Storn & Price 1997): it keeps to bounds by itself,
hands over a whole generation at a time, is not misled by spike counts, which change in steps, and
is there already. CMA-ES would need another package for fewer candidates, and candidates are cheap.

The first stage minimises the mean of the families' losses on the fitted targets. The last starts
from its best candidates and some around them, and adds how fragile a candidate is: the share of its
checks that do not hold once one parameter differs by 10 %.

All that is drawn follows from the seed. So a fit that was stopped goes on by running again: what
the state holds is not computed twice, and the rest is what it would have been.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import differential_evolution
from scipy.stats import qmc

from htm_brian.errors import InputError, mistake_behind
from htm_brian.experiment.results import replace_file
from htm_brian.fitting.detailed_cell import FITTED, Target
from htm_brian.fitting.freedom import Free, neighbours, survival, values_at
from htm_brian.fitting.score import errors, family_losses, hold

Array = NDArray[np.float64]

LEAST_POPULATION = 5
"""Of differential evolution."""
NEAREST, FARTHEST = 0.003, 0.2
"""How far around the best the last stage begins, in shares of the ranges (standard deviations)."""
LENGTHS = ("generations", "last_generations")
"""Settings that may change on the way: what they have in common is not computed twice."""

Answer: TypeAlias = Callable[[Sequence[Target], dict[str, Array]], Array]
"""Targets and values by path in, answers of shape (n_candidates, n_targets) out; or `Stopped`."""


class Stopped(Exception):
    """The user stopped the search; the state is whole."""


@dataclass
class State:
    """What was computed so far, one entry a generation.

    Attributes
    ----------
    settings : dict
        What the fit depends on; another fit does not go on from this state, but for one that only
        has other numbers of generations.
    shares : list of ndarray of shape (n_candidates, n_free)
    losses : list of ndarray of shape (n_candidates, n_families)
    fragility : list of ndarray of shape (n_candidates,)
        0 in the first stage.
    certain : int
        How many of the generations the search must come to again, if nothing but `LENGTHS` may
        differ; from there on another length of the first stage leads elsewhere.
    """

    settings: dict[str, Any]
    shares: list[Array] = field(default_factory=list)
    losses: list[Array] = field(default_factory=list)
    fragility: list[Array] = field(default_factory=list)
    certain: int = 0

    def save(self, path: Path) -> None:
        """Write the state, whole or not at all."""
        arrays = {
            f"{name}_{k:05d}": each
            for name in ("shares", "losses", "fragility")
            for k, each in enumerate(getattr(self, name))
        }
        text = np.array(json.dumps(self.settings, sort_keys=True))
        replace_file(path, lambda file: np.savez_compressed(file, settings=text, **arrays))

    def shorten(self, generations: int) -> None:
        """Forget all but the first generations, where the search goes another way from there."""
        for each in (self.shares, self.losses, self.fragility):
            del each[generations:]

    @classmethod
    def load(cls, path: Path, settings: dict[str, Any]) -> State:
        """Return the state in a file, or a new one where there is no file.

        Raises
        ------
        InputError
            If the file is no state, or that of another fit.
        """
        if not path.exists():
            return cls(settings)
        try:
            with np.load(path) as file:
                found = json.loads(str(file["settings"]))
                arrays = {
                    name: [file[key] for key in sorted(file.files) if key.startswith(f"{name}_")]
                    for name in ("shares", "losses", "fragility")
                }
        except (OSError, ValueError, KeyError) as error:
            raise InputError(
                f"cannot go on from {path}: {error}; remove it, or choose another --output"
            ) from None
        differing = [
            key for key in settings if key not in LENGTHS and found.get(key) != settings[key]
        ]
        if differing:
            key = differing[0]
            raise InputError(
                f"{path} is of a fit with another {key}, {_short(found.get(key))} in place of "
                f"{_short(settings[key])}; remove it, or choose another --output"
            )
        return cls(settings, **arrays, certain=_common(found, settings, len(arrays["shares"])))


def _common(found: Mapping[str, Any], settings: Mapping[str, Any], stored: int) -> int:
    """Return how many stored generations two fits have in common that differ in length alone."""
    first = LENGTHS[0]
    if found.get(first) == settings.get(first):
        return stored
    return min(stored, 1 + min(found[first], settings[first]))


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


class Search:
    """A search for the values of the free parameters.

    Parameters
    ----------
    free : sequence of Free
    targets : sequence of Target
        Those to fit; none may be held out.
    answer : callable
        Gives the candidates' answers.
    rest : float
        The model's resting potential, volts.
    state : State
    save : callable
        Called without arguments after each generation.
    notice : callable
        Told of each generation's stage and the best so far.
    """

    def __init__(
        self,
        free: Sequence[Free],
        targets: Sequence[Target],
        answer: Answer,
        rest: float,
        state: State,
        save: Callable[[], None] = lambda: None,
        notice: Callable[[str, float], None] = lambda stage, best: None,
    ) -> None:
        unfit = [target.name for target in targets if target.role != FITTED]
        if unfit:
            raise InputError(f"a fit uses no target that is held out, got {unfit[0]}")
        self._free, self._targets, self._answer = tuple(free), tuple(targets), answer
        self._rest, self._state, self._save, self._notice = rest, state, save, notice
        self._generation = 0
        self._best = np.inf

    def run(
        self, seed: int, generations: int, last_generations: int, population: int, start: Array
    ) -> Array:
        """Return the best candidate as shares of the ranges.

        Parameters
        ----------
        seed : int
        generations, last_generations : int
            Of the first and of the last stage; 0 leaves the last out.
        population : int
            Candidates of each generation; of the last stage half, each with its neighbours.
        start : ndarray of shape (n_free,)
            The model's own values, one of the first candidates; clipped to the ranges.

        Raises
        ------
        Stopped
            If the user stopped it.
        """
        rng = np.random.default_rng(seed)
        first = qmc.LatinHypercube(len(self._free), seed=rng).random(population)
        first[0] = np.clip(start, 0, 1)
        found = self._evolve("searching", first, generations, rng, self._loss)
        if last_generations == 0:
            return found
        shares = np.concatenate(self._state.shares[: self._generation])
        losses = np.concatenate(self._state.losses[: self._generation]).mean(axis=1)
        _, unique = np.unique(shares, axis=0, return_index=True)
        order = unique[np.argsort(losses[unique], kind="stable")]
        best = shares[order[: max(2, population // 8)]]
        # The best are alike by then: what lies around them can leave for where it is safer.
        many = max(LEAST_POPULATION, population // 2) - len(best)
        reach = NEAREST * (FARTHEST / NEAREST) ** rng.random((many, 1))
        away = reach * rng.standard_normal((many, len(self._free)))
        around = np.clip(best[np.arange(many) % len(best)] + away, 0, 1)
        first = np.concatenate([best, around])
        self._best = np.inf
        return self._evolve("making it robust", first, last_generations, rng, self._robust_loss)

    def _evolve(
        self,
        stage: str,
        first: Array,
        generations: int,
        rng: np.random.Generator,
        evaluate: Callable[[Array], tuple[Array, Array]],
    ) -> Array:
        def objective(columns: Array) -> Array:
            shares = np.ascontiguousarray(columns.T)
            k = self._generation
            if not self._is_known(k, shares):
                if k < self._state.certain:
                    raise InputError(
                        f"generation {k} of the stored state is not the one that this search comes "
                        "to, as after a change of SciPy; remove the state, or choose another "
                        "--output"
                    )
                self._state.shorten(k)
            if k >= len(self._state.shares):
                losses, fragility = evaluate(shares)
                self._state.shares.append(shares)
                self._state.losses.append(losses)
                self._state.fragility.append(fragility)
                self._save()
            self._generation += 1
            total = self._state.losses[k].mean(axis=1) + self._state.fragility[k]
            self._best = min(self._best, float(total.min()))
            self._notice(stage, self._best)
            return np.asarray(total)

        try:
            found = differential_evolution(
                objective,
                [(0.0, 1.0)] * len(self._free),
                init=first,
                maxiter=generations,
                tol=0,
                seed=rng,
                polish=False,
                updating="deferred",
                vectorized=True,
            )
        except RuntimeError as error:  # SciPy wraps what the objective raises
            mistake = mistake_behind(error)
            if mistake is None:
                raise
            raise mistake from None
        return np.asarray(found.x, dtype=np.float64)

    def _is_known(self, k: int, shares: Array) -> bool:
        """Return whether the state has what generation `k` answers."""
        return k < len(self._state.shares) and np.array_equal(self._state.shares[k], shares)

    def _errors(self, values: dict[str, Array]) -> Array:
        return errors(self._answer(self._targets, values), self._targets)

    def _loss(self, shares: Array) -> tuple[Array, Array]:
        found = self._errors(values_at(self._free, shares))
        return family_losses(found, self._targets), np.zeros(len(shares))

    def _robust_loss(self, shares: Array) -> tuple[Array, Array]:
        around = neighbours(self._free, values_at(self._free, shares), self._rest)
        found = self._errors(around)
        own = found[:: 1 + 2 * len(self._free)]
        kept = survival(hold(found), len(self._free))
        return family_losses(own, self._targets), 1 - kept.mean(axis=1)
