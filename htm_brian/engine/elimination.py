"""Gaussian elimination of a sparse linear system, written out as statements.

The unknowns of a cell are the changes of its potentials in a step; two compartments that touch
give an entry. On a tree whose leaves are eliminated first nothing is filled in, and the number of
operations goes with the number of compartments (Hines 1984). Any other pattern is solved too, with
the entries that it fills in.
"""

from __future__ import annotations

from collections.abc import Sequence


def solve(unknowns: Sequence[str], entries: set[tuple[str, str]]) -> list[str]:
    """Return the statements that solve a system, in Brian2's abstract code.

    Parameters
    ----------
    unknowns : sequence of str
        Names; the last is eliminated first. Compartments come after what they grow from.
    entries : set of tuple of str
        Row and column of what is not 0 beside the diagonal.

    Returns
    -------
    list of str
        They read ``_diagonal_x``, ``_entry_x_y`` (row `x`, column `y`) and ``_right_x``, and leave
        the solution in ``_change_x``. No variable is given a second value, so that what is one
        number for the group stays so.

    Examples
    --------
    >>> for line in solve(["a", "b"], {("a", "b"), ("b", "a")}):
    ...     print(line)
    _inverse_b = _diagonal_b**(-1)
    _factor_a_b = _entry_a_b*_inverse_b
    _diagonal_a_b = _diagonal_a - _factor_a_b*_entry_b_a
    _right_a_b = _right_a - _factor_a_b*_right_b
    _change_a = _right_a_b*_diagonal_a_b**(-1)
    _change_b = (_right_b - _entry_b_a*_change_a)*_inverse_b
    """
    matrix = {(row, column): f"_entry_{row}_{column}" for row, column in entries}
    matrix |= {(name, name): f"_diagonal_{name}" for name in unknowns}
    right = {name: f"_right_{name}" for name in unknowns}
    forward: list[str] = []
    backward: list[str] = []
    for place in range(len(unknowns) - 1, -1, -1):
        pivot, left = unknowns[place], unknowns[:place]
        columns = [name for name in left if (pivot, name) in matrix]
        rows = [name for name in left if (name, pivot) in matrix]
        inverse = f"{matrix[pivot, pivot]}**(-1)"
        if rows:
            forward.append(f"_inverse_{pivot} = {inverse}")
            inverse = f"_inverse_{pivot}"
        for row in rows:
            forward += _subtract(row, pivot, columns, matrix, right)
        known = "".join(f" - {matrix[pivot, name]}*_change_{name}" for name in columns)
        value = f"({right[pivot]}{known})" if columns else right[pivot]
        backward.append(f"_change_{pivot} = {value}*{inverse}")
    return [*forward, *reversed(backward)]


def _subtract(
    row: str,
    pivot: str,
    columns: list[str],
    matrix: dict[tuple[str, str], str],
    right: dict[str, str],
) -> list[str]:
    """Return what takes the pivot's row, times a factor, from another; note the new names."""
    factor = f"_factor_{row}_{pivot}"
    lines = [f"{factor} = {matrix[row, pivot]}*_inverse_{pivot}"]
    for column in columns:
        before = f"{matrix[row, column]} " if (row, column) in matrix else ""
        kind = "diagonal" if column == row else f"entry_{column}"
        matrix[row, column] = f"_{kind}_{row}_{pivot}"
        lines.append(f"{matrix[row, column]} = {before}- {factor}*{matrix[pivot, column]}")
    known, right[row] = right[row], f"_right_{row}_{pivot}"
    return [*lines, f"{right[row]} = {known} - {factor}*{right[pivot]}"]
