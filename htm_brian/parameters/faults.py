"""What is wrong with the fields of a parameter, said in one line each."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from htm_brian.errors import InputError
from htm_brian.units import parse_unit


@dataclass(frozen=True)
class FreeRange:
    """Between which values a fit may choose a parameter, in its unit.

    Parameters
    ----------
    low, high : float or int
        Inside of the physical range.
    source : str
        Where the range comes from. The parameter's own value may lie outside: it is not a fit's.
    """

    low: float | int
    high: float | int
    source: str


def parameter_faults(
    table: str,
    key: str,
    value: object,
    unit: object,
    source: object,
    low: object,
    high: object,
    note: object = "",
    same_as: object = "",
    free: object = None,
    file: str = "",
) -> Iterator[str]:
    """Yield what is wrong with the fields of a `Parameter`, one line each."""
    where = f" ({file}, [{table}])" if file else f" ([{table}])"
    texts = {"unit": unit, "source": source, "note": note, "same_as": same_as}
    for field, text in texts.items():
        if not isinstance(text, str):
            yield f"{field} of {key} must be text, got {shortened(text)}{where}"
    if isinstance(source, str) and not source.strip():
        yield (
            f"{key} has an empty source; name the paper, data set or calculation that the value "
            f"comes from{where}"
        )
    scale = None
    if isinstance(unit, str):
        try:
            scale = float(parse_unit(unit))
        except InputError as error:
            yield f"unit of {key}: {error}{where}"
    numbers = {"value": value, "low": low, "high": high}
    wrong = [field for field, number in numbers.items() if not _is_finite(number)]
    for field in wrong:
        yield f"{field} of {key} must be a finite number, got {shortened(numbers[field])}{where}"
    if wrong:
        return
    plain, least, most = (float(number) for number in numbers.values())  # type: ignore[arg-type]
    if least > most:
        yield (
            f"low of {key} must not exceed its high, got low = {least:g} and high = {most:g}{where}"
        )
    elif not least <= plain <= most:
        shown = "" if unit == "1" else f" {unit}"
        yield f"{key} must lie in [{least:g}, {most:g}]{shown}, got {plain:g}{shown}{where}"
    elif scale is not None and not math.isfinite(plain * scale):
        yield f"{key} is too large a number in its unit, got {plain:g} {unit}{where}"
    if isinstance(free, FreeRange):
        yield from _free_faults(key, free, least, most, where)
    elif free is not None:
        yield f"free of {key} must be a range that a fit may try, got {shortened(free)}{where}"


def _free_faults(key: str, free: FreeRange, low: float, high: float, where: str) -> Iterator[str]:
    if not isinstance(free.source, str) or not free.source.strip():
        yield f"free of {key} needs a source: where the range of a fit comes from{where}"
    if not (_is_finite(free.low) and _is_finite(free.high)):
        yield f"low and high of free of {key} must be finite numbers{where}"
    elif not low <= free.low < free.high <= high:
        yield (
            f"free of {key} must be a range inside of [{low:g}, {high:g}], got low = "
            f"{free.low:g} and high = {free.high:g}{where}"
        )


def _is_finite(number: object) -> bool:
    """Whether it is a number (no boolean) that a computer's float can hold."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        return False
    return abs(number) <= sys.float_info.max


def shortened(value: object, length: int = 60) -> str:
    """Return a value as a message quotes it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= length else f"{text[: length - 3]}..."
