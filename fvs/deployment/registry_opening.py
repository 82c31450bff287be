"""Opens a registry as `registry.toml` says, its index included; imports faiss."""

from __future__ import annotations

from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from fvs.bulk.engines import available_cores
from fvs.deployment.certificates import accepted_certificate, open_policy
from fvs.matching.index import VectorIndex
from fvs.matching.precision import Precision
from fvs.registry.answers import RegistrySettings
from fvs.registry.duplicates import DuplicatePolicy
from fvs.registry.registry import Registry
from fvs.registry.searching import SearchSettings
from fvs.registry.vault import dimension_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fvs.deployment.registry_file import DuplicatesSpec
    from fvs.deployment.registry_location import Location
    from fvs.packs import Pack

__all__ = ["attach_registry", "duplicate_policy", "index_bytes", "open_registry"]

_KEY_BYTES = 8
_GB = 1e9


@contextmanager
def attach_registry(location: Location, pack: Pack) -> Iterator[Registry]:
    """The registry without its index, which one question does not need.

    Raises:
        StoreError: the store refuses, or holds no registry.
        KeyRingError: the key ring is missing, or that of another registry.
        ModelMismatchError: the pack's embedder is another than that of the templates.
    """
    keys = location.read_keys()
    with closing(location.open_store()) as store:
        yield Registry.attach(store, keys, pack.embedder.manifest)


@contextmanager
def open_registry(
    location: Location,
    pack: Pack,
    *,
    duplicates: DuplicatePolicy | None = None,
    index_dir: Path | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Iterator[Registry]:
    """The registry with its index.

    Args:
        location: of the registry.
        pack: of the registry.
        duplicates: why it may be searched.
        index_dir: where the index is kept between processes; None makes it from the store.
        on_progress: told how many templates are in the index, of how many.

    Raises:
        StoreError, KeyRingError, ModelMismatchError: as of `attach_registry`.
    """
    model, keys, spec = pack.embedder.manifest, location.read_keys(), location.spec.index
    settings = RegistrySettings(
        make_index=partial(VectorIndex.empty, precision=Precision(spec.precision)),
        duplicates=duplicates,
        index_dir=index_dir,
        search=SearchSettings(
            memory_bytes=int(spec.search_memory_gb * _GB),
            recall=spec.recall,
            threads=available_cores(),
        ),
    )
    with closing(location.open_store()) as store:
        yield Registry.open(store, keys, model, settings=settings, on_progress=on_progress)


def index_bytes(location: Location, pack: Pack, templates: int) -> int:
    """What so many templates and their keys take in the memory of whoever opens the index."""
    precision = Precision(location.spec.index.precision)
    dimension = dimension_of(pack.embedder.manifest)
    return templates * (precision.vector_bytes(dimension) + _KEY_BYTES)


def duplicate_policy(spec: DuplicatesSpec, pack: Pack, own: Path | None) -> DuplicatePolicy:
    """Why searching is allowed, at the operating point for the spec's FMR.

    Args:
        spec: of `registry.toml`.
        pack: of the registry.
        own: a certificate in place of the pack's.

    Raises:
        CertificateError: no decision may rest on the certificate.
        UsageError: it has no such point.
    """
    point = open_policy(pack, spec.fmr, own).point
    return DuplicatePolicy(
        purpose=spec.purpose,
        legal_basis=spec.legal_basis,
        threshold=point.threshold,
        target_fmr=point.target_fmr,
        evidence=f"certificate {accepted_certificate(pack, own).certificate_id}",
    )
