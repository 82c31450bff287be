"""The mean of each of some equal strips of an array's rows, wherever the strips end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fvs.raster import strip_means


def oracle(field: np.ndarray, parts: int) -> np.ndarray:
    """Every row repeated until the strips end between rows."""
    fine = np.repeat(field.astype(np.float64), parts, axis=0)
    return fine.reshape(parts, len(field), *field.shape[1:]).mean(axis=1)


class TestStripMeans:
    @pytest.mark.parametrize("rows", [1, 2, 31, 32, 33, 240, 1601])
    @pytest.mark.parametrize("dtype", [np.uint8, np.float32])
    def test_it_is_what_the_definition_says(self, rows, dtype):
        """For pictures and planes of fewer, as many and more rows than strips."""
        field = np.random.default_rng(rows).integers(0, 256, (rows, 5, 3)).astype(dtype)
        assert strip_means(field, 32) == pytest.approx(oracle(field, 32), abs=2e-3)

    @given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 4))), st.integers(1, 40))
    def test_strips_are_equal(self, field, parts):
        """So their mean is that of the whole."""
        means = strip_means(field, parts)
        assert means.shape == (parts, field.shape[1])
        assert means.mean(axis=0) == pytest.approx(field.mean(axis=0), abs=1e-2)
