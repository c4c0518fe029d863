"""How near a cell comes to the detailed one: errors, losses and checks, by family and role.

The error of a target is the difference over its tolerance: at 1 or less its check holds. The loss
of a family is the mean of ``log2(1 + error)`` over its targets: 0 where all are met, 1 where all
lie at the edge of their bands; a target that is missed by far does not outweigh the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from htm_brian.fitting.detailed_cell import ROLES, Target

Array = NDArray[np.float64]

FARTHEST = 20.0
"""Error of what is missed by more, or has no value."""
_ROUNDING = 1e-9


def errors(answers: Array, targets: Sequence[Target]) -> Array:
    """Return the error of each target.

    Parameters
    ----------
    answers : ndarray of shape (n_candidates, n_targets)
        As `htm_brian.fitting.answers.answers` returns them.
    targets : sequence of Target

    Returns
    -------
    ndarray of shape (n_candidates, n_targets)
    """
    wanted = np.array([target.value for target in targets])
    tolerance = np.array([target.tolerance for target in targets])
    found = np.abs(answers - wanted) / tolerance
    return np.minimum(np.where(np.isnan(found), FARTHEST, found), FARTHEST)


def hold(error: Array) -> NDArray[np.bool_]:
    """Return whether the checks hold."""
    return error <= 1 + _ROUNDING


def families(targets: Sequence[Target]) -> tuple[str, ...]:
    """Return the families of some targets, in their order."""
    return tuple(dict.fromkeys(target.condition.family for target in targets))


def family_losses(error: Array, targets: Sequence[Target]) -> Array:
    """Return the loss of each family.

    Parameters
    ----------
    error : ndarray of shape (n_candidates, n_targets)
    targets : sequence of Target

    Returns
    -------
    ndarray of shape (n_candidates, n_families)
    """
    own = np.array([target.condition.family for target in targets])
    missed = np.log2(1 + error)
    return np.stack([missed[:, own == each].mean(axis=1) for each in families(targets)], axis=1)


def nondominated(losses: Array) -> NDArray[np.int64]:
    """Return which candidates no other one is better than in one family and as good in the rest.

    Parameters
    ----------
    losses : ndarray of shape (n_candidates, n_families)

    Examples
    --------
    >>> nondominated(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.4]])).tolist()
    [0, 1, 3]
    """
    order = np.lexsort(losses.T[::-1])
    kept: list[int] = []
    for k in order:
        among = losses[kept]
        if not (len(kept) and (among <= losses[k]).all(axis=1).any()):
            kept.append(int(k))
    return np.array(sorted(kept), dtype=np.int64)


def tally(error: Array, targets: Sequence[Target]) -> dict[str, dict[str, dict[str, float]]]:
    """Return how many checks of one cell hold, and the loss, by role and family.

    Parameters
    ----------
    error : ndarray of shape (n_targets,)
    targets : sequence of Target

    Returns
    -------
    dict
        ``["fitted"]["steps"]`` is a dict of ``checks``, ``hold`` and ``loss``; ``"all"`` stands
        beside the families.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}
    for role in ROLES:
        of_role = np.array([target.role == role for target in targets])
        found[role] = {}
        for family in (*families(targets), "all"):
            mine = np.array([family in (t.condition.family, "all") for t in targets]) & of_role
            if mine.any():
                found[role][family] = {
                    "checks": int(mine.sum()),
                    "hold": int(hold(error[mine]).sum()),
                    "loss": float(np.log2(1 + error[mine]).mean()),
                }
    return found


def rows_of(tallied: Mapping[str, Mapping[str, Mapping[str, float]]]) -> list[list[str]]:
    """Return what `tally` found as the cells of a table: first the headings, then the families."""
    names = dict.fromkeys(family for of_role in tallied.values() for family in of_role)
    rows = [["family", *(text for role in tallied for text in (f"{role}: hold", "loss"))]]
    for family in sorted(names, key="all".__eq__):  # which stands last
        row = [family]
        for of_role in tallied.values():
            its = of_role.get(family)
            row += [f"{its['hold']} of {its['checks']}", f"{its['loss']:.2f}"] if its else ["", ""]
        rows.append(row)
    return rows
