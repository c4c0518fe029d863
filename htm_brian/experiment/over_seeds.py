"""One protocol run with several seeds, and its checks held against intervals over them.

What a protocol draws may fall on the right side of a band by luck. So each check is held against
the worse end of the 95 % interval of its mean over seeds (Student's t): it passes where the whole
interval lies in the band, fails where none of it does, and is undecided between.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Named, Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.experiment.report import verdict
from htm_brian.experiment.seeds import mean_interval

VALUES, RUN, CHECK = "check_over_seeds", "run_seed", "check"
"""Variable of the dataset with every check of every seed, and its coordinates."""


def with_seeds(protocol: Protocol, seeds: int) -> list[Protocol]:
    """Return a protocol once for each seed, from its own seed on.

    Parameters
    ----------
    protocol : Protocol
        With the parameters of all runs but for the seed.
    seeds : int
        How many, at least 1.

    Returns
    -------
    list of Protocol
        The first is `protocol` itself.

    Raises
    ------
    InputError
        If there are fewer than one, or the protocol draws nothing: it has no parameter ``seed``.
    """
    if seeds < 1:
        raise InputError(f"seeds must be at least 1, got {seeds}")
    if seeds > 1 and not hasattr(protocol.parameters, "seed"):
        raise InputError(f"{protocol.name} has no parameter seed, it draws nothing; omit --seeds")
    return [protocol, *(_with_seed(protocol, k) for k in range(1, seeds))]


def _with_seed(protocol: Protocol, later: int) -> Protocol:
    parameters = replace(protocol.parameters, seed=protocol.parameters.seed + later)
    other = type(protocol)(parameters)
    other.undecided = protocol.undecided
    return other


def run_over_seeds(protocols: Sequence[Protocol], progress: Progress) -> Outcome:
    """Run a protocol with one seed after the other.

    Parameters
    ----------
    protocols : sequence of Protocol
        As `with_seeds` gives them.
    progress : Progress
        Told of every run. Once it is interrupted, what is complete by then is the result.

    Returns
    -------
    Outcome
        That of the one run, or what `combined` makes of several.
    """
    if len(protocols) == 1:
        return protocols[0].outcome(progress)
    done: list[Outcome] = []
    for number, protocol in enumerate(protocols, start=1):
        seed = protocol.parameters.seed
        outcome = protocol.outcome(Named(progress, f"seed {seed}, {number} of {len(protocols)}: "))
        if outcome.partial:
            if not done:
                return outcome
            break
        done.append(outcome)
        if progress.interrupted:
            break
    seeds = [protocol.parameters.seed for protocol in protocols[: len(done)]]
    return replace(combined(done, seeds), partial=len(done) < len(protocols))


def combined(outcomes: Sequence[Outcome], seeds: Sequence[int]) -> Outcome:
    """Return one outcome for complete runs that differ in their seed.

    Parameters
    ----------
    outcomes : sequence of Outcome
    seeds : sequence of int
        One for each.

    Returns
    -------
    Outcome
        Checks against intervals, means of metrics that are numbers, and the dataset of the first
        seed with every check of every seed beside it. A check that some seed has not is named as
        undecided. Text among the metrics is that of the first seed, and says so.
    """
    first = outcomes[0]
    by_name = [{check.name: check for check in outcome.checks} for outcome in outcomes]
    common = [check.name for check in first.checks if all(check.name in own for own in by_name)]
    every = {check.name for outcome in outcomes for check in outcome.checks}
    found = [over([own[name] for own in by_name]) for name in common]
    missing = {name: "not measured at every seed" for name in sorted(every - set(common))}
    values = [[own[name].value for name in common] for own in by_name]
    dataset = first.dataset.assign_coords({RUN: list(seeds), CHECK: common}).assign(
        {VALUES: ((RUN, CHECK), np.array(values, dtype=np.float64).reshape(len(seeds), -1))}
    )
    dataset[VALUES].attrs["units"] = "1"
    outcome = Outcome(
        dataset,
        found,
        _mean_metrics([outcome.metrics for outcome in outcomes], f" (seed {seeds[0]})"),
        partial=not found,
        parameter_rows=first.parameter_rows,
        undecided={**first.undecided, **missing},
    )
    said = verdict(replace(outcome, undecided={}))
    return replace(outcome, conclusion=f"seeds {seeds[0]} to {seeds[-1]}: {said}")


def over(checks: Sequence[Check]) -> Check:
    """Return one check for the same check of several seeds.

    Parameters
    ----------
    checks : sequence of Check
        One for each seed. Where a band differs, the part of it that all share counts.

    Returns
    -------
    Check
        Its `mean` is the mean, its `value` the worse end of the interval.

    Examples
    --------
    >>> runs = [Check("share", value, "1", 0.5, None, "a paper") for value in (0.7, 0.8, 0.9)]
    >>> over(runs).found, over(runs).verdict
    ('0.8 (0.5516 to 1.048)', 'pass')
    """
    lows = [check.low for check in checks if check.low is not None]
    highs = [check.high for check in checks if check.high is not None]
    low, high = max(lows, default=None), min(highs, default=None)
    if low is not None and high is not None and low > high:
        low = high = (low + high) / 2
    values = [float(check.value) for check in checks]
    check = replace(checks[0], low=low, high=high)
    without = [check for check in checks if math.isnan(check.value)]
    if without:
        said = f"{without[0].undefined}, with {len(without)} of {len(checks)} seeds"
        return replace(check, value=math.nan, undefined=said)
    if len(set(values)) == 1:  # no rounding of the mean
        return check.against(values[0], values[0])
    mean = math.fsum(values) / len(values)
    return replace(check, value=mean).against(*mean_interval(values))


def _mean_metrics(several: Sequence[Any], whose: str) -> dict[str, Any]:
    """Return the mean of each number that all have, and the first one's text."""
    found: dict[str, Any] = {}
    for name, value in several[0].items():
        others = [metrics.get(name) for metrics in several]
        if isinstance(value, dict):
            found[name] = _mean_metrics([each or {} for each in others], whose)
        elif all(_is_number(each) for each in others):
            found[name] = math.fsum(map(float, others)) / len(others)
        elif all(each == value for each in others):
            found[name] = value
        else:
            found[name] = f"{value}{whose}"
    return found


def _is_number(value: object) -> bool:
    return not isinstance(value, bool | str) and hasattr(value, "__float__")
