"""A check: a measured value, the band it must lie in, and where that band comes from."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from htm_brian.arguments import check_plain, shown
from htm_brian.errors import InputError

FITTED, HELD_OUT, IDENTITY, CLAIM = "fitted", "held out", "identity", "claim"
ROLES = (FITTED, HELD_OUT, IDENTITY, CLAIM)
"""What a check says: a model was adjusted on it, or was not though it is of the same kind; a closed
form or a control holds; or what somebody claims does."""


@dataclass(frozen=True)
class Check:
    """One measured value held against its target.

    Parameters
    ----------
    name : str
        What was measured, in words.
    value : float
        What was found, a plain number in `unit`; NaN never passes.
    unit : str
        Unit of `value`, `low` and `high`; ``"1"`` for a plain number.
    low, high : float or None
        The band, both ends included; None leaves that side open.
    source : str
        Where the band comes from.
    undefined : str
        Why there is no value, where it is NaN: what was not there to measure.
    better_end : float or None
        The other end of the interval whose worse end is `value`. Where this one lies in the band
        and `value` does not, the check does not pass, but nothing is shown to be wrong either.
    role : str
        One of `ROLES`; empty where it is not said.
    mean : float or None
        What was found on average, where `value` is an end of the interval of that mean.

    Raises
    ------
    InputError
        Where a text is empty, a number has a unit or is none, or the band is.

    Examples
    --------
    >>> check = Check("firing rate", 12.0, "Hz", 5.0, 20.0, "Some paper 2018")
    >>> check.passed, check.target
    (True, '5 to 20 Hz')
    """

    name: str
    value: float
    unit: str
    low: float | None
    high: float | None
    source: str
    undefined: str = "there was nothing to measure"
    better_end: float | None = None
    role: str = ""
    mean: float | None = None

    def __post_init__(self) -> None:
        for field in ("name", "unit", "source", "undefined"):
            text = getattr(self, field)
            if not isinstance(text, str) or not text.strip():
                raise InputError(f"{field} of a check must be a non-empty text, got {text!r}")
        if self.role not in ("", *ROLES):
            raise InputError(
                f"role of check {self.name!r} must be one of {', '.join(ROLES)}, got {self.role!r}"
            )
        for field in ("value", "low", "high", "better_end", "mean"):
            _check_plain(f"{field} of check {self.name!r}", getattr(self, field), self.unit)
        if self.value is None:
            raise InputError(f"value of check {self.name!r} must be a number, got None")
        if self.low is None and self.high is None:
            raise InputError(f"check {self.name!r} needs a low or a high end")
        for field in ("low", "high"):
            end = getattr(self, field)
            if end is not None and math.isnan(end):
                raise InputError(f"{field} of check {self.name!r} must not be NaN")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise InputError(
                f"low of check {self.name!r} must not exceed its high, "
                f"got low = {self.low:g} and high = {self.high:g}"
            )

    @property
    def passed(self) -> bool:
        """Whether the value lies in the band."""
        return self._holds(self.value)

    @property
    def undecided(self) -> bool:
        """Whether the band lies within the interval: what was measured is too little to tell."""
        return not self.passed and self.better_end is not None and self._holds(self.better_end)

    @property
    def verdict(self) -> str:
        """``"pass"``, ``"FAIL"``, or ``"undecided"``, which is no pass."""
        if self.undecided:
            return "undecided"
        return "pass" if self.passed else "FAIL"

    @property
    def found(self) -> str:
        """The value for people: ``"12 Hz"``, with its interval if known, or why there is none."""
        if math.isnan(float(self.value)):
            return f"no value: {self.undefined}"
        if self.mean is not None and self.better_end not in (None, self.value):
            assert self.better_end is not None
            ends = sorted((self.value, self.better_end))
            between = " to ".join(format_number(end) for end in ends)
            return f"{with_unit(format_number(self.mean), self.unit)} ({between})"
        return with_unit(format_number(self.value), self.unit)

    @property
    def target(self) -> str:
        """The band for people: ``"5 to 20 Hz"``, ``"≥ 0.999"``."""
        if self.low is None:
            assert self.high is not None
            band = f"≤ {format_number(self.high)}"
        elif self.high is None:
            band = f"≥ {format_number(self.low)}"
        else:
            band = f"{format_number(self.low)} to {format_number(self.high)}"
        return with_unit(band, self.unit)

    def against(self, low: float, high: float) -> Check:
        """Return the check held against an interval of its value, in the place of the value.

        Parameters
        ----------
        low, high : float
            Ends of the interval, in `unit`; NaN where there is none.

        Returns
        -------
        Check
            `mean` is what `value` was, `value` the end of the interval that lies worse in the band
            and `better_end` the other one. Where neither lies in the band, but the mean does,
            `better_end` is the mean: nothing is shown.

        Examples
        --------
        >>> check = Check("share of trials", 0.6, "1", 0.5, None, "a paper")
        >>> check.against(0.4, 0.8).verdict, check.against(0.55, 0.65).verdict
        ('undecided', 'pass')
        """
        worse, better = sorted((low, high), key=self._margin)
        if not self._holds(better) and self._holds(self.value):
            better = self.value
        return replace(self, value=worse, better_end=better, mean=self.value)

    def _margin(self, value: float) -> float:
        """Return how far within the band a value lies, below 0 outside of it."""
        above = math.inf if self.low is None else value - self.low
        below = math.inf if self.high is None else self.high - value
        return min(above, below)

    def as_dict(self) -> dict[str, Any]:
        """Return the check as it stands in ``summary.json``; NaN and infinity become None.

        Returns
        -------
        dict of str to object
            As JSON can say it.
        """
        return {
            "name": self.name,
            "value": finite_or_none(self.value),
            "unit": self.unit,
            "low": finite_or_none(self.low),
            "high": finite_or_none(self.high),
            "source": self.source,
            "passed": self.passed,
            "undecided": self.undecided,
            "better_end": finite_or_none(self.better_end),
            **({"role": self.role} if self.role else {}),
            **({} if self.mean is None else {"mean": finite_or_none(self.mean)}),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Check:
        """Return the check that `as_dict` wrote; what an older result lacks has its default.

        Parameters
        ----------
        stored : mapping of str to object
            From ``summary.json``.

        Returns
        -------
        Check
            The same one.
        """
        kept = {key: stored[key] for key in ("name", "unit", "low", "high", "source")}
        value = math.nan if stored["value"] is None else stored["value"]
        later = {key: stored[key] for key in ("better_end", "role", "mean") if key in stored}
        return cls(**kept, value=value, **later)

    def _holds(self, value: float) -> bool:
        """Whether a value lies in the band."""
        if math.isnan(float(value)):
            return False
        above = self.low is None or value >= self.low
        below = self.high is None or value <= self.high
        return above and below


def _check_plain(what: str, value: object, unit: str) -> None:
    """Refuse what is no number, and a quantity: divided by its unit it is one."""
    check_plain(what, value, unit)
    try:
        if isinstance(value, str):
            raise TypeError
        if value is not None:
            float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InputError(f"{what} must be one number, got {shown(value)}") from None


def all_passed(checks: Iterable[Check]) -> bool:
    """Whether there is a check at all and every one holds.

    Parameters
    ----------
    checks : iterable of Check

    Returns
    -------
    bool
        False for none.
    """
    verdicts = [check.passed for check in checks]
    return bool(verdicts) and all(verdicts)


def with_roles(
    checks: Iterable[Check], role: str, others: Mapping[str, Collection[str]]
) -> list[Check]:
    """Return checks with their roles.

    Parameters
    ----------
    checks : iterable of Check
        Of any role.
    role : str
        Of those that `others` does not name.
    others : mapping of str to collection of str
        By role, how the names of the checks begin that have it.

    Returns
    -------
    list of Check
        In their order.

    Raises
    ------
    InputError
        If a beginning is that of no check.
    """
    by_beginning = {start: each for each, starts in others.items() for start in starts}
    found, used = [], set()
    for check in checks:
        its = [start for start in by_beginning if check.name.startswith(start)]
        used.update(its)
        found.append(replace(check, role=by_beginning[max(its, key=len)] if its else role))
    unused = [start for start in by_beginning if start not in used]
    if unused:
        raise InputError(f"no check's name begins with {unused[0]!r}")
    return found


def tally(checks: Sequence[Check]) -> str:
    """Say how many checks of each role hold, those that nothing was fitted to before the others.

    Parameters
    ----------
    checks : sequence of Check
        Of one run.

    Returns
    -------
    str
        Empty where no check has a role.

    Examples
    --------
    >>> one = Check("x", 0.5, "1", 0.0, 1.0, "a paper", role="claim")
    >>> tally([one, replace(one, value=2.0), replace(one, role="fitted")])
    '1 of 2 hold that nothing was fitted to (claim 1 of 2); fitted 1 of 1'
    """
    if not any(check.role for check in checks):
        return ""

    def score(roles: Sequence[str]) -> str:
        its = [check.passed for check in checks if check.role in roles]
        return f"{sum(its)} of {len(its)}"

    there = [role for role in ROLES if any(check.role == role for check in checks)]
    apart = [role for role in there if role != FITTED]
    parts = ", ".join(f"{role} {score([role])}" for role in apart)
    said = f"{score(apart)} hold that nothing was fitted to" + (f" ({parts})" if parts else "")
    return said + (f"; fitted {score([FITTED])}" if FITTED in there else "")


def format_number(value: float) -> str:
    """Write a number with four significant digits: ``"0.9993"``, ``"12.35"``, ``"-"`` for NaN.

    Large numbers keep all digits before the point, and a number next to a round one those that
    tell them apart: 0.99996 stays ``"0.99996"``.

    Parameters
    ----------
    value : float
        A plain number.

    Returns
    -------
    str
        Without a unit.
    """
    value = float(value)
    if math.isnan(value):
        return "-"
    if 1e4 <= abs(value) < 1e9:
        return f"{value:.0f}"
    text = f"{value:.4g}"
    if float(text) != value and float(text) == round(value):
        text = f"{value:.7g}"
    return text


def with_unit(text: str, unit: str) -> str:
    """Append the unit, but for plain numbers.

    Parameters
    ----------
    text, unit : str
        A number, and its unit; ``"1"`` for a plain one.

    Returns
    -------
    str
        Both, with a space between.
    """
    return text if unit == "1" else f"{text} {unit}"


def finite_or_none(value: float | None) -> float | None:
    """JSON knows neither NaN nor infinity.

    Parameters
    ----------
    value : float or None
        Any number.

    Returns
    -------
    float or None
        None for NaN and infinity.
    """
    if value is None or not math.isfinite(value):
        return None
    return float(value)
