"""Templates: an embedding as versioned bytes that name the model which made it.

Layout, little-endian (format 1):

| bytes | field |
|---|---|
| 4 | magic `FVST` |
| 1 | format version, 1 |
| 1 | length L of the model id |
| 2 | dimension D |
| 16 | first half of the sha256 of the weights |
| L | model id, ASCII |
| 4 D | the unit vector, float32 |
| 4 | CRC-32 of all before |
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.records import Embeddings
from fvs.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.manifest import ModelManifest
    from fvs.records import F32

__all__ = [
    "embeddings_to_templates",
    "needs_reenrol",
    "templates_to_embeddings",
    "templates_to_vectors",
]

_HEADER = struct.Struct("<4sBBH16s")
_CRC = struct.Struct("<I")
_COMPONENT = np.dtype("<f4")
_MAGIC = b"FVST"
_VERSION = 1
_UNIT_LENGTH_TOLERANCE = 1e-3
"""A vector longer or shorter than this was not written by us."""


def embeddings_to_templates(embeddings: Embeddings, model: ModelManifest) -> tuple[bytes, ...]:
    """One template a row; empty bytes where the row's status is not OK.

    Raises:
        UsageError: the embeddings are of another model.
    """
    if embeddings.model_id != model.id:
        raise UsageError(f"embeddings of {embeddings.model_id} are not of {model.id}")
    head = _head(model)
    return tuple(
        _seal(head + vector.astype(_COMPONENT).tobytes()) if status == Status.OK else b""
        for vector, status in zip(embeddings.vectors, embeddings.status, strict=True)
    )


def templates_to_embeddings(templates: Sequence[bytes], model: ModelManifest) -> Embeddings:
    """Read templates back.

    Args:
        templates: of `model`; check with `needs_reenrol` first where they may be older.
        model: the embedder.

    Returns:
        N rows; the length before normalisation is not kept (NaN).

    Raises:
        UsageError: one of them is damaged or of another model.
    """
    vectors = templates_to_vectors(templates, model)
    return Embeddings(
        status=np.full(len(templates), Status.OK, np.uint8),
        image_index=np.arange(len(templates), dtype=np.int64),
        vectors=vectors,
        norm=np.full(len(templates), np.nan, np.float32),
        model_id=model.id,
    )


def templates_to_vectors(templates: Sequence[bytes], model: ModelManifest) -> F32:
    """The vectors alone, (N, D) float32; see `templates_to_embeddings`."""
    head, dimension = _head(model), _dimension(model)
    for row, template in enumerate(templates):
        if _open(template) != head:
            raise UsageError(
                f"template {row} is of another model than {model.id}", advice="Enrol again."
            )
    content = slice(len(head), -_CRC.size)
    joined = bytearray().join([template[content] for template in templates])
    vectors = np.frombuffer(joined, _COMPONENT).reshape(len(templates), dimension)
    squares = np.vecdot(vectors, vectors).tolist()
    if not all(abs(square - 1) < 2 * _UNIT_LENGTH_TOLERANCE for square in squares):  # NaN neither
        raise UsageError("a template does not hold a unit vector")
    return vectors.astype(np.float32, copy=False)


def needs_reenrol(template: bytes, model: ModelManifest) -> bool:
    """Whether the template was made by other weights or in another format.

    Raises:
        UsageError: these bytes are no template, or a damaged one.
    """
    return _open(template) != _head(model)


def _dimension(model: ModelManifest) -> int:
    if model.embed is None:
        raise UsageError(f"{model.id} is no embedder")
    return model.embed.dimension


def _head(model: ModelManifest) -> bytes:
    name = model.id.encode("ascii")
    digest = bytes.fromhex(model.sha256)[:16]
    return _HEADER.pack(_MAGIC, _VERSION, len(name), _dimension(model), digest) + name


def _seal(content: bytes) -> bytes:
    return content + _CRC.pack(zlib.crc32(content))


def _open(template: bytes) -> bytes:
    """The head of a template whose length and checksum are right."""
    if len(template) < _HEADER.size or not template.startswith(_MAGIC):
        raise UsageError("these bytes are no template")
    _, version, name_length, dimension, _ = _HEADER.unpack_from(template)
    head_length = _HEADER.size + name_length
    if version == _VERSION and len(template) != head_length + 4 * dimension + _CRC.size:
        raise UsageError("the template is damaged: its length is wrong")
    if _CRC.pack(zlib.crc32(memoryview(template)[: -_CRC.size])) != template[-_CRC.size :]:
        raise UsageError("the template is damaged: its checksum is wrong")
    return template[:head_length]
