"""What cells recall, what the best reader of the same synapses would, and what was not stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr
from brian2 import second
from numpy.typing import NDArray

from htm_brian.experiment.progress import Progress
from htm_brian.network.one_shot_memory import OneShotMemory
from htm_brian.protocols.one_shot.stimulus import (
    LEARNS,
    PLATEAU,
    SHOWINGS,
    Bits,
    Pairs,
    Showing,
    draw_pairs,
)
from htm_brian.randomness import stream
from htm_brian.sdr.stored_pairs import (
    BestReader,
    channel_information,
    level_entropy,
    moved_bits,
    recall_at,
)
from htm_brian.synapses.plasticity.finding import online_rule
from htm_brian.synapses.plasticity.trains import Trains

if TYPE_CHECKING:
    from htm_brian.protocols.one_shot import OneShotParameters

N_LEVELS = 4
"""Counts of coincidences that efficacies tell apart: none, one, two, more."""
FALSE_POSITIVES = 1e-3
PAUSE = 10 * second
"""After each pair, and after asking; ten time constants of the eligibility."""
NOISES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
DELAYS = (0.05, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
"""Seconds from volley to plateau."""
MORE_PAIRS = (1000, 1200, 1400, 1600, 1800, 2000, 2400)
"""Further numbers of pairs, for the best reader alone: it needs counts, and no spikes."""


class Answers(NamedTuple):
    """Counts over cues.

    Attributes
    ----------
    hits, targets : int
        Cells of targets that spiked, and all of them.
    wrong, others : int
        Other cells that spiked, and all of them.
    taken : int
        Cues at which at least half as many cells spiked as a target has.
    cues : int
    """

    hits: int
    targets: int
    wrong: int
    others: int
    taken: int
    cues: int


def ask(memory: OneShotMemory, cues: list[Bits], targets: list[Bits], size: int) -> Answers:
    """Let a memory answer to cues; targets of unseen cues are empty."""
    hits = wrong = taken = 0
    for cue, target in zip(cues, targets, strict=True):
        answer = memory.recall(cue)
        right = int(np.isin(answer, target).sum())
        hits, wrong = hits + right, wrong + len(answer) - right
        taken += len(answer) >= size / 2
    # What the cues have left at their synapses shall not take part in what is stored next.
    memory.rest(PAUSE)
    n_targets = sum(map(len, targets))
    others = len(cues) * memory.n_cells - n_targets
    return Answers(hits, n_targets, wrong, others, taken, len(cues))


def run_seed(p: OneShotParameters, seed: int, progress: Progress) -> xr.Dataset | None:
    """Do everything with the pairs of one seed; None if the run was stopped."""
    pairs = draw_pairs(p, seed)
    parts = [capacity(p, pairs, seed, progress)]
    if not progress.interrupted:
        parts += [controls(p, pairs, seed), delays(p, pairs, seed)]
    progress.advance()
    return None if progress.interrupted else xr.merge(parts)


def capacity(p: OneShotParameters, pairs: Pairs, seed: int, progress: Progress) -> xr.Dataset:
    """Store one pair after the other, and ask now and then."""
    memory = new_memory(p, SHOWINGS[LEARNS], seed)
    rng = stream(p.seed, "cues", seed)
    counts, best, bits, misread = [], [], [], []
    noisy = None
    stored = 0
    for n_pairs in p.pairs:
        show(memory, pairs, range(stored, n_pairs), SHOWINGS[LEARNS])
        stored = n_pairs
        if progress.interrupted:
            return xr.Dataset()
        asked = rng.choice(n_pairs, min(p.shown, n_pairs), replace=False)
        cues = [moved_bits(pairs.cues[k], p.inputs, p.noise, rng) for k in asked]
        targets = [pairs.targets[k] for k in asked]
        known = ask(memory, cues, targets, p.target)
        n_unseen = p.unseen if n_pairs == p.reference else p.shown
        unseen = list(pairs.unseen[:n_unseen])
        new = ask(memory, unseen, [np.empty(0, int)] * n_unseen, p.target)
        counts.append([*known, *new])
        levels = levels_of(p.rule, memory.efficacy)
        misread.append((levels != counted_levels(p, pairs, n_pairs)).mean())
        reader = reader_of(p, levels, pairs.targets[:n_pairs])
        best.append(best_recall(reader, cues, targets, unseen, p))
        told = channel_information(
            p.target / p.cells, known.hits / known.targets, known.wrong / known.others
        )
        most = channel_information(p.target / p.cells, best[-1], FALSE_POSITIVES)
        each = n_pairs / p.inputs
        bits.append([each * told, each * most, level_entropy(levels)])
        if n_pairs == p.reference:
            noisy = at_noises(p, memory, pairs, rng)
    assert noisy is not None
    names = [f"{kind}_{name}" for kind in ("known", "unseen") for name in Answers._fields]
    counted = np.array(counts).T
    found: dict[str, Any] = {
        name: ("pairs", values) for name, values in zip(names, counted, strict=True)
    }
    found["misread"] = ("pairs", misread)
    for name, values in zip(("told", "most_told", "entropy"), np.array(bits).T, strict=True):
        found[f"{name}_bits"] = ("pairs", values, {"units": "bit"})
    more = [n for n in MORE_PAIRS if max(p.pairs) < n <= len(pairs.cues)]
    best += [counted_recall(p, pairs, n, rng) for n in more]
    return xr.Dataset(
        found | {"best_recall": ("reader_pairs", best)},
        coords={"pairs": list(p.pairs), "reader_pairs": [*p.pairs, *more]},
    ).merge(noisy)


def counted_recall(
    p: OneShotParameters, pairs: Pairs, n_pairs: int, rng: np.random.Generator
) -> float:
    """Return the best reader's recall from counts, for more pairs than are shown to cells."""
    asked = rng.choice(n_pairs, p.shown, replace=False)
    cues = [moved_bits(pairs.cues[k], p.inputs, p.noise, rng) for k in asked]
    reader = reader_of(p, counted_levels(p, pairs, n_pairs), pairs.targets[:n_pairs])
    targets = [pairs.targets[k] for k in asked]
    return best_recall(reader, cues, targets, list(pairs.unseen[: p.shown]), p)


