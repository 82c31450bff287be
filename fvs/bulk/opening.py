"""Bulk engines by name, as commands offer them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs.bulk.dask_engine import DaskEngine
from fvs.bulk.local import LocalEngine
from fvs.errors import UsageError

if TYPE_CHECKING:
    from fvs.bulk.engines import BulkEngine

__all__ = ["ENGINE_NAMES", "open_engine"]

ENGINE_NAMES = ("local", "dask")


def open_engine(name: str, *, workers: int = 0, address: str | None = None) -> BulkEngine:
    """An engine by its name.

    Args:
        name: `local` (processes of this machine) or `dask`.
        workers: 0 is one for each core of this process.
        address: of a Dask scheduler; None starts a cluster on this machine.

    Raises:
        UsageError: there is no such engine, or `local` was given an address.
        MissingExtraError: `dask`, and `distributed` is not installed.
        BulkEngineError: the scheduler cannot be reached, or has no workers.
    """
    if name == "dask":
        return DaskEngine(address, workers)
    if name != "local":
        raise UsageError(
            f"there is no bulk engine {name!r}", advice=f"Choose {' or '.join(ENGINE_NAMES)}."
        )
    if address is not None:
        raise UsageError("the local engine has no address", advice="Choose the engine dask.")
    return LocalEngine(workers)
