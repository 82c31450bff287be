"""Vectors in Milvus: a `VectorBackend` for galleries that no one machine holds (extra `cluster`).

Milvus sees rotated vectors (`fvs.registry.transform`) under keys that mean nothing: no identifier,
no template, no secret. It is an index and disposable, as the one in memory is: whoever fills it has
the truth in a store.

| | `VectorIndex` | here |
|---|---|---|
| comparing a pair | one gather from memory | the vector comes over the network |
| search | this machine's cores | the cluster's; exact, or by a graph (HNSW) |
| removal | overwrites the bytes | marks the row; its bytes go when Milvus compacts, see `compact` |
| `k` | any | at most 16,384, Milvus' own limit |

A `uri` that is a path, such as `vectors.db`, is served by milvus-lite from that file: the same
protocol for one process, for tests and trials.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from fvs.errors import DeploymentError, MissingExtraError, UsageError
from fvs.matching.hits import Hits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from fvs.matching.backend import BackendFactory
    from fvs.records import F32, Int

__all__ = ["MilvusIndex", "MilvusPlace", "MilvusScan", "VectorServerError", "milvus_factory"]

MAX_HITS = 16_384
"""Milvus' limit of hits of one probe."""

ROWS_PER_CALL = 4_096
"""4 MB of vectors of 256 dimensions; a message to Milvus may have 64 MB."""

PROBES_PER_CALL = 256

GRAPH_LINKS = 32
GRAPH_BUILD_WIDTH = 200
GRAPH_SEARCH_WIDTH = 256
"""HNSW's M, efConstruction and ef: recall over 0.99 in the usual benchmarks. At least `k` is
searched for however large it is."""

_KEY, _VECTOR = "key", "vector"
_REVISION, _IDENTITY = "fvs.revision", "fvs.identity"
_UNIT_LENGTH_TOLERANCE = 1e-3
"""A vector longer or shorter than this is no embedding."""


class VectorServerError(DeploymentError):
    """Milvus cannot be reached or refuses; the message holds no vector."""

    code: ClassVar[str] = "vector_server"


class MilvusScan(StrEnum):
    """How Milvus searches; scores are exact either way."""

    EXACT = "FLAT"
    GRAPH = "HNSW"


@dataclass(frozen=True, kw_only=True)
class MilvusPlace:
    """Where vectors are kept.

    Attributes:
        uri: of the server, `https://milvus.example:19530`; or a local file for milvus-lite.
        collection: a name of letters, digits and underscores. A registry that several processes
            serve has one collection for each process.
        token: `user:password` or an API key; empty where the server asks for none.
        timeout_s: of one call.
    """

    uri: str
    collection: str = "fvs"
    token: str = field(default="", repr=False)
    timeout_s: float = 60.0


def milvus_factory(place: MilvusPlace, scan: MilvusScan = MilvusScan.EXACT) -> BackendFactory:
    """A factory for registries: each backend that it makes replaces the collection."""
    return lambda dimension: MilvusIndex.empty(place, dimension, scan)


