"""Units written as text, such as ``"mV"`` or ``"pA/ms"``, read without evaluating code."""

from __future__ import annotations

import ast
from functools import lru_cache

from brian2.units import allunits, stdunits
from brian2.units.fundamentalunits import Quantity, Unit

from htm_brian.arguments import check_text
from htm_brian.errors import InputError

LONGEST = 80
"""Characters of a unit."""

LARGEST_POWER = 12

_KNOWN = {
    name: unit
    for module in (allunits, stdunits)
    for name, unit in vars(module).items()
    if isinstance(unit, Unit)
}
# Brian2 writes "s" and "V", but knows these only as "second" and "volt".
_KNOWN |= {str(unit): unit for unit in _KNOWN.values() if str(unit) not in _KNOWN}


def parse_unit(text: str) -> Quantity | float:
    """Return the unit that `text` names; 1.0 for ``"1"``.

    Parameters
    ----------
    text : str
        A name that Brian2 knows (``"mV"``, ``"siemens"``), or a product, quotient or integer power
        of such: ``"pA/ms"``, ``"uF/cm**2"``.

    Examples
    --------
    >>> parse_unit("pF")
    pfarad
    >>> 370 * parse_unit("pF") / (23.125 * parse_unit("nS"))
    16. * msecond
    """
    return _parse(check_text("unit", text))


@lru_cache(maxsize=256)
def _parse(text: str) -> Quantity | float:
    try:
        if len(text) > LONGEST:
            raise ValueError
        return _evaluate(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, TypeError, ValueError, AttributeError, RecursionError, MemoryError):
        raise InputError(
            f"{text[:LONGEST]!r} is not a unit; "
            "write one such as 'mV', 'nS', 'pA/ms', or '1' for none"
        ) from None


def _evaluate(node: ast.expr) -> Quantity | float:
    match node:
        case ast.Name(id=name) if name in _KNOWN:
            return _KNOWN[name]
        case ast.Constant(value=1):
            return 1.0
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _evaluate(left) * _evaluate(right)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _evaluate(left) / _evaluate(right)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(power))) if (
            power <= LARGEST_POWER
        ):
            return _evaluate(left) ** power
    raise ValueError
