import os
import signal
import time

import pytest

from htm_brian.errors import InputError
from htm_brian.experiment.processes import WorkerError, WorkerPool, deferred_interrupt


def count(n, after_step):
    for done in range(1, n + 1):
        time.sleep(0.005)
        if not after_step(done):
            break
    return done


def pid(after_step):
    print("a worker is silent")
    return os.getpid()


def fail(message, after_step):
    raise ValueError(message)


def refuse(after_step):
    raise InputError("cells must be at least 1, got 0")


def refuse_within_brian(after_step):
    raise RuntimeError("in synapses_1:") from InputError("sites must be at least 1, got 0")


def count_then_refuse(after_step):
    count(100_000, after_step)
    raise InputError("found at the end")


def die(after_step):
    os.kill(os.getpid(), signal.SIGKILL)


def exhaust(after_step):
    raise MemoryError("cannot hold 8 PB")


def leave(after_step):
    os._exit(3)


def finish(pool):
    end = time.monotonic() + 60
    while pool.busy and time.monotonic() < end:
        pool.poll(0.1)
    assert not pool.busy


def test_tasks_share_the_workers_and_return_their_results(capfd):
    with WorkerPool(1) as pool:
        pool.submit("first", pid)
        pool.submit("second", pid)
        pool.submit("counted", count, 60)
        finish(pool)
    assert pool.results["first"] == pool.results["second"] != os.getpid()
    assert pool.results["counted"] == 60
    assert 0 < pool.progress["counted"] <= 60
    assert capfd.readouterr().out == ""


def test_stop_keeps_what_a_running_task_has_and_drops_the_waiting():
    with WorkerPool(1) as pool:
        pool.submit("long", count, 100_000)
        pool.submit("waiting", count, 1)
        while pool.progress["long"] == 0:
            pool.poll(0.1)
        pool.stop(grace=30)
    assert 0 < pool.results["long"] < 100_000
    assert "waiting" not in pool.results


def test_a_mistake_that_is_found_while_tasks_are_stopped_does_not_lose_the_others():
    with WorkerPool(2) as pool:
        pool.submit("bad", count_then_refuse)
        pool.submit("long", count, 100_000)
        while not all(pool.progress.get(name) for name in ("bad", "long")):
            pool.poll(0.1)
        pool.stop(grace=30)
    assert 0 < pool.results["long"] < 100_000


def test_a_failing_task_is_one_line_that_names_it_and_the_worker_goes_on():
    with WorkerPool(1) as pool:
        pool.submit("bad", fail, "dt must be positive, got 0\nmore")
        with pytest.raises(WorkerError) as raised:
            finish(pool)
        assert str(raised.value) == "bad: ValueError: dt must be positive, got 0"
        assert "in fail" in raised.value.__notes__[0]
        pool.submit("good", count, 2)
        finish(pool)
        assert pool.results == {"good": 2}
        pool.submit("dead", die)
        with pytest.raises(MemoryError, match=r"^dead: the system killed its process$"):
            finish(pool)
        pool.submit("large", exhaust)
        with pytest.raises(MemoryError, match=r"^large: cannot hold 8 PB$"):
            finish(pool)
        pool.submit("refused", refuse)
        with pytest.raises(InputError, match=r"^refused: cells must be at least 1, got 0$"):
            finish(pool)
        pool.submit("wrapped", refuse_within_brian)
        with pytest.raises(InputError, match=r"^wrapped: sites must be at least 1, got 0$"):
            finish(pool)
        pool.submit("gone", leave)
        with pytest.raises(WorkerError, match=r"^gone: the process ended with status 3$"):
            finish(pool)


def test_a_worker_that_is_just_starting_survives_ctrl_c():
    with WorkerPool(1) as pool:
        pool.submit("early", pid)
        (process,) = pool._processes.values()
        for _ in range(20):  # all through the start of its interpreter
            os.kill(process.pid, signal.SIGINT)
            time.sleep(0.01)
        finish(pool)
        assert pool.results["early"] == process.pid


def test_leaving_ends_the_workers():
    with WorkerPool(1) as pool:
        pool.submit("long", count, 100_000)
        pool.submit("one", pid)
        process = next(iter(pool._processes.values()))
    assert not process.is_alive()


def test_jobs_must_be_positive():
    with pytest.raises(ValueError, match="jobs must be at least 1, got 0"):
        WorkerPool(0)


def test_first_interrupt_is_a_flag_and_the_second_interrupts():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), deferred_interrupt() as interrupted:
        assert not interrupted()
        signal.raise_signal(signal.SIGINT)
        assert interrupted()
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
