r"""Early and late phase: a tagged synapse captures proteins that its cell makes.

Calcium c drives the early phase h, in units of its resting value (Graupner & Brunel 2012; Li,
Kulvicius & Tetzlaff 2016, PLOS ONE 11:e0161679; Luboeinski & Tetzlaff 2021, Commun Biol 4:275):

.. math::

    \tau_h \frac{dh}{dt} = r (1 - h) + \gamma_p (h_p - h) \Theta(c - \theta_p)
        + \gamma_d (h_d - h) \Theta(c - \theta_d) + \text{noise}

A synapse is tagged while :math:`|h - 1| > \theta_{tag}`. A cell makes proteins p while the sum of
:math:`|h - 1|` over its synapses is above a threshold,
:math:`\tau_p\, dp/dt = -p + \alpha \Theta(\textstyle\sum |h - 1| - \theta_{pro})`, and tagged
synapses capture them: the late phase z goes to its upper bound where h > 1, to its lower one where
h < 1, at the rate :math:`p / \tau_z`. The efficacy is h + z.

**Nothing is computed between spikes.** Calcium falls below a threshold after a logarithm of time.
Then all early phases of a cell decay alike, so that the sum crosses its threshold, and each synapse
loses its tag, after a logarithm, too; proteins rise and fall exponentially, and what a synapse
captures is their integral, in closed form. `htm_brian.synapses.plasticity.consolidation` does this
second part at times far apart. It is exact however far, as long as no spike comes between.

Two numbers make another late phase of it, one that a second train of stimuli can add to:
`tag_maturation`, a time after its last induction from which a tag captures, and `tag_is_used_up`.
If that is 1, a tag holds what was induced, :math:`h - 1`, and gives it to z as it captures; it does
so once, and the next induction sets it anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from htm_brian.errors import InputError
from htm_brian.parameters import Key
from htm_brian.synapses.plasticity.calcium_based import TIME_ABOVE
from htm_brian.synapses.plasticity.online import Later, OnlineRule
from htm_brian.synapses.release.draws import FUNCTIONS


@dataclass(frozen=True)
class TaggingCapture(OnlineRule):
    """Calcium-driven early phase, and a late phase by tagging and capture.

    Examples
    --------
    >>> rule = TaggingCapture("tagging_capture")
    >>> rule.later["calcium"].after
    18.8 * msecond
    >>> rule.with_values(protein_synthesis=0.0).table["protein_synthesis"]   # anisomycin
    0.0
    """

    keys: ClassVar = {
        "calcium_time_constant": Key("second", "decay of calcium"),
        "presynaptic_calcium": Key("1", "step of calcium by a presynaptic spike"),
        "postsynaptic_calcium": Key("1", "step of calcium by a postsynaptic spike"),
        "presynaptic_delay": Key("second", "from the arrival of a spike to its calcium"),
        "depression_threshold": Key("1", "calcium above which the early phase goes down"),
        "potentiation_threshold": Key("1", "calcium above which it goes up"),
        "relaxation_rate": Key("1", "rate of return to rest, in 1/early_time_constant"),
        "depression_rate": Key("1", "rate of going down, in 1/early_time_constant"),
        "potentiation_rate": Key("1", "rate of going up, in 1/early_time_constant"),
        "depressed_level": Key("1", "where the early phase goes down to, over its resting value"),
        "potentiated_level": Key("1", "where it goes up to, over its resting value"),
        "noise": Key("1", "amplitude of its noise above a threshold; 0 for none"),
        "early_time_constant": Key("second", "time scale of the early phase"),
        "tag_threshold": Key("1", "change of the early phase from which a synapse is tagged"),
        "tag_maturation": Key("second", "from the last induction until a tag captures"),
        "tag_is_used_up": Key("1", "1 if what a tag captures is what was induced, else 0"),
        "synthesis_threshold": Key("1", "sum of changes from which a cell makes proteins"),
        "protein_synthesis": Key("1", "level of proteins under lasting synthesis; 0: blocked"),
        "protein_time_constant": Key("second", "of the rise and fall of proteins"),
        "late_time_constant": Key("second", "of the late phase, at a level of proteins of 1"),
        "latest_high": Key("1", "highest late phase"),
        "latest_low": Key("1", "lowest late phase"),
    }

    @property
    def uses_tags_up(self) -> bool:
        """Whether a tag captures once what was induced."""
        return self.table["tag_is_used_up"] > 0.5

    @property
    def equations(self) -> str:
        """State: calcium, early and late phase at the synapse's last event."""
        noise = _NOISE_STATE if self.noisy else ""
        return f"{_STATE}{_TAG_STATE if self.uses_tags_up else ''}{noise}"

    @property
    def noisy(self) -> bool:
        """Whether the early phase has noise: then the synapses draw."""
        return self.table["noise"] > 0

    @property
    def catch_up(self) -> str:
        """Statements that bring calcium and early phase from the last event to the present."""
        return _CATCH_UP.format(
            noise=_NOISE if self.noisy else "", tag=_SET_TAG if self.uses_tags_up else ""
        ).strip()

    @property
    def later(self) -> Mapping[str, Later]:
        """The calcium of a presynaptic spike."""
        step = "calcium += arrival*presynaptic_calcium"
        return {"calcium": Later(f"{self.catch_up}\n{step}", self.table["presynaptic_delay"])}

    @property
    def on_post(self) -> str:
        """The calcium of a postsynaptic spike."""
        return f"{self.catch_up}\ncalcium += postsynaptic_calcium"

    @property
    def capture(self) -> str:
        """Statements by which a synapse captures proteins, after `PROTEIN_COURSE`."""
        return _CAPTURE_ONCE if self.uses_tags_up else _CAPTURE

    def check(self) -> None:
        """Refuse thresholds in the wrong order, and rates that the closed form cannot have."""
        table = self.table
        if table["depression_threshold"] > table["potentiation_threshold"]:
            where = table.parameter("depression_threshold").where
            raise InputError(
                "depression_threshold must be at most potentiation_threshold = "
                f"{table['potentiation_threshold']:g}, got {table['depression_threshold']:g}{where}"
            )
        if table["tag_is_used_up"] not in (0, 1):
            where = table.parameter("tag_is_used_up").where
            raise InputError(f"tag_is_used_up must be 0 or 1, got {table['tag_is_used_up']}{where}")

    def constants(self) -> Mapping[str, Any]:
        """Return the numbers of the model and the functions that the text calls."""
        return dict(self.table) | {"time_above": TIME_ABOVE} | FUNCTIONS

    def initial_state(self) -> Mapping[str, Any]:
        """Return a synapse at rest, from the present on."""
        return {"early": 1, "last_event": "t"}


