"""What a fit or a score finds, as it is written: rows, scores, fragility, and the front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htm_brian.experiment.results import jsonable
from htm_brian.fitting.detailed_cell import ROLES, Target
from htm_brian.fitting.freedom import Free, neighbours, survival
from htm_brian.fitting.score import errors, hold, nondominated, tally
from htm_brian.fitting.search import Answer, State
from htm_brian.parameters import Model

Array = NDArray[np.float64]

SURVIVES = 0.9
"""Share of its neighbours in which a check must hold to be called robust."""
MOST_SHOWN = 60
"""Candidates of the front that are written."""
DIGITS = 4
"""Of a fitted value; the scores are those of the rounded values."""


def fitted_values(free: Sequence[Free], shares: Array) -> dict[str, Array]:
    """Return the values of one candidate in SI units, by path, rounded as they are written."""
    return {
        each.path: np.array([each.scale * value])
        for each, value in zip(free, _rounded(free, shares), strict=True)
    }


def _rounded(free: Sequence[Free], shares: Array) -> list[float]:
    return [float(f"{float(each.at(x)):.{DIGITS}g}") for each, x in zip(free, shares, strict=True)]


def scored(
    free: Sequence[Free],
    every: Sequence[Target],
    values: dict[str, Array],
    answer: Answer,
    rest: float,
) -> dict[str, Any]:
    """Return the scores of one candidate on all targets, and what survives a change of 10 %."""
    found = answer(every, neighbours(free, values, rest))
    error = errors(found, every)
    holding = hold(error)
    kept = survival(holding, len(free))[0]
    rows = [
        {
            "target": target.condition.name,
            "family": target.condition.family,
            "measure": target.measure,
            "role": target.role,
            "wanted": target.value,
            "tolerance": target.tolerance,
            "found": jsonable(float(found[0, k])),
            "holds": bool(holding[0, k]),
            "survives": round(float(kept[k]), 4),
        }
        for k, target in enumerate(every)
    ]
    cases = holding.reshape(1 + 2 * len(free), -1)[1:]
    return {
        "by_role": tally(error[0], every),
        "fragility": {
            role: _fragility(holding[0], kept, np.array([t.role == role for t in every]))
            for role in ROLES
            if any(t.role == role for t in every)
        },
        "changes": len(cases),
        "changes_that_break_nothing": int((cases | ~holding[0]).all(axis=1).sum()),
        "changes_that_break_most": _worst(free, holding[0], cases),
        "rows": rows,
    }


def _fragility(holds: NDArray[np.bool_], kept: Array, mine: NDArray[np.bool_]) -> dict[str, Any]:
    held = holds & mine
    return {
        "hold": int(held.sum()),
        "robust": int((kept[held] >= SURVIVES).sum()),
        "mean_survival": round(float(kept[held].mean()), 4) if held.any() else None,
    }


def _worst(
    free: Sequence[Free], holds: NDArray[np.bool_], cases: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """Return the changes of 10 % by which most checks are lost."""
    lost = (~cases[:, holds]).sum(axis=1)
    order = np.argsort(-lost, kind="stable")[:5]
    return [
        {
            "parameter": free[k // 2].path,
            "change": "-10 %" if k % 2 == 0 else "+10 %",
            "lost": int(lost[k]),
        }
        for k in order
    ]


def front(free: Sequence[Free], state: State, names: Sequence[str]) -> dict[str, Any]:
    """Return the best candidate of each family, and those that none beats in every family."""
    shares = np.concatenate(state.shares)
    losses = np.concatenate(state.losses)
    on_front = nondominated(losses)
    order = on_front[np.argsort(losses[on_front].mean(axis=1), kind="stable")]
    best = {name: int(np.argmin(losses[:, k])) for k, name in enumerate(names)}

    def shown(k: int) -> dict[str, Any]:
        of = dict(zip(names, np.round(losses[k], 4).tolist(), strict=True))
        its = {
            each.path: float(f"{float(each.at(x)):.5g}")
            for each, x in zip(free, shares[k], strict=True)
        }
        return {"losses": of, "values": its}

    return {
        "candidates": len(shares),
        "on_front": len(on_front),
        "best_of_family": {name: shown(k) for name, k in best.items()},
        "nondominated": [shown(int(k)) for k in order[:MOST_SHOWN]],
    }


def fitted_model(model: Model, free: Sequence[Free], shares: Array, name: str, seed: int) -> Model:
    """Return the model with the fitted values, their source and what the model had."""
    fitted = dict(zip((each.path for each in free), _rounded(free, shares), strict=True))
    source = f"fitted (htm-brian fit, seed {seed}) to the answers of Hay 2011 (ModelDB 139653)"
    tables = tuple(
        replace(
            table,
            parameters=tuple(
                replace(
                    each,
                    value=fitted[each.path],
                    source=source,
                    note=f"{model.file} has {each.text}.",
                    same_as="",
                )
                if each.path in fitted
                else each
                for each in table.parameters
            ),
        )
        for table in model.tables
    )
    return replace(model, name=name, tables=tables, file=f"{name}.toml")
