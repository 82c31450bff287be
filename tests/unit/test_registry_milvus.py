"""A registry whose vectors are in Milvus answers as one that has them in memory."""

from datetime import UTC, datetime

import numpy as np
import pytest

from fvs.matching.milvus import MilvusPlace, milvus_factory
from fvs.registry.answers import RegistrySettings
from fvs.registry.keys import KeyRing
from fvs.registry.registry import Registry
from fvs.status import Status
from tests.stored_records import DictStore
from tests.vectors import embedder, enrolment, faces, person

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SAME_SCORE = 1e-5


@pytest.fixture(scope="module")
def keys():
    """A ring."""
    return KeyRing.generate()


@pytest.fixture(scope="module")
def in_milvus(tmp_path_factory):
    """Settings of a process that keeps vectors in Milvus."""
    uri = str(tmp_path_factory.mktemp("milvus") / "vectors.db")
    return RegistrySettings(make_index=milvus_factory(MilvusPlace(uri=uri)))


def test_as_in_memory(keys, in_milvus):
    """Enrol, verify, erase and open anew: statuses and scores are those of the other registry."""
    store = DictStore()
    there = Registry.create(store, keys, embedder(), settings=in_milvus)
    here = Registry.open(store, keys, embedder())
    there.enrol([enrolment(n, seed) for n in range(30) for seed in (n, n + 50)])
    there.erase(person(3), NOW)
    people, probes = [person(n) for n in (0, 3, 99, 7, 7)], faces(0, 3, 5, 8, 7)
    expected = here.verify(people, probes)
    assert expected.status.tolist() == [0, Status.NO_REFERENCE, Status.NO_REFERENCE, 0, 0]
    for registry in (there, Registry.open(store, keys, embedder(), settings=in_milvus)):
        scores = registry.verify(people, probes)
        assert scores.status.tolist() == expected.status.tolist()
        np.testing.assert_allclose(scores.similarity, expected.similarity, atol=SAME_SCORE)
        assert scores.templates.tolist() == expected.templates.tolist()
