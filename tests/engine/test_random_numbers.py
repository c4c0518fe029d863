"""Random numbers that compiled code has drawn in advance are put back, if there are any or not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from brian2.devices.device import runtime_device as device

from htm_brian.engine.random_numbers import (
    _BUFFER,
    _memory,
    own_memory_kept,
    random_state,
    set_random_state,
)


@pytest.fixture(autouse=True)
def device_as_it_was() -> Iterator[None]:
    """Let compiled code draw anew after a test, from memory that may be freed."""
    before = random_state()
    yield
    set_random_state(before)


def test_numbers_come_back_in_memory_of_their_own() -> None:
    device.randn_buffer[0] = device.randn_buffer_index[0] = 0
    state = random_state()
    assert len(state["randn"]) == 0
    coming = np.arange(7.0)
    set_random_state(state | {"randn": coming})
    assert device.randn_buffer[0] != 0
    assert device.randn_buffer_index[0] == _BUFFER - 7
    assert random_state()["randn"].tolist() == coming.tolist()
    first = np.random.random(3)  # noqa: NPY002
    _memory(int(device.randn_buffer[0]))[:] = -1
    set_random_state(state | {"randn": coming})
    assert random_state()["randn"].tolist() == coming.tolist()
    assert np.random.random(3).tolist() == first.tolist()  # noqa: NPY002


def test_an_address_from_a_file_is_not_taken() -> None:
    mine = int(device.rand_buffer[0])
    with own_memory_kept():
        device.rand_buffer[0], device.rand_buffer_index[0] = 12345, 5
    assert device.rand_buffer[0] == mine
    assert device.rand_buffer_index[0] == 0