_STATE = """
early : 1  # h at the last event, in units of its resting value
late : 1  # z at the last look at the proteins
efficacy = early + late : 1
calcium : 1  # at the last event, once its step was added
last_event : second
"""
_TAG_STATE = """
tag : 1  # what was induced and has not been captured yet
tagged_at : second  # end of the last induction
"""
_NOISE_STATE = """
noise_draws : integer
noise_low : integer (shared, constant)  # name of the stream of draws
noise_high : integer (shared, constant)
"""

_CATCH_UP = """
elapsed = t - last_event
above_depression = calcium_time_constant*time_above(calcium/depression_threshold, elapsed/calcium_time_constant)
above_potentiation = calcium_time_constant*time_above(calcium/potentiation_threshold, elapsed/calcium_time_constant)
of_one = relaxation_rate + depression_rate
of_both = of_one + potentiation_rate
goal_of_one = (relaxation_rate + depression_rate*depressed_level)/of_one
goal_of_both = (relaxation_rate + depression_rate*depressed_level + potentiation_rate*potentiated_level)/of_both
left_of_both = exp(-above_potentiation*of_both/early_time_constant)
left_of_one = exp(-(above_depression - above_potentiation)*of_one/early_time_constant)
early = goal_of_one + (goal_of_both + (early - goal_of_both)*left_of_both - goal_of_one)*left_of_one
{noise}{tag}early = 1 + (early - 1)*exp(-(elapsed - above_depression)*relaxation_rate/early_time_constant)
calcium = calcium*exp(-elapsed/calcium_time_constant)
last_event = t
"""  # noqa: E501

