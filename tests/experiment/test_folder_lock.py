"""One run at a time in a folder of results."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from htm_brian.errors import InputError
from htm_brian.experiment.folder_lock import LOCK, locked

pytest.importorskip("fcntl")

HOLD = """
import sys
from pathlib import Path
from htm_brian.experiment.folder_lock import locked
with locked(Path(sys.argv[1])):
    print("holds", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "holds\n"
        with pytest.raises(InputError) as caught, locked(tmp_path):
            pytest.fail("two runs in one folder")
        assert str(caught.value) == (
            f"another run (process {other.pid}) is writing its results to {tmp_path}; wait for "
            "its end, or choose another folder with --output"
        )
        other.kill()
    with locked(tmp_path):  # the lock of a process that was killed is free
        pass
    assert os.listdir(tmp_path) == []


def test_a_lock_goes_also_when_the_run_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(tmp_path):
        assert (tmp_path / LOCK).exists()
        raise ZeroDivisionError
    with locked(tmp_path):
        pass
