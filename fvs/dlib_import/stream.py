"""The primitives of dlib's serialisation, read as one who trusts nothing in the file.

The reader is told what to expect and how large it is, so that no count in a file decides how much
is read or allocated. The format: dlib `serialize.h` and `dnn/tensor.h` (19.x), by inspection.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, BinaryIO, NoReturn

import numpy as np

from fvs.errors import ModelIntegrityError

if TYPE_CHECKING:
    from fvs.records import F32

__all__ = ["DlibReader"]

ADVICE = (
    "Take dlib_face_recognition_resnet_model_v1.dat as the package face_recognition_models 0.3.0 "
    "has it."
)

SIGN_BIT = 0x80
LONGEST_INTEGER_BYTES = 8

TENSOR_VERSION = 2
ALIAS_VERSION = 1
TENSOR_AXES = 4

FLOAT_BYTES = 4

LARGEST_EXPONENT = 1000
"""Of a number that float64 holds; dlib writes infinities with larger ones."""

FLAGS = {b"0": False, b"1": True}


class DlibReader:
    """Reads one value after another and stops with an error at the first that is not as expected.

    Every method raises ModelIntegrityError where the file ends early or holds something else.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        """Start at the stream's position; `name` is what errors call the file."""
        self._stream = stream
        self._name = name
        self._offset = 0

    def integer(self) -> int:
        """An integer: a byte of sign and length, then that many bytes, lowest first."""
        control = self._take(1)[0]
        size = control & ~SIGN_BIT
        if not 1 <= size <= LONGEST_INTEGER_BYTES:
            self._fail(f"an integer of {size} bytes")
        value = int.from_bytes(self._take(size), "little")
        shortest = max(1, (value.bit_length() + 7) // 8)
        if size != shortest or (value == 0 and control & SIGN_BIT):
            self._fail("an integer that dlib would have written in another way")
        return -value if control & SIGN_BIT else value

    def expect(self, *values: int) -> None:
        """These integers and no others."""
        for value in values:
            got = self.integer()
            if got != value:
                self._fail(f"{got} instead of {value}")

    def expect_text(self, text: str) -> None:
        """This text: its length, then its bytes."""
        self.expect(len(text))
        got = self._take(len(text))
        if got != text.encode("ascii"):
            self._fail(f"{got!r} instead of {text!r}")

    def flag(self) -> bool:
        """A boolean: the character 0 or 1."""
        got = self._take(1)
        if got not in FLAGS:
            self._fail(f"{got!r} instead of a boolean")
        return FLAGS[got]

    def number(self) -> float:
        """A finite number: mantissa, then exponent of two, both integers."""
        mantissa, exponent = self.integer(), self.integer()
        if abs(exponent) > LARGEST_EXPONENT:
            self._fail(f"a number with exponent {exponent}")
        try:
            return math.ldexp(mantissa, exponent)
        except OverflowError:
            self._fail(f"the number {mantissa} * 2^{exponent}")

    def tensor(self, *shape: int) -> F32:
        """A tensor of this shape (four axes or fewer, 1 for the rest), finite float32."""
        self.expect(TENSOR_VERSION, *_four_axes(shape))
        content = self._take(math.prod(shape) * FLOAT_BYTES)
        values = np.frombuffer(content, "<f4").astype(np.float32)
        if not np.isfinite(values).all():
            self._fail("a weight that is not finite")
        return values.reshape(shape)

    def expect_empty_tensor(self) -> None:
        """A tensor without values."""
        self.expect(TENSOR_VERSION, *[0] * TENSOR_AXES)

    def expect_alias(self, *shape: int) -> None:
        """A note of the shape in which part of a tensor is to be seen."""
        self.expect(ALIAS_VERSION, *_four_axes(shape))

    def expect_end(self) -> None:
        """Nothing follows."""
        if self._stream.read(1):
            self._fail("more after the network's end")

    def _take(self, size: int) -> bytes:
        content = self._stream.read(size)
        if len(content) != size:
            self._fail("the file's end")
        self._offset += size
        return content

    def _fail(self, found: str) -> NoReturn:
        raise ModelIntegrityError(
            f"{self._name} is not dlib's face recognition network: {found} before byte "
            f"{self._offset}",
            advice=ADVICE,
        )


def _four_axes(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape + (1,) * (TENSOR_AXES - len(shape))
