"""`[imports]` of the server's settings."""

from __future__ import annotations

from typing import Annotated

import msgspec

__all__ = ["ImportSettings"]

_Count = Annotated[int, msgspec.Meta(ge=1)]


class ImportSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Bounds of bulk imports.

    Attributes:
        max_rows: portraits of one job.
        max_picture_bytes: of one portrait, decompressed.
        max_unpacked_bytes: of all pictures of one job together.
        max_ratio: by how much an entry of a ZIP may grow; pictures hardly do.
        max_waiting_jobs: of one IdP.
        lease_s: a job whose server died is taken up by another after it.
        keep_days: for how long a finished job and the codes of its refusals can be asked for.
    """

    max_rows: _Count = 10_000
    max_picture_bytes: _Count = 16 * 2**20
    max_unpacked_bytes: _Count = 512 * 2**20
    max_ratio: Annotated[float, msgspec.Meta(ge=1)] = 20.0
    max_waiting_jobs: _Count = 20
    lease_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    keep_days: _Count = 30
