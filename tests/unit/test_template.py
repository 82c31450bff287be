"""Templates: self-describing bytes that go stale visibly and break loudly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.errors import UsageError
from fvs.manifest import ModelManifest
from fvs.status import Status
from fvs.template import embeddings_to_templates, needs_reenrol, templates_to_embeddings
from tests.records import embeddings
from tests.vectors import embedder

DIMENSION = 8


def model(model_id: str = "embed-test-202601", sha256: str = "ab" * 32) -> ModelManifest:
    """An embedder's manifest without weights."""
    return embedder(model_id, sha256, DIMENSION)


@pytest.fixture
def template() -> bytes:
    """One template of `model()`."""
    return embeddings_to_templates(embeddings(np.ones((1, DIMENSION))), model())[0]


class TestRoundTrip:
    @pytest.mark.parametrize("n", [0, 1, 5])
    def test_keeps_every_bit(self, n):
        """What was enrolled is what is compared."""
        written = embeddings(np.random.default_rng(n).normal(size=(n, DIMENSION)))
        read = templates_to_embeddings(embeddings_to_templates(written, model()), model())
        np.testing.assert_array_equal(read.vectors, written.vectors)
        assert read.model_id == written.model_id

    def test_writes_nothing_for_a_face_that_failed(self):
        """A failed row has no template."""
        failed = embeddings(np.eye(DIMENSION)[:2], [Status.OK, Status.NO_FACE])
        templates = embeddings_to_templates(failed, model())
        assert templates[0]
        assert templates[1] == b""

    def test_refuses_embeddings_of_another_model(self):
        """A template never lies about who made it."""
        with pytest.raises(UsageError, match="are not of"):
            embeddings_to_templates(embeddings(np.eye(DIMENSION)), model("embed-other-202601"))


class TestNeedsReenrol:
    def test_is_false_for_the_same_weights(self, template):
        """Nothing changed, nothing to do."""
        assert not needs_reenrol(template, model())

    def test_is_true_for_other_weights_of_the_same_name(self, template):
        """The hash of the weights counts, not the name."""
        assert needs_reenrol(template, model(sha256="cd" * 32))

    def test_is_true_for_another_model(self, template):
        """A new embedder needs new templates."""
        assert needs_reenrol(template, model("embed-other-202601"))

    def test_refuses_to_read_such_a_template(self, template):
        """Vectors of two models are never compared by accident."""
        with pytest.raises(UsageError, match="another model"):
            templates_to_embeddings([template], model("embed-other-202601"))


class TestDamage:
    @given(position=st.integers(0, 1000), flip=st.integers(1, 255))
    def test_of_any_byte_is_noticed(self, position, flip):
        """No changed byte goes by unseen."""
        whole = bytearray(embeddings_to_templates(embeddings(np.ones((1, DIMENSION))), model())[0])
        whole[position % len(whole)] ^= flip
        with pytest.raises(UsageError):
            templates_to_embeddings([bytes(whole)], model())

    @given(st.integers(0, 80))
    def test_by_truncation_is_noticed(self, length):
        """A template that was cut off is no template."""
        whole = embeddings_to_templates(embeddings(np.ones((1, DIMENSION))), model())[0]
        with pytest.raises(UsageError):
            needs_reenrol(whole[: min(length, len(whole) - 1)], model())

    @given(st.binary(max_size=200))
    def test_of_bytes_that_are_no_template_is_said(self, content):
        """Whatever is handed in, the answer is a clear refusal."""
        with pytest.raises(UsageError):
            needs_reenrol(content, model())
