"""Pictures worked on in other processes: the same results, and no fault that spreads."""

from __future__ import annotations

import os
import signal
from functools import partial

import numpy as np
import psutil
import pytest

from fvs.cli.demo_cases import build_cases
from fvs.deployment.packs import DEFAULT_PACK, open_pack
from fvs.errors import DeploymentError
from fvs.network import Runtime
from fvs.status import Role
from fvs_server.extraction import Picture, extract_batch
from fvs_server.services.faces import open_worker_engine
from fvs_server.worker_processes import WorkerFailedError, WorkerProcesses
from tests.server.light_engine import LightEngine, picture


@pytest.fixture(scope="module")
def shipped_pack():
    """The default one."""
    return open_pack(DEFAULT_PACK)


@pytest.fixture(scope="module")
def processes(shipped_pack):
    """Two, with engines that need no networks."""
    started = WorkerProcesses(2, partial(LightEngine, shipped_pack))
    started.wait_until_ready()
    yield started
    started.close()


def no_engine():
    """What a process without memory for its networks comes to."""
    raise MemoryError


def same(one, other) -> bool:
    """Whether two extractions are equal, to the last bit."""
    return (
        one.looks == other.looks
        and np.array_equal(one.samples.embeddings.vectors, other.samples.embeddings.vectors)
        and np.array_equal(one.samples.quality.scalar, other.samples.quality.scalar, equal_nan=True)
        and np.array_equal(one.samples.faces.xyxy_px, other.samples.faces.xyxy_px, equal_nan=True)
        and one.samples.refusals(0) == other.samples.refusals(0)
    )


class TestExtract:
    def test_results_are_those_of_a_thread(self, processes, shipped_pack):
        """Of faces and of failures, in order, with the hash of looks where it is wanted."""
        pictures = [
            Picture(picture(1), Role.SELFIE, looks=True),
            Picture(picture(2), Role.SELFIE),
            Picture(b"no picture", Role.SELFIE, looks=True),
        ]
        here = extract_batch(LightEngine(shipped_pack), pictures)
        there = processes.extract(pictures)
        assert all(same(*each) for each in zip(here, there, strict=True))
        assert [each.looks is None for each in there] == [False, True, True]

    def test_results_of_real_networks_are_those_of_a_thread(self, shipped_pack):
        """Bit by bit."""
        selfie = next(case.selfie_jpeg for case in build_cases() if case.name == "mated")
        pictures = [Picture(selfie, Role.SELFIE, looks=True)]
        real = WorkerProcesses(1, partial(open_worker_engine, shipped_pack, Runtime()))
        try:
            real.wait_until_ready()
            (there,) = real.extract(pictures)
        finally:
            real.close()
        (here,) = extract_batch(open_worker_engine(shipped_pack, Runtime()), pictures)
        assert same(here, there)
        assert there.looks is not None

    def test_no_pixels_come_back(self, processes):
        """They are of a person, and large."""
        (there,) = processes.extract([Picture(picture(3), Role.SELFIE, looks=True)])
        assert there.samples.images.pixels_rgb == (None,)
        assert not there.samples.crops.pixels_rgb.size


class TestFaults:
    def test_a_process_that_dies_takes_one_picture_with_it(self, processes):
        """The next finds another in its place."""
        before = set(children())
        for _ in range(2):  # whichever is next
            victim = processes._workers[0]._process.pid
            os.kill(victim, signal.SIGKILL)
            psutil.Process(victim).wait(10)
            failed = 0
            for _ in range(2):
                try:
                    processes.extract([Picture(picture(4), Role.SELFIE)])
                except WorkerFailedError:
                    failed += 1
            assert failed == 1
        assert len(set(children()) - before) == 1
        assert processes.extract([Picture(picture(4), Role.SELFIE)])

    @pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
    def test_signals_of_the_group_are_for_the_server(self, processes, number):
        """It reads its keys anew, or finishes what was begun, and needs them for that."""
        processes.extract([Picture(picture(4), Role.SELFIE)])
        for worker in processes._workers:
            os.kill(worker._process.pid, number)
        assert processes.extract([Picture(picture(4), Role.SELFIE)])
        assert processes.extract([Picture(picture(4), Role.SELFIE)])

    def test_an_engine_that_fails_goes_on(self, processes):
        """What is told is the kind of error: its message may quote what was sent."""
        before = set(children())
        secret = picture(5, status="1101700230708")
        with pytest.raises(WorkerFailedError, match=r"^KeyError$"):
            processes.extract([Picture(secret, Role.SELFIE)])
        assert set(children()) == before
        assert processes.extract([Picture(picture(5), Role.SELFIE)])

    def test_networks_that_cannot_be_opened(self):
        """Are the deployer's to mend."""
        processes = WorkerProcesses(1, no_engine)
        with pytest.raises(DeploymentError, match="could not open its networks"):
            processes.wait_until_ready()
        processes.close()

    def test_none_is_left(self, shipped_pack):
        """When they are closed, though they had not yet begun; and none begins afterwards."""
        before = set(children())
        processes = WorkerProcesses(2, partial(LightEngine, shipped_pack))
        processes.close()
        assert set(children()) == before
        with pytest.raises(WorkerFailedError):
            processes.extract([Picture(picture(6), Role.SELFIE)])
        assert set(children()) == before


def children() -> list[int]:
    """Of this process."""
    return [each.pid for each in psutil.Process().children()]
