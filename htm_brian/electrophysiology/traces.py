"""Features of voltage traces, most of them measured by eFEL (the extra ``[ephys]``).

Times are in ms, potentials in mV, currents in nA, as eFEL has them. Its defaults suit recorded
action potentials: a threshold of -20 mV, traces interpolated to 0.1 ms. Here the threshold is an
argument, the step that of the trace, and what somebody else has set before in the same process is
forgotten.

Spikes of an integrate-and-fire cell are no action potentials: their times come from the simulation,
below its time step, and are not read from traces again. For features that need peaks `with_spikes`
draws them; what depends on their shape (height, width, rates of rise and fall) means nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.arguments import check_number, check_numbers, check_text, shown
from htm_brian.errors import InputError

DRAWN_PEAK = 20.0
"""mV, of drawn spikes."""
_UNEVEN = 0.01
"""Share of the mean step by which a step may differ."""
_ARGUMENT_OF = {
    "stim_start": ("start", "ms"),
    "stim_end": ("end", "ms"),
    "Threshold": ("threshold", "mV"),
    "stimulus_current": ("current", "nA"),
}
"""What eFEL's settings are called here, and their units."""
DETECTION = 0.0
"""mV; potentials above are spikes. No subthreshold potential reaches a reversal potential of 0."""


def features(
    time: ArrayLike,
    traces: ArrayLike,
    names: Sequence[str],
    *,
    start: ArrayLike,
    end: ArrayLike,
    threshold: ArrayLike = DETECTION,
    current: ArrayLike | None = None,
) -> dict[str, list[NDArray[np.float64]]]:
    """Return features of eFEL, by name, for each trace.

    Parameters
    ----------
    time : array_like of shape (n_times,)
        Evenly spaced.
    traces : array_like of shape (n_traces, n_times)
        Potentials.
    names : sequence of str
        Of eFEL's features.
    start, end : float or array_like of shape (n_traces,)
        Of the stimulus. What eFEL calls the base is the mean potential in the last tenth of the
        time before `start`.
    threshold : float or array_like of shape (n_traces,)
        Potential above which there is a spike.
    current : float or array_like of shape (n_traces,), optional
        Of the stimulus.

    Returns
    -------
    dict of str to list of ndarray
        Each feature's values, as many as eFEL finds; none where the trace does not have it.

    Raises
    ------
    InputError
        Where times are not evenly spaced, shapes differ, numbers are not finite or have a unit, or
        eFEL has no such feature.

    Examples
    --------
    >>> import numpy as np
    >>> time = np.arange(0, 100, 0.1)
    >>> step = np.where(time > 20, -70.0, -60.0)
    >>> features(time, [step], ["voltage_base"], start=20, end=90)["voltage_base"][0].round(6)
    array([-60.])
    """
    efel = _efel()
    time, rows = _time_and_rows(time, traces)
    known = set(efel.get_feature_names())
    if isinstance(names, str):
        raise InputError(f"names must be a sequence of features' names, got {names!r}")
    for name in names:
        if check_text("names", name) not in known:
            raise InputError(f"names must be of eFEL's features, got {name!r}")
    given = {"stim_start": start, "stim_end": end, "Threshold": threshold}
    if current is not None:
        given["stimulus_current"] = current
    columns = {name: _for_each(name, values, len(rows)) for name, values in given.items()}
    step = time[1] - time[0]
    efel.reset()  # settings are global; ours go with each trace
    found = efel.get_feature_values(
        [
            {"T": time, "V": row, "interp_step": [step]}
            | {name: [values[index]] for name, values in columns.items()}
            for index, row in enumerate(rows)
        ],
        list(names),
        raise_warnings=False,
    )
    return {name: [_array(values[name]) for values in found] for name in names}


