import pytest

from htm_brian import memory
from htm_brian.errors import InputError


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with 4 GB free."""
    (tmp_path / "meminfo").write_text("MemTotal: 9000000 kB\nMemAvailable:    3906250 kB\n")
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    return tmp_path


def test_what_is_free_on_this_machine():
    assert memory.available_bytes() > 1e6


def test_what_does_not_fit_is_said_in_one_line(machine):
    memory.require_bytes(4.0e9, "these runs", "choose fewer columns")
    with pytest.raises(InputError) as raised:
        memory.require_bytes(4.1e9, "these runs", "choose fewer columns")
    assert str(raised.value) == (
        "these runs need about 4.1 GB of memory, 4.0 GB are free; choose fewer columns"
    )


def test_a_container_may_allow_less(machine):
    (machine / "memory.current").write_text("500000000\n")
    (machine / "memory.max").write_text("max\n")
    assert memory.available_bytes() == 4_000_000_000
    (machine / "memory.max").write_text("2000000000\n")
    assert memory.available_bytes() == 1_500_000_000


def test_without_meminfo_the_whole_memory_counts(machine):
    (machine / "meminfo").unlink()
    assert memory.available_bytes() > 1e6
