"""Bulk work on a Dask cluster (extra `cluster`): many machines, or processes of this one.

Dask distributed rather than Ray: both map a function and survive lost workers, Ray adds 70 MB of
wheels and a daemon for an object store that nothing here needs.

Whoever reaches the scheduler's port can run any code on its workers: keep it in a network of its
own, or give Dask TLS certificates (`distributed.comm.tls`).
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

from fvs.bulk.engines import available_cores, window_of, windowed
from fvs.bulk.errors import BulkEngineError, WorkerLostError
from fvs.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType, TracebackType

__all__ = ["DaskEngine"]

FIRST_WORKER_S = 60
"""How long to wait for the cluster's first worker."""

DEATHS_BORNE = 1
"""Worker deaths after which Dask gives an item up, before it is tried alone; Dask's own is 3."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class _Task(NamedTuple):
    """An item that was handed out."""

    number: int
    item: Any
    future: Any


class DaskEngine:
    """A `BulkEngine` on the workers of a Dask scheduler.

    A worker that dies is replaced by Dask, and its items go to others. An item that Dask gives up,
    since too many workers died that held it (`distributed.scheduler.allowed-failures`), is tried
    once more all alone, and ends the work if it is given up again.
    """

    def __init__(self, address: str | None = None, workers: int = 0) -> None:
        """Connect to a scheduler, or start a cluster of processes on this machine.

        Args:
            address: such as `tcp://10.0.0.1:8786`; None starts a cluster that ends with the engine.
            workers: of that cluster; 0 is one for each core of this process. An existing cluster
                has the workers that it has.

        Raises:
            MissingExtraError: `distributed` is not installed.
            UsageError: a negative number of workers.
            BulkEngineError: the scheduler cannot be reached, or has no workers.
        """
        if workers < 0:
            raise UsageError(f"a number of workers is 0 or more (got {workers})")
        distributed = _distributed()
        self._cluster = (
            distributed.LocalCluster(
                n_workers=workers or available_cores(),
                threads_per_worker=1,  # the libraries below take one thread each, see fvs.network
                dashboard_address=None,
                silence_logs=logging.CRITICAL,  # a lost worker is no news: its items go to others
            )
            if address is None
            else None
        )
        if self._cluster is not None:
            self._cluster.scheduler.allowed_failures = DEATHS_BORNE
        self._killed: type[Exception] = distributed.KilledWorker
        self._wait = distributed.wait
        self._client: Any = _connected(distributed, self._cluster or address)

    @property
    def workers(self) -> int:
        """Items that the cluster works on at once, at this moment."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def map(
        self,
        function: Callable[[_Item], _Result],
        items: Iterable[_Item],
        *,
        in_flight: int = 0,
    ) -> Iterator[_Result]:
        """See `BulkEngine.map`."""
        # Impure: Dask would otherwise take equal items for one, and compare by hashing them.
        submit = partial(self._client.submit, function, pure=False)
        return windowed(
            lambda number, item: _Task(number, item, submit(item)),
            partial(self._finish, submit),
            lambda task: task.future.cancel(),
            items,
            window_of(in_flight, self.workers),
        )

    def _finish(self, submit: Callable[[Any], Any], queue: deque[_Task]) -> Any:  # noqa: ANN401 - whatever the function returns
        if isinstance(queue[0].future.exception(), self._killed):
            # Dask blames all that were waiting on a dead worker: once more, with nobody beside it.
            self._wait([task.future for task in queue])
            queue[0] = queue[0]._replace(future=submit(queue[0].item))
        task = queue.popleft()
        try:
            return task.future.result()
        except self._killed:
            raise WorkerLostError.of_item(task.number) from None
        except Exception as error:
            error.add_note(f"item {task.number} of bulk work")
            raise

    def close(self) -> None:
        """Disconnect; a cluster that this engine started ends."""
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _connected(distributed: ModuleType, cluster: object) -> Any:  # noqa: ANN401 - typed in parts only
    try:
        client = distributed.Client(cluster, timeout=FIRST_WORKER_S)
        client.wait_for_workers(1, timeout=FIRST_WORKER_S)
    except (OSError, TimeoutError) as error:
        raise BulkEngineError(
            f"no Dask worker within {FIRST_WORKER_S} seconds",
            advice="Check the scheduler's address, and that workers are connected to it.",
        ) from error
    return client


def _distributed() -> ModuleType:
    try:
        import distributed  # noqa: PLC0415 - takes half a second, and only this engine needs it
    except ImportError as error:
        raise MissingExtraError(
            f"bulk work on Dask needs {error.name}",
            advice="Install it with `pip install 'face-verification-service[cluster]'`.",
        ) from error
    return distributed