# An Ornstein-Uhlenbeck process in each piece; of twice the variance a second above both thresholds.
_NOISE = """both_variance = noise**2*(1 - left_of_both**2)/of_both
one_variance = 0.5*noise**2*(1 - left_of_one**2)/of_one
early = early + keyed_normal(sqrt(both_variance*left_of_one**2 + one_variance), noise_low, noise_high, i, j, contact, noise_draws)
noise_draws = noise_draws + 1
"""  # noqa: E501

_SET_TAG = """induced = int(above_depression > 0*second)
tag = tag + induced*(early - 1 - tag)
tagged_at = tagged_at + induced*(last_event + above_depression - tagged_at)
"""

POOL_STATE = """
change : 1  # sum of |h - 1| over the cell's synapses
protein : 1  # at the last look
protein_before : 1  # at the look before
protein_then : 1  # when its synthesis ended
synthesised : second  # for how long since the look before it was made
looked_before : second  # when
last_look : second
"""
"""What a cell has, as Brian2 equations."""

PROTEIN_COURSE = """
looked_before = last_look
relaxation_time = early_time_constant/relaxation_rate
passed = t - last_look
synthesised = relaxation_time*clip(passed/relaxation_time + log(change/synthesis_threshold + 1e-300), 0, passed/relaxation_time)
protein_before = protein
protein_then = protein_synthesis + (protein_before - protein_synthesis)*exp(-synthesised/protein_time_constant)
protein = protein_then*exp(-(passed - synthesised)/protein_time_constant)
last_look = t
"""  # noqa: E501
"""What became of a cell's proteins since the last look, from the sum of changes now: before, it was
larger by the exponential of the time passed."""

_INTEGRAL = """
until = clip({end}/protein_time_constant, 0, synthesised/protein_time_constant)
beyond = clip({end}/protein_time_constant - synthesised/protein_time_constant, 0, 1e300)
{name} = protein_synthesis*until + (protein_before - protein_synthesis)*(1 - exp(-until)) + protein_then*(1 - exp(-beyond))
"""  # noqa: E501
"""The integral of the proteins from the look before to a time after it, in their time constant."""

_TAG_ENDS = """
looked = t - looked_before
decay_time = early_time_constant/relaxation_rate
tag_end = decay_time*clip(looked/decay_time + log(abs(early - 1)/tag_threshold + 1e-300), 0, looked/decay_time)
"""  # noqa: E501

_CAPTURE = f"""
{_TAG_ENDS}
{_INTEGRAL.format(end="tag_end", name="caught")}
goal = latest_low + (latest_high - latest_low)*int(early > 1)
late = goal + (late - goal)*exp(-caught*protein_time_constant/late_time_constant)
"""

_CAPTURE_ONCE = f"""
{_TAG_ENDS}
tag_start = looked*clip((tagged_at + tag_maturation - looked_before)/(looked + 1e-12*second), 0, 1)
{_INTEGRAL.format(end="tag_end", name="caught_by_end")}
{_INTEGRAL.format(end="tag_start", name="caught_by_start")}
caught = clip(caught_by_end - caught_by_start, 0, 1e300)
share = 1 - exp(-caught*protein_time_constant/late_time_constant)
late = clip(late + tag*share, latest_low, latest_high)
tag = tag*(1 - share)
"""