def _time_and_rows(
    time: ArrayLike, traces: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return evenly spaced times in ms, and the traces, one a row, in mV."""
    times = check_numbers("time", time, unit="ms")
    rows = np.atleast_2d(check_numbers("traces", traces, unit="mV", ndim=None))
    if times.size < 2:
        raise InputError(f"time must have two samples or more, got {times.size}")
    if rows.ndim != 2 or rows.shape[1] != times.size:
        raise InputError(
            f"traces must have the shape (n_traces, {times.size}) of the time, got {rows.shape}"
        )
    steps = np.diff(times)
    even = (times[-1] - times[0]) / (times.size - 1)
    # Times that were added up, or written with few digits, stray by a small part of a step.
    wrong = np.flatnonzero(~(np.abs(steps - even) <= _UNEVEN * even))
    if wrong.size:
        raise InputError(
            f"time must be evenly spaced and increase, got a step of {steps[wrong[0]]:g} ms at "
            f"{times[wrong[0]]:g} ms, and {even:g} ms on average; interpolate the traces first"
        )
    return times, rows


def _for_each(name: str, values: ArrayLike, n_traces: int) -> NDArray[np.float64]:
    """Return one number for each trace."""
    name, unit = _ARGUMENT_OF[name]
    numbers = check_numbers(name, values, unit=unit, ndim=None)
    if numbers.shape not in ((), (1,), (n_traces,)):
        raise InputError(
            f"{name} must be one number or one for each of {n_traces} traces, got {numbers.shape}"
        )
    return np.broadcast_to(numbers, n_traces)


def _trains(
    time: NDArray[np.float64], n_traces: int, spikes: Sequence[ArrayLike]
) -> list[NDArray[np.float64]]:
    """Return the spike times of each trace, all inside it."""
    if not isinstance(spikes, Sequence | np.ndarray) or len(spikes) != n_traces:
        raise InputError(
            f"spikes must hold a sequence of times for each of {n_traces} traces, got "
            f"{shown(spikes)}"
        )
    trains = [check_numbers("spikes", train, unit="ms") for train in spikes]
    half = (time[1] - time[0]) / 2 * (1 + 1e-6)
    for train in trains:
        outside = train[(train < time[0] - half) | (train > time[-1] + half)]
        if outside.size:
            raise InputError(
                f"spikes must lie inside the trace, from {time[0]:g} to {time[-1]:g} ms, got "
                f"{outside[0]:g} ms"
            )
    return trains


def _array(values: Any) -> NDArray[np.float64]:
    return np.atleast_1d(np.asarray(() if values is None else values, dtype=np.float64))


def _efel() -> ModuleType:
    try:
        import efel
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "features of voltage traces need eFEL; install it with: pip install efel",
            name="efel",
        ) from None
    return efel


def first(values: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the first value of each trace, NaN where there is none."""
    return np.array([each[0] if each.size else np.nan for each in values])


def with_spikes(
    time: ArrayLike, traces: ArrayLike, spikes: Sequence[ArrayLike]
) -> NDArray[np.float64]:
    """Return the traces with a peak drawn where each spike is, to the nearest sample.

    Parameters
    ----------
    time : array_like of shape (n_times,)
        Evenly spaced.
    traces : array_like of shape (n_traces, n_times)
        Potentials of integrate-and-fire cells.
    spikes : sequence of array_like
        Times of each trace's spikes, inside the trace.

    Raises
    ------
    InputError
        Where times are not evenly spaced, or a spike lies outside the trace.
    """
    time, rows = _time_and_rows(time, traces)
    drawn = rows.copy()
    for row, train in zip(drawn, _trains(time, len(rows), spikes), strict=True):
        at = np.rint((train - time[0]) / (time[1] - time[0]))
        row[np.clip(at.astype(int), 0, row.size - 1)] = DRAWN_PEAK
    return drawn


@dataclass(frozen=True)
class Depolarisations:
    """What a stimulus did to each trace.

    Attributes
    ----------
    peak : ndarray of shape (n_traces,)
        mV above the base.
    half_width : ndarray of shape (n_traces,)
        ms above half of the peak; NaN where the trace ends before.
    """

    peak: NDArray[np.float64]
    half_width: NDArray[np.float64]


def depolarisations(time: ArrayLike, traces: ArrayLike, start: float) -> Depolarisations:
    """Return peak and half-width of what follows a stimulus, such as a synaptic potential.

    Parameters
    ----------
    time : array_like of shape (n_times,)
        Evenly spaced.
    traces : array_like of shape (n_traces, n_times)
        Potentials, at rest before `start`.
    start : float
        Of the stimulus.
    """
    end = float(_time_and_rows(time, traces)[0][-1])
    names = ("maximum_voltage_from_voltagebase", "voltage_base")
    peak, base = (
        first(values) for values in features(time, traces, names, start=start, end=end).values()
    )
    # eFEL has no half-width of anything but spikes: half of the peak is taken for their threshold.
    width = "AP_width_between_threshold"
    widths = features(time, traces, [width], start=start, end=end, threshold=base + peak / 2)
    return Depolarisations(peak, first(widths[width]))


def after_hyperpolarisations(
    time: ArrayLike, traces: ArrayLike, spikes: Sequence[ArrayLike], start: float
) -> NDArray[np.float64]:
    """Return how far each trace falls below its base after its last spike, in mV.

    Parameters
    ----------
    time : array_like of shape (n_times,)
        Evenly spaced; its end is that of the search.
    traces : array_like of shape (n_traces, n_times)
        Potentials of integrate-and-fire cells, at rest before `start`.
    spikes : sequence of array_like
        Times of each trace's spikes.
    start : float
        Of the stimulus.

    Returns
    -------
    ndarray of shape (n_traces,)
        NaN for a trace without a spike.
    """
    # Not eFEL's AHP_depth, which looks for the dip that follows an action potential at once.
    time, rows = _time_and_rows(time, traces)
    end = float(time[-1])
    last = np.array([train.max(initial=-np.inf) for train in _trains(time, len(rows), spikes)])
    fired = last > -np.inf
    depths = np.full(len(rows), np.nan)
    if fired.any():
        base = features(time, rows[fired], ["voltage_base"], start=start, end=end)
        least = features(time, rows[fired], ["minimum_voltage"], start=last[fired], end=end)
        depths[fired] = first(base["voltage_base"]) - first(least["minimum_voltage"])
    return depths


@dataclass(frozen=True)
class StepResponse:
    """What a step of current did to a cell that does not fire.

    Attributes
    ----------
    resistance : float
        Megaohm, at the end of the step.
    time_constant : float
        ms, of the beginning of the step.
    sag : float
        Deflection at the end of the step over the largest.
    """

    resistance: float
    time_constant: float
    sag: float


def step_response(
    time: ArrayLike, trace: ArrayLike, current: float, start: float, end: float
) -> StepResponse:
    """Return input resistance, membrane time constant and sag.

    Parameters
    ----------
    time, trace : array_like of shape (n_times,)
        Evenly spaced times, and the potential.
    current : float
        nA, from `start` to `end`; negative, or eFEL finds no sag.
    start, end : float
        Of the step.
    """
    check_number("current", current, unit="nA")
    names = ("ohmic_input_resistance_vb_ssse", "time_constant", "sag_ratio2")
    found = features(time, trace, names, start=start, end=end, current=current)
    return StepResponse(*(float(first(found[name])[0]) for name in names))


def width_above(
    time: NDArray[np.float64], trace: NDArray[np.float64], level: ArrayLike
) -> NDArray[np.float64]:
    """Return how long each row of `trace` is above its `level`, crossings interpolated.

    eFEL's widths are those of spikes: it leaves out what is above when the trace begins or ends.

    Parameters
    ----------
    time : ndarray of shape (n_times,)
        Evenly spaced.
    trace : ndarray of shape (n_rows, n_times)
        Potentials.
    level : float or ndarray of shape (n_rows,)
        In the unit of `trace`.

    Raises
    ------
    InputError
        Where times are not evenly spaced, or shapes differ.
    """
    time, rows = _time_and_rows(time, trace)
    levels = check_numbers("level", level, ndim=None)
    if levels.size not in (1, len(rows)):
        raise InputError(f"level must be one or {len(rows)} numbers, got {levels.size}")
    over = rows - levels.reshape(-1, 1)
    left, right = over[:, :-1], over[:, 1:]
    # The share of a step that lies above: 0, 1, or up to where a straight line crosses.
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.maximum(left, right) / np.abs(right - left)
    share = np.where((left > 0) & (right > 0), 1.0, np.where((left > 0) | (right > 0), share, 0.0))
    return np.asarray(share.sum(axis=1) * (time[1] - time[0]))
