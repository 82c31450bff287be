"""Enrolling many portraits: chunks of pictures to templates, in workers that each open an engine.

```
extraction = PortraitExtraction(pack)
with open_engine("local") as bulk:
    for portraits in bulk.map(extraction, in_chunks(paths)):
        ...
```
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from fvs.engine import Engine, EngineSettings
from fvs.raster import limit_opencv_threads
from fvs.records import Rows
from fvs.status import Role
from fvs.template import embeddings_to_templates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from fvs.engine import Samples
    from fvs.packs import Pack
    from fvs.records import F32

__all__ = ["CHUNK_PORTRAITS", "PortraitExtraction", "Portraits", "in_chunks", "portraits_of"]

CHUNK_PORTRAITS = 16
"""About a second of a core: handing out a chunk costs nothing beside it, and little is repeated
when a worker dies."""

QUALITY_COMPONENT = "unified_quality_score"

_Item = TypeVar("_Item")


@dataclass(frozen=True, eq=False)
class Portraits(Rows):
    """What enrolling needs of N pictures.

    Attributes:
        status: (N,) uint8, of the embedding; EMPTY_FILE also where there is no file to read, which
            has no digest either.
        templates: N templates (`fvs.template`); empty bytes where none may be made.
        refusals: N tuples of codes why not; empty where there is a template.
        quality: (N,) float32, `unified_quality_score` in 0..100; NaN where it was not assessed.
        sha256: N digests of the files' contents, 32 bytes; empty where there is none to read.
    """

    templates: tuple[bytes, ...]
    refusals: tuple[tuple[str, ...], ...]
    quality: F32
    sha256: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"Portraits(n={len(self)}, refused={sum(map(bool, self.refusals))})"


@dataclass(frozen=True)
class PortraitExtraction:
    """A function that bulk engines map: a chunk of pictures -> `Portraits`, one row each.

    It pickles small; each worker opens the pack's networks with its first chunk, one thread each,
    and keeps them. The files of the pack must be where they are here on every machine.

    Attributes:
        pack: the networks.
        role: what the pictures are for.
    """

    pack: Pack
    role: Role = Role.CARD

    def __call__(self, pictures: Sequence[Path | bytes]) -> Portraits:
        """Extract.

        Args:
            pictures: files' contents, or paths that hold on the worker's machine too.

        Returns:
            One row a picture, in their order; none raises because of a picture.

        Raises:
            ModelIntegrityError: a network is not what its manifest declares.
        """
        engine = _engine_of(self.pack)
        # One byte more than is allowed shows that a file is too large.
        most = engine.settings.limits.max_bytes + 1
        contents = [_content_of(picture, most) for picture in pictures]
        samples = engine.extract([content or b"" for content in contents], self.role)
        return portraits_of(samples, engine, contents)


def in_chunks(items: Iterable[_Item], size: int = CHUNK_PORTRAITS) -> Iterator[tuple[_Item, ...]]:
    """Consecutive items, `size` at a time, the last of what remains; read as they are asked for."""
    iterator = iter(items)
    while chunk := tuple(islice(iterator, size)):
        yield chunk


@lru_cache(maxsize=1)
def _engine_of(pack: Pack) -> Engine:
    """This process's engine: opening one takes longer than a chunk."""
    limit_opencv_threads(1)
    return Engine.from_pack(pack, EngineSettings(workers=1))


def _content_of(picture: Path | bytes, most: int) -> bytes | None:
    """A picture's bytes; None where it cannot be read, which is that picture's failure alone."""
    if isinstance(picture, bytes):
        return picture
    try:
        with picture.open("rb") as file:
            return file.read(most)
    except OSError:
        return None


def portraits_of(samples: Samples, engine: Engine, contents: Sequence[bytes | None]) -> Portraits:
    """What enrolling needs of pictures that were looked at.

    Args:
        samples: N rows.
        engine: that made them.
        contents: of the N files; None of one that could not be read.
    """
    templates = embeddings_to_templates(samples.embeddings, engine.embedder.manifest)
    refusals = tuple(samples.refusals(row) for row in range(len(samples)))
    column = samples.quality.components.index(QUALITY_COMPONENT)
    return Portraits(
        status=samples.embeddings.status,
        templates=tuple(
            b"" if refused else template
            for template, refused in zip(templates, refusals, strict=True)
        ),
        refusals=refusals,
        quality=np.asarray(samples.quality.scalar[:, column], np.float32),
        sha256=tuple(
            b"" if content is None else hashlib.sha256(content).digest() for content in contents
        ),
    )
