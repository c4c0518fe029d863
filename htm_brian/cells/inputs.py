"""Synapses of one's own onto the compartments of cells of level 2: receptors, branches, release.

A compartment has the conductance of each of its receptors (``ampa_tuft_0``), which a presynaptic
spike steps up by the receptor's unitary conductance. Where a name stands for several compartments,
such as that of a branch cut in segments (``basal_0``) or of all basal branches (``basal``), the
synapses are spread over them in turn, by the number of their source.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from brian2.synapses.synapses import Synapses
from brian2.units.fundamentalunits import Quantity

from htm_brian.arguments import check_integer, shown
from htm_brian.engine.group_arguments import check_name
from htm_brian.errors import InputError, did_you_mean
from htm_brian.parameters import Model
from htm_brian.synapses.release.stochastic import ReleaseSynapses
from htm_brian.synapses.release.values import check_delay, check_ends

GLUTAMATE = ("ampa", "nmda")
RECEPTORS = (*GLUTAMATE, "gaba", "gaba_b")

WEIGHT = "weight : 1"
PLACE = "place : integer (constant)"


def places_of(name: str, compartments: Sequence[str]) -> list[str]:
    """Return the compartments that a name stands for: itself, a branch, or all of a kind.

    Parameters
    ----------
    name : str
        ``"basal_0_1"``, ``"basal_0"`` or ``"basal"``.
    compartments : sequence of str
        Of the cell.

    Returns
    -------
    list of str
        At least one, in the order of the cell.

    Raises
    ------
    InputError
        If it stands for none.

    Examples
    --------
    >>> places_of("basal_0", ["soma", "basal_0_0", "basal_0_1", "basal_1_0"])
    ['basal_0_0', 'basal_0_1']
    """
    if name in compartments:
        return [name]
    found = [each for each in compartments if each.startswith(f"{name}_")]
    if not found:
        words = [each.split("_") for each in compartments]
        parts = {"_".join(each[:n]) for each in words for n in range(1, len(each))}
        hint = did_you_mean(str(name), [*compartments, *parts], "there are")
        raise InputError(f"there is no compartment or branch {shown(name)}{hint}")
    return found


def receptors_of(
    variables: Collection[str], places: Sequence[str], wanted: Collection[str] | None, file: str
) -> tuple[str, ...]:
    """Return the receptors that synapses onto some compartments open.

    Parameters
    ----------
    variables : collection of str
        Of the cells.
    places : sequence of str
        The compartments.
    wanted : collection of str, optional
        Some of `RECEPTORS`; left out, those for glutamate that all of the compartments have.
    file : str
        The model's, for the message.

    Returns
    -------
    tuple of str
        At least one.

    Raises
    ------
    InputError
        If one is unknown, or a compartment lacks it.
    """
    if wanted is None:
        there = tuple(
            name for name in GLUTAMATE if all(f"{name}_{place}" in variables for place in places)
        )
        if not there:
            raise InputError(
                f"{places[0]} has neither AMPA nor NMDA receptors; give receptors=['gaba'], or a "
                f"model with a table [ampa] or [nmda] ({file})"
            )
        return there
    if isinstance(wanted, str):
        wanted = (wanted,)
    for name in wanted:
        if name not in RECEPTORS:
            raise InputError(f"unknown receptor {shown(name)}{did_you_mean(str(name), RECEPTORS)}")
        for place in places:
            if f"{name}_{place}" not in variables:
                raise InputError(f"{place} has no {name} receptors ({file}, [{name}])")
    if not wanted:
        raise InputError("receptors must name at least one of ampa, nmda, gaba, gaba_b, got none")
    return tuple(wanted)


def opening(receptors: Sequence[str], places: Sequence[str], amount: str) -> str:
    """Return what a presynaptic spike does, as Brian2 text.

    Parameters
    ----------
    receptors, places : sequence of str
        Receptors, and compartments that have them.
    amount : str
        Brian2 text: by how many unitary conductances each is opened.

    Returns
    -------
    str
        One statement a line.

    Examples
    --------
    >>> print(opening(["ampa"], ["soma"], "weight"))
    ampa_soma_post += ampa_unitary_conductance_post*weight
    >>> print(opening(["gaba"], ["tuft_0", "tuft_1"], "weight"))
    gaba_tuft_0_post += gaba_unitary_conductance_post*weight*int(place == 0)
    gaba_tuft_1_post += gaba_unitary_conductance_post*weight*int(place == 1)
    """
    return "\n".join(
        f"{receptor}_{place}_post += {receptor}_unitary_conductance_post*{amount}"
        + (f"*int(place == {number})" if len(places) > 1 else "")
        for receptor in receptors
        for number, place in enumerate(places)
    )


class _Placed:
    """What both classes below do once connections are made."""

    places: tuple[str, ...]

    def connect(self, *args: Any, **kwargs: Any) -> None:
        """Connect as Brian2's `Synapses` does; give each its compartment, and the weight 1.

        Set weights after the last ``connect``.
        """
        super().connect(*args, **kwargs | {"level": kwargs.get("level", 0) + 1})  # type: ignore[misc]
        self.weight = 1
        if len(self.places) > 1:
            self.place = f"i % {len(self.places)}"


class CompartmentSynapses(_Placed, Synapses):
    """Synapses onto compartments that transmit every spike; made by `Cells.synapses_from`.

    Parameters
    ----------
    source, target : group
        What spikes, and the cells.
    receptors, places : sequence of str
        What a spike opens, and in which compartments.
    delay : Quantity or None
        Of all synapses; Brian2's own where it is None.
    order : int
        Of the cells; the synapses come before them.
    name : str
        Of the object.

    Attributes
    ----------
    places : tuple of str
        The compartments; `place` of each synapse counts in it.
    """

    def __init__(
        self,
        source: Any,
        target: Any,
        receptors: Sequence[str],
        places: Sequence[str],
        *,
        delay: Quantity | None,
        order: int,
        name: str,
    ) -> None:
        self.places = tuple(places)
        super().__init__(
            source,
            target,
            "\n".join([WEIGHT, PLACE] if len(places) > 1 else [WEIGHT]),
            on_pre=opening(receptors, places, "weight"),
            delay=delay,
            name=name,
        )
        self.pre.order = order - 1  # before what the cells do in the same slot


class ReleasingCompartmentSynapses(_Placed, ReleaseSynapses):
    """The same with release by chance: each vesicle opens the receptors' unitary conductance.

    Parameters
    ----------
    source, target : group
        What spikes, and the cells.
    receptors, places : sequence of str
        What a vesicle opens, and in which compartments.
    release : str, path or Model
        How synapses release.
    **others
        As `htm_brian.synapses.release.stochastic.ReleaseSynapses` takes them.

    Attributes
    ----------
    places : tuple of str
        The compartments; `place` of each synapse counts in it.
    """

    def __init__(
        self,
        source: Any,
        target: Any,
        receptors: Sequence[str],
        places: Sequence[str],
        release: str | Model,
        **others: Any,
    ) -> None:
        self.places = tuple(places)
        super().__init__(
            source,
            target,
            release,
            on_release=opening(receptors, places, "weight*amplitude"),
            equations="\n".join([WEIGHT, PLACE] if len(places) > 1 else [WEIGHT]),
            **others,
        )


def synapses_from(
    cells: Any,
    source: Any,
    compartment: str,
    receptors: Collection[str] | None,
    release: str | Model | None,
    delay: Quantity | None,
    seed: int,
    trial: int,
    order: int,
    name: str,
) -> CompartmentSynapses | ReleasingCompartmentSynapses:
    """Return synapses onto the cells; see `htm_brian.cells.group.Cells.synapses_from`.

    Parameters
    ----------
    cells : Cells
        That get them.
    source, compartment, receptors, release, delay, seed, trial, order, name
        As there.

    Returns
    -------
    CompartmentSynapses or ReleasingCompartmentSynapses
        The latter where `release` is given.

    Raises
    ------
    InputError
        If an end is no group, a name or number is none, or a compartment lacks the receptors.
    """
    check_ends(source, cells)
    check_name(name)
    check_integer("order", order)
    if delay is not None:
        check_delay(delay)
    places = places_of(compartment, cells.compartments)
    chosen = receptors_of(cells.variables, places, receptors, cells.parameters.file)
    if release is None:
        return CompartmentSynapses(
            source, cells, chosen, places, delay=delay, order=order, name=name
        )
    return ReleasingCompartmentSynapses(
        source,
        cells,
        chosen,
        places,
        release,
        delay=delay,
        seed=seed,
        trial=trial,
        order=order,
        name=name,
    )
