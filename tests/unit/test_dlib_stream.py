"""The primitives of dlib's format: what is read, and what is refused."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.dlib_import.stream import DlibReader
from fvs.errors import ModelIntegrityError
from tests.dlib_files import Writer


def reader_of(content):
    """A reader at the start of these bytes."""
    return DlibReader(io.BytesIO(content), "file.dat")


def written(method, *arguments):
    """What dlib would write."""
    writer = Writer()
    getattr(writer, method)(*arguments)
    return writer.stream.getvalue()


class TestIntegers:
    """A byte of sign and length, then the value."""

    @pytest.mark.parametrize(
        ("content", "want"),
        [
            ("0100", 0),
            ("0101", 1),
            ("8101", -1),
            ("01ff", 255),
            ("020001", 256),
            ("0380a514", 1353088),
            ("88ffffffffffffff7f", -(2**63) + 1),
        ],
    )
    def test_values(self, content, want):
        """Known bytes are read as the value they stand for."""
        assert reader_of(bytes.fromhex(content)).integer() == want

    @given(st.integers(-(2**63), 2**64 - 1))
    def test_round_trip(self, value):
        """Whatever dlib writes is read back."""
        assert reader_of(written("integers", value)).integer() == value

    @pytest.mark.parametrize(
        "content",
        [
            "",  # nothing
            "02ff",  # ends early
            "00",  # no bytes
            "09ffffffffffffffffff",  # too many bytes
            "4101",  # unused bits set
            "020100",  # longer than needed
            "8100",  # minus nothing
        ],
    )
    def test_refused(self, content):
        """What dlib would not write is refused, with the place and the file's name."""
        with pytest.raises(ModelIntegrityError, match=r"file\.dat .* before byte \d+") as caught:
            reader_of(bytes.fromhex(content)).integer()
        assert caught.value.advice

    def test_expected(self):
        """Another value than the expected one is refused, and both are named."""
        with pytest.raises(ModelIntegrityError, match="5 instead of 4"):
            reader_of(written("integers", 3, 5)).expect(3, 4)


class TestNumbers:
    """Mantissa and exponent."""

    @given(st.floats(allow_nan=False, allow_infinity=False, min_value=2**-900, max_value=2**900))
    def test_round_trip(self, value):
        """Every finite number is read exactly."""
        fraction, exponent = np.frexp(value)
        content = written("integers", int(fraction * 2**53), int(exponent) - 53)
        assert reader_of(content).number() == value

    @pytest.mark.parametrize("exponent", [32000, 32001, 32002, -(2**62)])
    def test_not_finite(self, exponent):
        """Infinity, nan and exponents that nothing has are refused."""
        with pytest.raises(ModelIntegrityError, match="exponent"):
            reader_of(written("integers", 1, exponent)).number()

    def test_overflow(self):
        """A number too large for float64 is refused."""
        with pytest.raises(ModelIntegrityError, match="the number"):
            reader_of(written("integers", 2**63, 1000)).number()


class TestTensors:
    """Version, four sides, float32 values."""

    def test_values(self):
        """Values come back bit by bit, in the shape asked for."""
        values = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
        got = reader_of(written("tensor", values, 3, 5)).tensor(3, 5)
        np.testing.assert_array_equal(got, values)
        assert got.flags.writeable

    def test_empty(self):
        """An empty tensor is nothing but four zeros."""
        reader = reader_of(written("integers", 2, 0, 0, 0, 0))
        reader.expect_empty_tensor()
        reader.expect_end()

    @pytest.mark.parametrize("shape", [(2**40,), (4, 2**20), (3,)])
    def test_foreign_shape(self, shape):
        """A shape that a file claims decides nothing: it is compared before anything is read."""
        with pytest.raises(ModelIntegrityError, match="instead of"):
            reader_of(written("integers", 2, *shape, 1, 1, 1)).tensor(4)

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_not_finite(self, value):
        """A weight that is not finite is refused."""
        with pytest.raises(ModelIntegrityError, match="not finite"):
            reader_of(written("tensor", [0, value], 2)).tensor(2)

    def test_cut_short(self):
        """A tensor that ends early is refused."""
        with pytest.raises(ModelIntegrityError, match="the file's end"):
            reader_of(written("tensor", [1, 2], 2)[:-1]).tensor(2)


class TestOthers:
    """Text, booleans and the end."""

    def test_text(self):
        """A text is compared with its length."""
        reader_of(written("text", "relu_")).expect_text("relu_")
        for other in ("relu", "prelu", "relu__"):
            with pytest.raises(ModelIntegrityError, match="instead of"):
                reader_of(written("text", other)).expect_text("relu_")

    def test_flag(self):
        """A boolean is the character 0 or 1."""
        assert reader_of(b"1").flag()
        assert not reader_of(b"0").flag()
        with pytest.raises(ModelIntegrityError, match="boolean"):
            reader_of(struct.pack("?", True)).flag()

    def test_end(self):
        """After the last value nothing may follow."""
        reader_of(b"").expect_end()
        with pytest.raises(ModelIntegrityError, match="more after"):
            reader_of(b"0").expect_end()