def at_noises(
    p: OneShotParameters, memory: OneShotMemory, pairs: Pairs, rng: np.random.Generator
) -> xr.Dataset:
    """Ask with cues that are more or less noisy."""
    hits = []
    for noise in NOISES:
        asked = rng.choice(p.reference, min(p.shown, p.reference), replace=False)
        cues = [moved_bits(pairs.cues[k], p.inputs, noise, rng) for k in asked]
        answers = ask(memory, cues, [pairs.targets[k] for k in asked], p.target)
        hits.append(answers.hits / answers.targets)
    return xr.Dataset({"noisy_recall": ("noise", hits)}, coords={"noise": list(NOISES)})


def controls(p: OneShotParameters, pairs: Pairs, seed: int) -> xr.Dataset:
    """Show few pairs in each of the ways, and ask for them."""
    counts = []
    for showing in SHOWINGS.values():
        counts.append(few(p, pairs, showing, seed)[:2])
    hits, targets = np.array(counts).T
    return xr.Dataset(
        {"control_hits": ("showing", hits), "control_targets": ("showing", targets)},
        coords={"showing": list(SHOWINGS)},
    )


def delays(p: OneShotParameters, pairs: Pairs, seed: int) -> xr.Dataset:
    """Let the plateau come sooner or later after the volley."""
    found = []
    for delay in DELAYS:
        answers = few(p, pairs, Showing(PLATEAU, delay * second), seed)
        found.append(answers.hits / answers.targets)
    return xr.Dataset(
        {"delayed_recall": ("delay", found)},
        coords={"delay": ("delay", list(DELAYS), {"units": "s"})},
    )


def few(p: OneShotParameters, pairs: Pairs, showing: Showing, seed: int) -> Answers:
    """Store a few pairs in a new memory, and ask for them."""
    memory = new_memory(p, showing, seed)
    show(memory, pairs, range(p.few), showing)
    rng = stream(p.seed, "few", seed)
    cues = [moved_bits(cue, p.inputs, p.noise, rng) for cue in pairs.cues[: p.few]]
    return ask(memory, cues, list(pairs.targets[: p.few]), p.target)


def new_memory(p: OneShotParameters, showing: Showing, seed: int) -> OneShotMemory:
    """Return a memory that knows nothing."""
    rule = p.rule if showing.rule == PLATEAU else p.pair_rule
    return OneShotMemory(p.inputs, p.cells, rule, model=p.model, seed=1000 * p.seed + seed)


def show(memory: OneShotMemory, pairs: Pairs, which: range, showing: Showing) -> None:
    """Show pairs once each."""
    for number in which:
        memory.store(
            pairs.cues[number],
            pairs.targets[number],
            delay=showing.delay,
            pause=PAUSE,
            plateau=showing.plateau,
        )


def level_efficacies(rule: str, n_levels: int = N_LEVELS) -> NDArray[np.float64]:
    """Return the efficacy after no, one, two, ... coincidences that lie far apart."""
    plateaus = [20.0 * np.arange(1, n + 1) for n in range(n_levels)]
    volleys = [times - float(SHOWINGS[LEARNS].delay) for times in plateaus]
    trains = Trains(online_rule(rule), n_levels)
    none = [np.empty(0)] * n_levels
    end = 20.0 * (n_levels + 1)
    return trains.run(volleys, none, plateau=plateaus, look_at=[end])[0]


def levels_of(rule: str, efficacy: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the levels that efficacies tell apart."""
    efficacies = level_efficacies(rule)
    return np.searchsorted((efficacies[1:] + efficacies[:-1]) / 2, efficacy)


def counted_levels(p: OneShotParameters, pairs: Pairs, n_pairs: int) -> NDArray[np.int64]:
    """Return how often each axon and cell were in one pair, up to the last level."""
    inputs = as_masks(list(pairs.cues[:n_pairs]), p.inputs).astype(np.float32)
    cells = as_masks(list(pairs.targets[:n_pairs]), p.cells).astype(np.float32)
    return np.minimum(np.rint(inputs.T @ cells).astype(np.int64), N_LEVELS - 1)


def reader_of(p: OneShotParameters, levels: NDArray[np.int64], targets: Bits) -> BestReader:
    """Return the best reader of levels, after pairs with these targets."""
    n_targets = np.bincount(targets.ravel(), minlength=p.cells)
    return BestReader(levels, n_targets, len(targets), p.active, p.noise, N_LEVELS)


def best_recall(
    reader: BestReader,
    cues: list[Bits],
    targets: list[Bits],
    unseen: list[Bits],
    p: OneShotParameters,
) -> float:
    """Return its recall at the false positives that are allowed on unseen cues."""
    odds = reader.log_odds(as_masks(cues, p.inputs))
    wrong = reader.log_odds(as_masks(unseen, p.inputs))
    return recall_at(odds[as_masks(targets, p.cells)], wrong, FALSE_POSITIVES)


def as_masks(sdrs: list[Bits], size: int) -> NDArray[np.bool_]:
    """Return SDRs as rows of a mask."""
    found = np.zeros((len(sdrs), size), dtype=np.bool_)
    for row, bits in zip(found, sdrs, strict=True):
        row[bits] = True
    return found
