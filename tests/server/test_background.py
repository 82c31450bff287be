"""A step is done again and again in a thread of its own, whatever becomes of it."""

from __future__ import annotations

import logging
import threading

import pytest

from fvs.errors import DeploymentError
from fvs_server import background
from fvs_server.background import BackgroundLoop

SOON_S, LONG_S, PATIENCE_S = 0.001, 60.0, 20.0
QUOTED = "could not connect to user@host"


@pytest.fixture(autouse=True)
def no_rest_after_failures(monkeypatch):
    """Tests need not wait after a failure."""
    monkeypatch.setattr(background, "_AFTER_FAILURE_S", SOON_S)


class Steps:
    """A step that fails as told, then says that it was done."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.done = threading.Event()

    def __call__(self) -> None:
        """Once."""
        if self.faults:
            raise self.faults.pop(0)
        self.done.set()


def alive(name: str) -> bool:
    """Whether a thread of this name runs."""
    return name in {thread.name for thread in threading.enumerate()}


def test_it_works_while_the_block_runs():
    """The thread bears the name of the loop, and has ended with the block."""
    step = Steps()
    with BackgroundLoop("a-loop", step, SOON_S).running():
        assert alive("a-loop")
        assert step.done.wait(PATIENCE_S)
    assert not alive("a-loop")


def test_it_ends_with_a_block_that_fails():
    """What the block raises goes on its way."""
    loop = BackgroundLoop("a-loop", Steps(), LONG_S)
    with pytest.raises(KeyError), loop.running():
        raise KeyError
    assert not alive("a-loop")


def test_it_pauses_before_the_first_step():
    """Nothing is done by a process that ends at once, and it need not wait for the pause."""
    step = Steps()
    with BackgroundLoop("a-loop", step, LONG_S).running():
        pass
    assert not step.done.is_set()


@pytest.mark.parametrize(
    ("fault", "level", "told"),
    [
        (DeploymentError("the disk is full"), logging.ERROR, "a-loop failed: the disk is full"),
        (OSError(QUOTED), logging.WARNING, "a-loop failed: OSError"),
    ],
    ids=["ours", "others'"],
)
def test_a_failure_is_told_and_tried_again(caplog, fault, level, told):
    """Our own errors in their words; of others the kind, for their words may quote secrets."""
    step = Steps(fault)
    with BackgroundLoop("a-loop", step, SOON_S).running():
        assert step.done.wait(PATIENCE_S)
    assert [(each.levelno, each.getMessage()) for each in caplog.records] == [(level, told)]
    assert QUOTED not in caplog.text


def test_after_a_failure_it_rests(monkeypatch):
    """Longer than its pause, so that what is away is not asked for every moment."""
    monkeypatch.setattr(background, "_AFTER_FAILURE_S", LONG_S)
    failed, faults = threading.Event(), []

    def step():
        faults.append(1)
        failed.set()
        raise OSError

    with BackgroundLoop("a-loop", step, SOON_S).running():
        assert failed.wait(PATIENCE_S)
        threading.Event().wait(100 * SOON_S)
    assert len(faults) == 1


def test_a_step_may_wait_and_is_woken():
    """`stop` cuts the sleep of a step short and tells it to come to its end."""
    sleeping, ended = threading.Event(), threading.Event()

    def step():
        while not loop.stopping:
            sleeping.set()
            loop.wait(LONG_S)
        ended.set()

    loop = BackgroundLoop("a-loop", step, SOON_S)
    with loop.running():
        assert sleeping.wait(PATIENCE_S)
    assert ended.is_set()


def test_a_loop_that_never_ran_can_be_stopped():
    """Then a step by hand still says whether it was done."""
    loop = BackgroundLoop("a-loop", Steps(OSError()), LONG_S)
    loop.stop()
    assert (loop.stopping, loop.try_step(), loop.try_step()) == (True, False, True)