class MilvusIndex:
    """A `VectorBackend` in one collection. Threads may share it; one at a time changes it."""

    def __init__(self, client: Any, place: MilvusPlace) -> None:  # noqa: ANN401 - pymilvus is untyped
        """Use `empty` or `open`."""
        self._client = client
        self._place = place
        with _milvus_errors():
            described = self._call("describe_collection")
        vector = next(item for item in described["fields"] if item["name"] == _VECTOR)
        properties = described.get("properties", {})
        self._dimension = int(vector["params"]["dim"])
        self.revision = int(properties.get(_REVISION, 0))
        self.identity = str(properties.get(_IDENTITY, ""))

    @classmethod
    def empty(cls, place: MilvusPlace, dimension: int, scan: MilvusScan = MilvusScan.EXACT) -> Self:
        """A collection without vectors; one of the same name is dropped.

        Raises:
            MissingExtraError: pymilvus is not installed.
            VectorServerError: Milvus cannot be reached or refuses.
        """
        pymilvus = _pymilvus()
        with _milvus_errors():
            client = _connected(pymilvus, place)
            client.drop_collection(place.collection)
            _create(pymilvus, client, place, dimension, scan)
        return cls(client, place)

    @classmethod
    def open(cls, place: MilvusPlace) -> Self:
        """The collection as it was left, with the `revision` and `identity` last saved.

        Raises:
            MissingExtraError: pymilvus is not installed.
            VectorServerError: Milvus cannot be reached or refuses, or has no such collection.
        """
        with _milvus_errors():
            client = _connected(_pymilvus(), place)
            if not client.has_collection(place.collection):
                raise VectorServerError(
                    f"Milvus has no collection {place.collection}", advice="Fill it from the store."
                )
            client.load_collection(place.collection)
        return cls(client, place)

    def save(self, *, revision: int, identity: str) -> None:
        """Make Milvus write all to its storage, and note what the vectors are in step with.

        Raises:
            VectorServerError: Milvus cannot be reached or refuses.
        """
        properties = {_REVISION: str(revision), _IDENTITY: identity}
        with _milvus_errors():
            self._call("flush")
            self._call("alter_collection_properties", properties=properties)
        self.revision, self.identity = revision, identity

    def close(self) -> None:
        """Disconnect."""
        self._client.close()

    @property
    def dimension(self) -> int:
        """D."""
        return self._dimension

    def __len__(self) -> int:
        with _milvus_errors():
            (count,) = self._call("query", filter="", output_fields=["count(*)"])
        return int(count["count(*)"])

    def keys(self) -> Int:
        """See `VectorBackend.keys`."""
        keys: list[int] = []
        with _milvus_errors():
            pages = self._call("query_iterator", batch_size=ROWS_PER_CALL, output_fields=[_KEY])
            while page := pages.next():
                keys.extend(row[_KEY] for row in page)
            pages.close()
        return np.array(keys, np.int64)

    def add(self, keys: Int, vectors: F32) -> None:
        """See `VectorBackend.add`; after a `VectorServerError` some of them may be there."""
        new = np.asarray(keys, np.int64)
        self._check(vectors)
        if new.shape != (len(vectors),):
            raise UsageError(f"{new.shape} keys but {len(vectors)} vectors")
        if np.abs(np.linalg.norm(vectors, axis=1) - 1).max(initial=0) > _UNIT_LENGTH_TOLERANCE:
            raise UsageError("vectors to add have length 1")
        if len(np.unique(new)) != len(new):
            raise UsageError("a key stands twice among those to add")
        if len(self._known(new)):
            raise UsageError("a key to add is in the index already")
        for rows in _chunks(len(new), ROWS_PER_CALL):
            pairs = zip(new[rows].tolist(), vectors[rows], strict=True)
            with _milvus_errors():
                self._call("upsert", data=[{_KEY: key, _VECTOR: vector} for key, vector in pairs])

    def remove(self, keys: Int) -> int:
        """See `VectorBackend.remove`, and `compact` for what becomes of the bytes."""
        known = self._known(np.unique(np.asarray(keys, np.int64)))
        for rows in _chunks(len(known), ROWS_PER_CALL):
            with _milvus_errors():
                self._call("delete", ids=known[rows].tolist())
        return len(known)

    def compact(self) -> None:
        """Ask Milvus to rewrite its files without the vectors that were removed.

        It does so in its own time; what remains of a removed vector until then is rotated, and
        worthless without the registry's key ring.

        Raises:
            VectorServerError: Milvus cannot be reached or refuses.
        """
        with _milvus_errors():
            self._call("flush")
            self._call("compact")

    def score_pairs(self, probes: F32, probe_rows: Int, keys: Int) -> F32:
        """See `VectorBackend.score_pairs`."""
        self._check(probes)
        vectors = self.vectors_of(keys)
        scores = np.einsum("kd,kd->k", probes[probe_rows], vectors)
        return np.asarray(np.clip(scores, -1.0, 1.0), np.float32)

    def search(self, probes: F32, k: int, threshold: float = -1.0) -> Hits:
        """See `VectorBackend.search`.

        Raises:
            UsageError: `k` is outside 1 to 16,384, or the probes have another shape.
            VectorServerError: Milvus cannot be reached or refuses.
        """
        self._check(probes)
        if not 1 <= k <= MAX_HITS:
            raise UsageError(f"Milvus finds 1 to {MAX_HITS} hits of a probe (asked for {k})")
        parts = [self._search(probes, rows, k) for rows in _chunks(len(probes), PROBES_PER_CALL)]
        return Hits.best(parts, k, threshold)

    def _search(self, probes: F32, rows: slice, k: int) -> Hits:
        parameters = {"metric_type": "IP", "params": {"ef": max(k, GRAPH_SEARCH_WIDTH)}}
        with _milvus_errors():
            found = self._call(
                "search",
                data=list(probes[rows]),
                limit=k,
                output_fields=[_KEY],
                search_params=parameters,
            )
        scores = np.array([hit["distance"] for hits in found for hit in hits], np.float32)
        return Hits(
            probe_rows=np.repeat(
                np.arange(rows.start, rows.start + len(found)), [*map(len, found)]
            ),
            keys=np.array([hit[_KEY] for hits in found for hit in hits], np.int64),
            scores=np.clip(scores, -1.0, 1.0),
        )

    def vectors_of(self, keys: Int) -> F32:
        """See `VectorBackend.vectors_of`."""
        wanted, places = np.unique(np.asarray(keys, np.int64), return_inverse=True)
        found, vectors = self._fetch(wanted)
        table = np.full((len(wanted), self._dimension), np.nan, np.float32)
        table[np.searchsorted(wanted, found)] = vectors
        return table[places]

    def _known(self, keys: Int) -> Int:
        """Those of the keys that are there, ascending."""
        return np.sort(np.array([row[_KEY] for row in self._get(keys, [_KEY])], np.int64))

    def _fetch(self, keys: Int) -> tuple[Int, F32]:
        """(M,) those of the keys that are there, ascending, and their (M, D) vectors."""
        rows = self._get(keys, [_KEY, _VECTOR])
        found = np.array([row[_KEY] for row in rows], np.int64)
        vectors = np.array([row[_VECTOR] for row in rows], np.float32)
        order = np.argsort(found)
        return found[order], vectors.reshape(-1, self._dimension)[order]

    def _get(self, keys: Int, columns: list[str]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for chunk in _chunks(len(keys), ROWS_PER_CALL):
            with _milvus_errors():
                rows += self._call("get", ids=keys[chunk].tolist(), output_fields=columns)
        return rows

    def _check(self, vectors: F32) -> None:
        if vectors.dtype != np.float32 or vectors.shape[1:] != (self._dimension,):
            raise UsageError(
                f"vectors are (N, {self._dimension}) float32 (got {vectors.shape} {vectors.dtype})"
            )
        if not np.isfinite(vectors).all():
            raise UsageError("a vector is not finite")

    def _call(self, method: str, **arguments: Any) -> Any:  # noqa: ANN401 - pymilvus is untyped
        """A method of the client on our collection."""
        return getattr(self._client, method)(
            self._place.collection, timeout=self._place.timeout_s, **arguments
        )


def _chunks(count: int, size: int) -> Iterator[slice]:
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def _connected(pymilvus: ModuleType, place: MilvusPlace) -> Any:  # noqa: ANN401 - likewise
    # Its own log shows tracebacks of what it raises anyway, on standard error.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    return pymilvus.MilvusClient(uri=place.uri, token=place.token, timeout=place.timeout_s)


def _create(
    pymilvus: ModuleType,
    client: Any,  # noqa: ANN401 - likewise
    place: MilvusPlace,
    dimension: int,
    scan: MilvusScan,
) -> None:
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field(_KEY, pymilvus.DataType.INT64, is_primary=True)
    schema.add_field(_VECTOR, pymilvus.DataType.FLOAT_VECTOR, dim=dimension)
    graph = {"M": GRAPH_LINKS, "efConstruction": GRAPH_BUILD_WIDTH}
    index = client.prepare_index_params()
    index.add_index(
        _VECTOR,
        index_type=scan.value,
        metric_type="IP",
        params=graph if scan is MilvusScan.GRAPH else {},
    )
    client.create_collection(
        place.collection,
        schema=schema,
        index_params=index,
        consistency_level="Strong",  # who was told that a record is enrolled finds it
        timeout=place.timeout_s,
    )


@contextmanager
def _milvus_errors() -> Iterator[None]:
    """Speak of Milvus' refusals as `VectorServerError`; its own words may quote what was sent."""
    pymilvus = _pymilvus()
    try:
        yield
    except pymilvus.MilvusException as error:
        raise VectorServerError(
            f"Milvus cannot be reached, or refuses: {type(error).__name__} ({error.code})",
            advice="Check the address and the server's log; a local file serves one process.",
        ) from None


def _pymilvus() -> ModuleType:
    try:
        # Takes a second, and only this backend needs it.
        return import_module("pymilvus")
    except ImportError as error:
        raise MissingExtraError(
            f"vectors in Milvus need {error.name}",
            advice="Install it with `pip install 'face-verification-service[cluster]'`.",
        ) from error
