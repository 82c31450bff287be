"""What can go wrong with bulk work itself; an item's own exception keeps its type.

```
DeploymentError
└── BulkEngineError            `bulk_engine`: a cluster that cannot be reached, or has no workers
    └── WorkerLostError        `worker_lost`: an item that takes down every worker it is given to
```
"""

from __future__ import annotations

from typing import ClassVar

from fvs.errors import DeploymentError

__all__ = ["BulkEngineError", "WorkerLostError"]


class BulkEngineError(DeploymentError):
    """The engine cannot do any work."""

    code: ClassVar[str] = "bulk_engine"


class WorkerLostError(BulkEngineError):
    """Workers die of an item, so that trying again is no use."""

    code: ClassVar[str] = "worker_lost"

    @classmethod
    def of_item(cls, number: int) -> WorkerLostError:
        """Name the item, counted from 0, and what to look for."""
        return cls(
            f"item {number} took down every worker that it was given to",
            advice="Look whether the workers run out of memory; else leave that item out.",
        )
