"""A slow, obvious vector index, and templates of made-up people."""

import hashlib

import numpy as np

from fvs.manifest import EmbedHead, Licence, ModelManifest, PixelInput, Provenance
from fvs.matching.hits import Hits
from fvs.records import Embeddings
from fvs.registry.enrolment import Enrolment
from fvs.registry.records import TemplateKind
from fvs.subjects import SubjectId, SubjectKind
from fvs.template import embeddings_to_templates
from tests.records import embeddings

DIMENSION = 16


def embedder(
    model_id: str = "embed-test-202601", sha256: str = "ab" * 32, dimension: int = DIMENSION
) -> ModelManifest:
    """An embedder's manifest without weights."""
    return ModelManifest(
        id=model_id,
        task="embed",
        file="model.onnx",
        sha256=sha256,
        size_bytes=1,
        summary="made up for a test",
        input=PixelInput(name="input", channels="rgb", size_px=112),
        licence=Licence(spdx="Apache-2.0", commercial_use=True, notice=""),
        provenance=Provenance(source="", commit="", trained_on=""),
        embed=EmbedHead(dimension=dimension, alignment="arcface", output="output"),
    )


def person(number: int) -> SubjectId:
    """A passport of a made-up person."""
    return SubjectId.parse(SubjectKind.PASSPORT, f"THA AA{number:07d}")


def faces(*seeds: int) -> Embeddings:
    """One random unit vector for each seed."""
    rows = [np.random.default_rng(seed).normal(size=DIMENSION) for seed in seeds]
    return embeddings(np.array(rows).reshape(len(seeds), DIMENSION))


def enrolment(number: int, seed: int | None = None, **changes: object) -> Enrolment:
    """Person `number` with the face of `seed`, their own unless it is given."""
    face = number if seed is None else seed
    (template,) = embeddings_to_templates(faces(face), embedder())
    values = {
        "subject": person(number),
        "template": template,
        "kind": TemplateKind.CARD,
        "legal_basis": "section 26",
        "portrait_sha256": hashlib.sha256(f"{face}".encode()).digest(),
    }
    return Enrolment(**{**values, **changes})


class DictVectors:
    """The rules of `VectorBackend`, in a dictionary."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.rows: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def keys(self) -> np.ndarray:
        """All of them."""
        return np.array(list(self.rows), int)

    def add(self, keys: np.ndarray, vectors: np.ndarray) -> None:
        """New keys only."""
        assert not set(keys.tolist()) & set(self.rows)
        self.rows.update(zip(keys.tolist(), vectors, strict=True))

    def remove(self, keys: np.ndarray) -> int:
        """Those that are there."""
        return sum(self.rows.pop(key, None) is not None for key in keys.tolist())

    def score_pairs(self, probes: np.ndarray, probe_rows: np.ndarray, keys: np.ndarray):
        """One by one."""
        nothing = np.full(self.dimension, np.nan)
        found = [self.rows.get(key, nothing) for key in keys.tolist()]
        scores = [probes[row] @ vector for row, vector in zip(probe_rows, found, strict=True)]
        return np.array(scores, np.float32)

    def search(self, probes: np.ndarray, k: int, threshold: float = -1.0) -> Hits:
        """Each probe with everyone."""
        hits = []
        for row, probe in enumerate(probes):
            ranked = sorted((-float(probe @ vector), key) for key, vector in self.rows.items())
            hits += [(row, key, -score) for score, key in ranked[:k] if -score >= threshold]
        rows, keys, scores = zip(*hits, strict=True) if hits else ((), (), ())
        return Hits(np.array(rows, int), np.array(keys, int), np.array(scores, np.float32))

    def vectors_of(self, keys: np.ndarray) -> np.ndarray:
        """In the order of the keys."""
        return np.array([self.rows[key] for key in keys.tolist()]).reshape(-1, self.dimension)
