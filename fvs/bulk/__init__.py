"""Bulk work: one function over many items, on the cores of this machine or on a cluster."""

from fvs.bulk.dask_engine import DaskEngine
from fvs.bulk.engines import BulkEngine
from fvs.bulk.errors import BulkEngineError, WorkerLostError
from fvs.bulk.local import LocalEngine
from fvs.bulk.opening import ENGINE_NAMES, open_engine

__all__ = [
    "ENGINE_NAMES",
    "BulkEngine",
    "BulkEngineError",
    "DaskEngine",
    "LocalEngine",
    "WorkerLostError",
    "open_engine",
]
