"""Every bulk engine: results in order, each once, bounded memory, and workers that may die."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from fvs.bulk import LocalEngine, WorkerLostError, open_engine
from fvs.bulk.errors import BulkEngineError
from fvs.errors import MissingExtraError, UsageError
from tests import bulk_tasks
from tests.bulk_tasks import Fatal

ENDS_S = 20.0


@pytest.fixture(params=["threads", "processes", "dask"])
def engine(request):
    """Each engine, with two workers."""
    if request.param == "threads":
        with LocalEngine(2, "threads") as engine:
            yield engine
    else:
        yield request.getfixturevalue(f"bulk_{request.param}")


@pytest.mark.parametrize("count", [0, 1, 2, 17])
def test_as_the_built_in_map(engine, count):
    """The results are those of `map`, in its order; no items give no results."""
    items = range(count)
    assert list(engine.map(bulk_tasks.doubled, items)) == list(map(bulk_tasks.doubled, items))


def test_equal_items_each_count(engine):
    """An item that stands twice has two results."""
    assert list(engine.map(bulk_tasks.doubled, [7, 7, 7])) == [14, 14, 14]


@pytest.mark.parametrize("in_flight", [1, 3, 100])
def test_order(engine, in_flight):
    """An item that takes long does not let later ones pass."""
    results = list(engine.map(bulk_tasks.slow_when_even, range(6), in_flight=in_flight))
    assert results == list(range(6))


def test_bounded(engine):
    """No more items are read than may be in flight, however many there are."""
    read = []

    def endless():
        while True:
            read.append(len(read))
            yield read[-1]

    results = engine.map(bulk_tasks.doubled, endless(), in_flight=3)
    assert [next(results) for _ in range(5)] == [0, 2, 4, 6, 8]
    assert len(read) <= 5 + 3
    results.close()


def test_errors_keep_their_type(engine):
    """Results before the bad item come; then its own exception, with a note that names it."""
    results = engine.map(bulk_tasks.refuse_three, range(10))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(UsageError, match="three is refused") as caught:
        next(results)
    assert caught.value.advice == "Choose four."
    assert caught.value.__notes__ == ["item 3 of bulk work"]
    assert list(engine.map(bulk_tasks.doubled, [1])) == [2]


def test_several_workers(worker_processes):
    """Work is done in as many processes as were asked for, none of which is this one."""
    seen = set(worker_processes.map(bulk_tasks.own_process, range(20)))
    assert len(seen) == 2
    assert os.getpid() not in seen


def test_a_killed_worker(worker_processes, tmp_path):
    """Workers that are killed in the middle lose nothing and double nothing."""
    items = [Fatal(n, str(tmp_path), kills=int(n in {4, 11})) for n in range(16)]
    assert list(worker_processes.map(bulk_tasks.killing, items)) == list(range(16))
    deaths = sorted(path.name.partition("-")[0] for path in tmp_path.iterdir())
    assert deaths == ["11", "4"]


def test_a_deadly_item(worker_processes, tmp_path):
    """An item that always kills is named, the ones beside it are not, and the engine lives on."""
    items = [Fatal(n, str(tmp_path), kills=99 if n == 2 else 0) for n in range(6)]
    results = worker_processes.map(bulk_tasks.killing, items)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(WorkerLostError, match="item 2 ") as caught:
        next(results)
    assert "memory" in caught.value.advice
    assert list(worker_processes.map(bulk_tasks.doubled, [1, 2])) == [2, 4]


def test_a_worker_killed_while_idle():
    """A worker that dies between two jobs is replaced."""
    with LocalEngine(1) as engine:
        (worker,) = engine.map(bulk_tasks.own_process, [0])
        os.kill(worker, signal.SIGKILL)
        time.sleep(0.3)
        assert list(engine.map(bulk_tasks.doubled, range(3))) == [0, 2, 4]


def test_workers_end_with_a_killed_parent(tmp_path):
    """Who is killed takes its workers along: none stays behind and holds memory."""
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent("""
        import os, signal
        from fvs.bulk import LocalEngine
        from tests import bulk_tasks

        if __name__ == "__main__":
            engine = LocalEngine(2)
            print(*set(engine.map(bulk_tasks.own_process, range(6))), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        """)
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    workers = [int(word) for word in done.stdout.split()]
    assert workers, done.stderr
    deadline = time.monotonic() + ENDS_S
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


class TestOpening:
    """Engines by name."""

    def test_local(self):
        """`local` is processes on this machine."""
        with open_engine("local", workers=1) as engine:
            assert list(engine.map(bulk_tasks.doubled, [1])) == [2]

    def test_an_existing_cluster(self, bulk_dask):
        """`dask` with an address uses the workers that are there, and leaves them there."""
        address = bulk_dask._client.scheduler.address
        with open_engine("dask", address=address) as engine:
            assert engine.workers >= 1  # another may be on its way back from an earlier test
            assert list(engine.map(bulk_tasks.doubled, [1])) == [2]
        assert list(bulk_dask.map(bulk_tasks.doubled, [2])) == [4]

    @pytest.mark.parametrize(
        ("name", "options", "said"),
        [
            ("ray", {}, "no bulk engine 'ray'"),
            ("local", {"address": "tcp://x:1"}, "no address"),
            ("local", {"workers": -1}, "got -1"),
            ("dask", {"workers": -1}, "got -1"),
        ],
    )
    def test_mistakes(self, name, options, said):
        """What cannot be right is refused before anything starts."""
        with pytest.raises(UsageError, match=said):
            open_engine(name, **options)

    def test_negative_window(self, engine):
        """Fewer than no items in flight is a mistake."""
        with pytest.raises(UsageError, match="got -1"):
            list(engine.map(bulk_tasks.doubled, [1], in_flight=-1))

    def test_nobody_there(self, monkeypatch):
        """A scheduler that does not answer is named as what is wrong."""
        monkeypatch.setattr("fvs.bulk.dask_engine.FIRST_WORKER_S", 1)
        with pytest.raises(BulkEngineError, match="no Dask worker") as caught:
            open_engine("dask", address="tcp://127.0.0.1:9")
        assert "scheduler" in caught.value.advice

    def test_without_the_extra(self, monkeypatch):
        """Where Dask is not installed, how to install it is said."""
        monkeypatch.setitem(sys.modules, "distributed", None)
        with pytest.raises(MissingExtraError, match="distributed") as caught:
            open_engine("dask")
        assert "[cluster]" in caught.value.advice


def test_importing_costs_nothing():
    """Neither Dask nor numpy is loaded before it is needed."""
    code = (
        "import sys, fvs.bulk; "
        "print([m for m in ('distributed', 'dask', 'numpy', 'cv2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
