"""Where does precision in a weight begin to pay? Binary, graded and continuous weights on SDRs.

Stimulus: a memory of transitions from SDR to SDR. A population of `size` cells, of which a share
(the sparsity) is on in every SDR, stores as many transitions as it has cells (load 1), at every
sparsity the same number. So each cell must recognise that share of all stored SDRs which precede
its own activity, against all others. Presentations are noisy: of their on-bits 20 % are moved, and
with unreliable synapses half of all spikes are not transmitted.

Measurement, two tasks on one store. *Recognition*: area under the receiver's operating curve (AUC)
of a cell over all stored SDRs, so that no threshold has to be chosen. *Sequence prediction*: that
area over all cells at one step, and what is left of the right SDR after some steps in which the
network goes on from its own predictions.

Design, fixed before any outcome was seen:

- The threads claim that scalar weights "are the only way to distinguish between codes" that are
  dense, and that they add little to sparse ones. So sparsity is varied, and number of cells, of
  transitions, noise and release stay. In a population with dense codes each cell takes part in more
  of them: that is where the sparsity matters; per cell alone, the load would not depend on it.
- Load 1 is the natural scale of memories that sum over synapses. Lighter loads are measured, too:
  where nothing is hard, no precision pays.
- All weights express *the same knowledge*, the synapse's log-odds under noise and failures, which
  is the best that a synapse can know by itself; only their precision differs. Continuous weights
  may be negative. The binary weights' threshold, and threshold and slope of the sigmoid, are tuned
  for every condition on a store of its own.
- Beside them stands a rule that corrects errors (least squares over all noisy presentations), again
  continuous and made binary, and, as a control, a threshold that is never adapted: the default
  incidence rate of the moving-average rule, whatever the sparsity.

Added to explain the outcome, and no part of the checks: binary weights under inhibition in
proportion to the spikes that arrive, which tells precision from sign; and a cell with one segment
for each of its SDRs, as in HTM, which needs more synapses and no precision.
"""

from __future__ import annotations

from dataclasses import dataclass

from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.experiment.threads import one_thread
from htm_brian.protocols.scalar_vs_binary.checks import THREAD, add_gains, checks, metrics
from htm_brian.protocols.scalar_vs_binary.measurement import empty, measure, tune
from htm_brian.protocols.scalar_vs_binary.stimulus import RELIABILITIES, TRANSITIONS


@dataclass(frozen=True)
class ScalarVsBinaryParameters:
    """What a run of `ScalarVsBinary` depends on.

    Parameters
    ----------
    size : int
        Cells of a population.
    sparsities : tuple of float
        Shares of cells that are on.
    loads : tuple of float
        Stored transitions over cells.
    noise : float
        Share of the on-bits that is moved at a presentation.
    transmission_probability : float
        Of unreliable synapses.
    measured_cells, synapses_per_segment : int
        Cells that recognise, and synapses of each of their segments.
    measured_steps : int
        Transitions that are predicted.
    free_sequences, free_steps : int
        Sequences in which the network goes on from its own predictions, and for how long.
    n_seeds : int
        Stores of each condition.
    seed : int
        Of all that is left to chance.
    """

    size: int = 800
    sparsities: tuple[float, ...] = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5)
    loads: tuple[float, ...] = (0.125, 0.25, 0.5, 1.0)
    noise: float = 0.2
    transmission_probability: float = 0.5
    measured_cells: int = 32
    synapses_per_segment: int = 20
    measured_steps: int = 16
    free_sequences: int = 4
    free_steps: int = 5
    n_seeds: int = 20
    seed: int = 42

    sparse = 0.02
    dense = 0.25

    def __post_init__(self) -> None:
        for name, low in {"size": 64, "n_seeds": 2, "seed": 0}.items():
            check_integer(name, getattr(self, name), low=low)
        for sparsity in self.sparsities:
            check_number("sparsities", sparsity, low=1 / self.size, high=0.5)
        for name in ("sparse", "dense"):
            value = getattr(self, name)
            if value not in self.sparsities:
                raise InputError(f"sparsities must hold {value}, got {self.sparsities}")
        for load in self.loads:
            check_number("loads", load, low=4 * TRANSITIONS / self.size, high=4)
        if max(self.loads, default=0) != 1:
            raise InputError(f"the largest of loads must be 1, got {self.loads}")
        check_number("noise", self.noise, low=0, high=0.5)
        check_number("transmission_probability", self.transmission_probability, low=0.05, high=1)
        check_integer("measured_cells", self.measured_cells, low=1, high=self.size)
        for name in ("synapses_per_segment", "measured_steps", "free_sequences", "free_steps"):
            check_integer(name, getattr(self, name), low=1)

    @property
    def probabilities(self) -> dict[str, float]:
        """Transmission probability by name."""
        return dict(zip(RELIABILITIES, (1.0, self.transmission_probability), strict=True))


class ScalarVsBinary(Protocol):
    """AUC of both tasks by precision of the weights, sparsity, reliability and load."""

    name = "scalar_vs_binary"
    claim = (
        "with sparse codes binary synapses recognise and predict as well as scalar ones; with "
        "dense codes they do not"
    )
    source = THREAD
    parameters = ScalarVsBinaryParameters()

    def run(self, progress: Progress) -> Outcome:
        """Measure every seed on every sparsity, then the gain of precision."""
        with one_thread():
            return self._run(progress)

    def _run(self, progress: Progress) -> Outcome:
        parameters = self.parameters
        dataset = empty(parameters)
        progress.begin("stores of transitions", len(parameters.sparsities) * parameters.n_seeds)
        for place, sparsity in enumerate(parameters.sparsities):
            tuned = {load: tune(parameters, sparsity, load) for load in parameters.loads}
            for number in range(parameters.n_seeds):
                for load in parameters.loads:
                    one = measure(parameters, sparsity, load, number, tuned[load])
                    for (variable, *where), value in one.items():
                        key = {"sparsity": sparsity, "seed": number, **dict(where)}
                        dataset[variable].loc[key] = value
                progress.advance()
                if progress.interrupted:
                    return Outcome(dataset.isel(sparsity=slice(place)), [], partial=True)
        add_gains(dataset)
        return Outcome(dataset, checks(dataset, parameters), metrics=metrics(dataset, parameters))
