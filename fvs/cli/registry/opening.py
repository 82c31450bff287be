"""Opens a registry with a bar while its index is made; imports faiss."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from fvs.cli.registry.progress import counting
from fvs.deployment import registry_opening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fvs.deployment.registry_location import Location
    from fvs.packs import Pack
    from fvs.registry.duplicates import DuplicatePolicy
    from fvs.registry.registry import Registry

__all__ = ["open_registry"]


@contextmanager
def open_registry(
    location: Location,
    pack: Pack,
    *,
    duplicates: DuplicatePolicy | None = None,
    index_dir: Path | None = None,
) -> Iterator[Registry]:
    """`fvs.deployment.registry_opening.open_registry`, and what it raises."""
    with ExitStack() as stack:
        with counting("open") as on_progress:
            opened = registry_opening.open_registry(
                location, pack, duplicates=duplicates, index_dir=index_dir, on_progress=on_progress
            )
            registry = stack.enter_context(opened)
        # The bar is gone before the caller shows one of its own.
        yield registry
