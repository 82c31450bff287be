"""An array that grows."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["Column"]

Number = TypeVar("Number", bound=np.generic)

_SMALLEST_ROWS = 64


class Column(Generic[Number]):
    """Rows that are appended in amortised constant time; memory that is left behind is zeroed."""

    def __init__(self, values: npt.NDArray[Number]) -> None:
        """Start with `values`, (N, ...), which are used in place."""
        self._buffer = values
        self._rows = len(values)

    @property
    def values(self) -> npt.NDArray[Number]:
        """(N, ...) a view of all rows; stale after the next `extend`."""
        return self._buffer[: self._rows]

    def extend(self, values: npt.NDArray[Number]) -> None:
        """Append rows."""
        rows = self._rows + len(values)
        if rows > len(self._buffer):
            capacity = max(rows, 2 * len(self._buffer), _SMALLEST_ROWS)
            grown = np.zeros((capacity, *self._buffer.shape[1:]), self._buffer.dtype)
            grown[: self._rows] = self.values
            self._buffer.fill(0)
            self._buffer = grown
        self._buffer[self._rows : rows] = values
        self._rows = rows
