"""What services are made of: plain classes, or where requests are traced such as make spans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fvs_server.inference import InferencePool
from fvs_server.receipts import Receipts
from fvs_server.services.comparison import Comparison
from fvs_server.services.desk import Desk
from fvs_server.services.verification import Verification

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Parts"]


def _as_it_is(app: Any) -> Any:  # noqa: ANN401 - an ASGI application, of which services know nothing
    return app


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The classes of what takes time in a request.

    Attributes:
        pool: `inference`.
        desk: `admission` and `settle`.
        receipts: `sign`.
        verification: `judge`.
        comparison: likewise.
        outermost: puts a layer around the whole ASGI application, or none.
    """

    pool: type[InferencePool] = InferencePool
    desk: type[Desk] = Desk
    receipts: type[Receipts] = Receipts
    verification: type[Verification] = Verification
    comparison: type[Comparison] = Comparison
    outermost: Callable[[Any], Any] = _as_it_is
