"""What `burst_credit` demands of the sign, of exclusive-or and of digits."""

from __future__ import annotations

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.experiment.seeds import Interval, mean_interval
from htm_brian.protocols.burst_credit.learning import (
    BOOSTED,
    BOOSTED_FROZEN,
    DENDRITES,
    FROZEN,
    HTM,
    HTM_FROZEN,
    NONE,
    RANDOM,
    SYMMETRIC,
    TARGETS,
    WINNERS,
)
from htm_brian.protocols.burst_credit.spikes import LEARNED, NO_FEEDBACK, NO_TEACHER

PAYEUR = "Payeur et al. 2021, Nat Neurosci 24:1010"
GUERGUIEV = "Guerguiev et al. 2017, eLife 6:e22901"
LEE = "Lee et al. 2015, ECML PKDD"
LILLICRAP = "Lillicrap et al. 2016, Nat Commun 7:13276: fixed random feedback aligns"
THREAD = (
    "discussion: Ensembles of neocortical microcircuits: 'How does this compare with the learning "
    "rules used in HTM?'"
)
XOR_HIGH = 6.0
XOR_WANTED = np.array([False, True, True, False])


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold everything against its target, at the worse end of intervals over seeds."""
    spiking = spiking_checks(dataset) if "spiking_after" in dataset else []
    return [*sign_checks(dataset), *xor_checks(dataset), *spiking, *digit_checks(dataset)]


def sign_checks(dataset: xr.Dataset) -> list[Check]:
    """Return the checks of where the change turns its sign."""
    found = []
    for baseline in dataset.baseline.to_numpy():
        ends = mean_interval(dataset.crossing.sel(average="running", baseline=baseline))
        worse = max(ends, key=abs)
        found.append(
            Check(
                f"sign: crossing from the running mean, {100 * baseline:g} % of bursts, worse end",
                worse,
                "points",
                -3,
                3,
                f"{PAYEUR}; 3 points are htm_brian's target",
                better_end=min(ends, key=abs),
            )
        )
    rise = dataset.change.sel(average="running").isel(step=[0, -1]).diff("step").squeeze("step")
    least = min(mean_interval(rise.sel(baseline=b))[0] for b in dataset.baseline.to_numpy())
    found.append(
        Check(
            "sign: rise of the change from fewest to most bursts, lower end",
            least,
            "learning rates",
            0.01,
            None,
            PAYEUR,
        )
    )
    fixed = mean_interval(dataset.crossing.sel(average="fixed", baseline=0.4))
    found.append(
        Check(
            "sign: control, an average that stays at 20 %: crossing from 40 %, upper end",
            fixed[1],
            "points",
            None,
            -3,
            "without a running mean the crossing stays where it was",
            better_end=fixed[0],
        )
    )
    return found


def solved(dataset: xr.Dataset, layers: str) -> float:
    """Return the share of seeds whose output is above 6 Hz for one input alone, and only then."""
    return _share_right(dataset.xor_rate.sel(layers=layers))


def _share_right(rate: xr.DataArray) -> float:
    """Return the share of seeds whose rates, by seed and input, are above 6 Hz where wanted."""
    high = rate.transpose(..., "input").to_numpy() > XOR_HIGH
    return float((high == XOR_WANTED).all(axis=1).mean())


def xor_checks(dataset: xr.Dataset) -> list[Check]:
    """Return the checks of exclusive-or."""
    source = f"{PAYEUR}: exclusive-or; 6 Hz and 4 of 5 are htm_brian's targets"
    return [
        Check("xor: seeds that solve it", solved(dataset, "hidden"), "1", 0.8, None, source),
        Check(
            "xor: control, seeds that solve it without a hidden layer",
            solved(dataset, "none"),
            "1",
            None,
            0.0,
            "Minsky & Papert 1969: no single layer can",
        ),
    ]


def spiking_checks(dataset: xr.Dataset) -> list[Check]:
    """Return the checks of exclusive-or in spikes, of what was learned and of the controls."""
    after = dataset.spiking_after
    found = [
        Check(
            "xor in spikes: seeds that solve it",
            _share_right(after.sel(arm=LEARNED)),
            "1",
            0.8,
            None,
            f"{PAYEUR}: exclusive-or; 6 Hz and 4 of 5 are htm_brian's targets",
        )
    ]
    controls = {
        "before learning": dataset.spiking_before.sel(arm=LEARNED),
        "without feedback": after.sel(arm=NO_FEEDBACK),
        "without a teacher": after.sel(arm=NO_TEACHER),
    }
    for name, rate in controls.items():
        found.append(
            Check(
                f"xor in spikes: control, seeds that solve it {name}",
                _share_right(rate),
                "1",
                None,
                0.0,
                f"{PAYEUR}: bursts that come back are what teaches the hidden layer",
            )
        )
    return found


def difference(dataset: xr.Dataset, first: str, second: str) -> Interval:
    """Return the interval of the accuracy of one rule less that of another, seed by seed."""
    accuracy = dataset.accuracy
    return mean_interval(accuracy.sel(rule=first) - accuracy.sel(rule=second))


def digit_checks(dataset: xr.Dataset) -> list[Check]:
    """Return the checks of the digits."""
    hidden = difference(dataset, RANDOM, NONE)
    feedback = difference(dataset, SYMMETRIC, RANDOM)
    against = difference(dataset, RANDOM, FROZEN)
    found = [
        Check(
            "digits: bursts with a hidden layer over none, lower end",
            hidden[0],
            "points",
            2,
            None,
            f"{PAYEUR}; htm_brian's target",
            better_end=hidden[1],
        ),
        Check(
            "digits: bursts over a hidden layer that is frozen, lower end",
            against[0],
            "points",
            2,
            None,
            "what the hidden layer learns is what helps",
            better_end=against[1],
        ),
        Check(
            "digits: random feedback below symmetric, upper end",
            feedback[1],
            "points",
            None,
            2,
            f"{LILLICRAP}; htm_brian's target",
            better_end=feedback[0],
        ),
    ]
    for rule, source in ((RANDOM, LILLICRAP), (DENDRITES, GUERGUIEV), (TARGETS, LEE)):
        found += angle_checks(dataset, rule, source)
    return found


def angle_checks(dataset: xr.Dataset, rule: str, source: str) -> list[Check]:
    """Return the checks that a rule comes to point where back-propagation does."""
    course = dataset.angle.sel(rule=rule)
    last = mean_interval(course.isel(epoch=-1))
    fall = mean_interval(course.isel(epoch=0) - course.isel(epoch=-1))
    return [
        Check(
            f"{rule}: angle to back-propagation at last, upper end",
            last[1],
            "degrees",
            None,
            90,
            source,
            better_end=last[0],
        ),
        Check(
            f"{rule}: fall of the angle, lower end",
            fall[0],
            "degrees",
            1,
            None,
            source,
            better_end=fall[1],
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return accuracy, losses and angles of each rule, with the ends of their intervals."""
    found: dict[str, float] = spiking_metrics(dataset) if "spiking_after" in dataset else {}
    for rule in dataset.rule.to_numpy():
        one = dataset.sel(rule=rule)
        _put(found, f"{rule}: accuracy, %", one.accuracy)
        first, last = one.isel(epoch=0), one.isel(epoch=-1)
        _put(found, f"{rule}: loss at last over first", last.loss / first.loss)
        if rule in (NONE, FROZEN):
            continue
        if rule in WINNERS:
            _put(found, f"{rule}: fit at last over first", last.local_loss / first.local_loss)
        else:
            ratio = last.local_loss / first.local_loss
            _put(found, f"{rule}: local loss at last over first", ratio)
            found[f"{rule}: epochs whose hidden change alone lowers the loss, share"] = float(
                one.descent.mean()
            )
        if rule not in (HTM_FROZEN, BOOSTED_FROZEN):
            _put(found, f"{rule}: angle after one epoch", one.angle.isel(epoch=1))
            _put(found, f"{rule}: angle at last", last.angle)
    pairs = ((RANDOM, NONE), (RANDOM, FROZEN), (HTM, HTM_FROZEN), (BOOSTED, BOOSTED_FROZEN))
    for first_rule, other in (*pairs, (BOOSTED, HTM), (RANDOM, BOOSTED)):
        ends = difference(dataset, first_rule, other)
        found[f"accuracy of {first_rule} less that of {other}, low"] = ends[0]
        found[f"accuracy of {first_rule} less that of {other}, high"] = ends[1]
    return found


def spiking_metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return rates of the spiking outputs by arm and input, and what bursts told the layers."""
    found: dict[str, float] = {}
    after, before = dataset.spiking_after, dataset.spiking_before.sel(arm=LEARNED)
    for shown in dataset.input.to_numpy():
        found[f"spikes, before: {shown}, Hz"] = float(before.sel(input=shown).mean())
        for arm in dataset.arm.to_numpy():
            rate = after.sel(arm=arm, input=shown)
            found[f"spikes, {arm}: {shown}, Hz"] = float(rate.mean())
        learned = after.sel(arm=LEARNED, input=shown)
        found[f"spikes, {LEARNED}: {shown}, lowest, Hz"] = float(learned.min())
        found[f"spikes, {LEARNED}: {shown}, highest, Hz"] = float(learned.max())
        for layer in ("output", "hidden"):
            told = dataset[f"{layer}_told"].sel(arm=LEARNED, input=shown)
            found[f"spikes, {layer} told: {shown}, points"] = float(told.mean())
    for arm in dataset.arm.to_numpy():
        found[f"spikes, {arm}: seeds that solve it"] = _share_right(after.sel(arm=arm))
    return found


def _put(found: dict[str, float], name: str, values: xr.DataArray) -> None:
    found[name] = float(values.mean())
    found[f"{name}, low"], found[f"{name}, high"] = mean_interval(values)
