"""The keyed rotation: comparison stays, links between registries go, and its limits are as told."""

import hashlib
import math
import pickle

import numpy as np
import pytest
from scipy import stats

from fvs.errors import UsageError
from fvs.registry.transform import OrthonormalTransform, _uniform_numbers
from fvs.subjects import Private

SEED = Private(bytes(range(32)))
SIGNIFICANCE = 0.01
"""Seeds of the tests are fixed, so a test that passes once passes always."""


def seed(number: int) -> Private[bytes]:
    """One of many unrelated seeds."""
    return Private(hashlib.sha256(number.to_bytes(4, "big")).digest())


def faces(people: int, dimension: int, captures: int = 1) -> np.ndarray:
    """Unit vectors (people, captures, D): a common mean, a person's own part, and noise."""
    random = np.random.default_rng(7)
    common = random.normal(size=dimension)
    own = random.normal(size=(people, 1, dimension))
    noise = 0.4 * random.normal(size=(people, captures, dimension))
    vectors = 0.7 * common + own + noise
    return (vectors / np.linalg.norm(vectors, axis=2, keepdims=True)).astype(np.float32)


def cosines(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Row by row, in float64."""
    left, right = left.astype(np.float64), right.astype(np.float64)
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return np.einsum("nd,nd->n", left, right) / lengths


def slow_matrix(seed_bytes: bytes, dimension: int) -> list[list[float]]:
    """The documented construction, a number at a time, with Gram and Schmidt for QR."""
    count = dimension * dimension
    head = b"fvs orthonormal transform 1" + dimension.to_bytes(4, "big")
    stream = hashlib.shake_256(head + seed_bytes).digest(8 * (count + 1))
    words = (int.from_bytes(stream[at : at + 8], "little") for at in range(0, 8 * count + 8, 8))
    uniform = [((word >> 11) + 0.5) / 2**53 for word in words]
    normal = []
    for first, second in zip(uniform[::2], uniform[1::2], strict=False):
        radius, angle = math.sqrt(-2 * math.log(first)), 2 * math.pi * second
        normal += [radius * math.cos(angle), radius * math.sin(angle)]
    columns = []
    for at in range(dimension):
        column = normal[at:count:dimension]
        for _ in range(2):  # twice is enough (Kahan)
            for done in columns:
                share = math.fsum(a * b for a, b in zip(column, done, strict=True))
                column = [a - share * b for a, b in zip(column, done, strict=True)]
        length = math.sqrt(math.fsum(a * a for a in column))
        columns.append([a / length for a in column])
    return [list(row) for row in zip(*columns, strict=True)]


class TestComparison:
    @pytest.mark.parametrize("dimension", [128, 256, 512])
    def test_cosines_stay(self, dimension):
        """To 1e-6, mated and non-mated, in float32."""
        transform = OrthonormalTransform.from_seed(SEED, dimension)
        captures = faces(2000, dimension, captures=2)
        mated = captures[:, 0], captures[:, 1]
        strangers = captures[:, 0], np.roll(captures[:, 1], 1, axis=0)
        for left, right in (mated, strangers):
            rotated = cosines(transform.apply(left), transform.apply(right))
            assert np.abs(rotated - cosines(left, right)).max() <= 1e-6

    def test_lengths_stay(self):
        """So recognisability by length works on, and a failed row's zeros stay zeros."""
        vectors = faces(100, 128)[:, 0] * np.linspace(0, 30, 100, dtype=np.float32)[:, None]
        rotated = OrthonormalTransform.from_seed(SEED, 128).apply(vectors)
        lengths = np.linalg.norm(vectors, axis=1)
        assert np.linalg.norm(rotated, axis=1) == pytest.approx(lengths, rel=1e-6)
        assert not rotated[0].any()

    @pytest.mark.parametrize("n", [0, 1, 5, 64])
    def test_a_batch_is_one_by_one(self, n):
        """Up to rounding, the empty batch included."""
        vectors = faces(64, 32)[:n, 0]
        transform = OrthonormalTransform.from_seed(SEED, 32)
        rows = [transform.apply(vectors[row : row + 1]) for row in range(n)]
        batch = transform.apply(vectors)
        assert batch.shape == (n, 32)
        assert batch.dtype == np.float32
        assert np.allclose(batch, np.concatenate([np.zeros((0, 32)), *rows]), atol=1e-6)

    def test_a_bad_row_stays_alone(self):
        """NaN of one row does not reach another."""
        vectors = faces(8, 32)[:, 0]
        vectors[3] = np.nan
        rotated = OrthonormalTransform.from_seed(SEED, 32).apply(vectors)
        assert np.isnan(rotated).any(axis=1).tolist() == [row == 3 for row in range(8)]


class TestReproducibility:
    def test_the_stream_is_pinned(self):
        """SHAKE-256 and the conversion to (0, 1] have no rounding: literal values."""
        numbers = _uniform_numbers(SEED, 128, 4)
        assert [number.hex() for number in numbers] == [
            "0x1.a3a2858d3d0fcp-4",
            "0x1.6bd68667802bap-1",
            "0x1.2c4dac13aae50p-1",
            "0x1.5639e4a5a3182p-3",
        ]

    @pytest.mark.parametrize(
        ("dimension", "entries"),
        [
            (8, [0.22185688, 0.78779656, -0.25022367, 0.01000325]),
            (128, [-0.04804372, -0.18829112, 0.0671291, 0.0880694]),
            (512, [-0.02552137, -0.0025865, -0.06988062, 0.06332784]),
        ],
    )
    def test_the_matrix_is_pinned(self, dimension, entries):
        """Its first entries, literally: other versions of numpy find the templates' neighbours."""
        transform = OrthonormalTransform.from_seed(SEED, dimension)
        first = np.eye(1, dimension, dtype=np.float32)
        assert transform.apply(first)[0, :4] == pytest.approx(entries, abs=1e-7)

    @pytest.mark.parametrize("dimension", [2, 3, 8, 33])
    def test_it_is_the_documented_construction(self, dimension):
        """The slow construction gives the same matrix, odd dimensions included."""
        identity = np.eye(dimension, dtype=np.float32)
        matrix = OrthonormalTransform.from_seed(SEED, dimension).apply(identity)
        assert np.allclose(matrix, slow_matrix(SEED.reveal(), dimension), atol=1e-7)


class TestUnlinkability:
    def test_one_vector_goes_anywhere(self):
        """Over seeds its cosine with itself elsewhere is that of random directions (a beta law)."""
        vector = faces(1, 64)[0]
        here = OrthonormalTransform.from_seed(SEED, 64).apply(vector)
        there = [OrthonormalTransform.from_seed(seed(n), 64).apply(vector) for n in range(500)]
        measured = cosines(np.concatenate(there), here)
        law = stats.beta((64 - 1) / 2, (64 - 1) / 2, loc=-1, scale=2)
        assert stats.kstest(measured, law.cdf).pvalue > SIGNIFICANCE

    def test_mated_looks_like_non_mated(self):
        """Between two registries the same people score as strangers do (two samples)."""
        vectors = faces(3000, 128)[:, 0]
        here = OrthonormalTransform.from_seed(seed(1), 128).apply(vectors)
        there = OrthonormalTransform.from_seed(seed(2), 128).apply(vectors)
        mated, strangers = cosines(here, there), cosines(here, np.roll(there, 1, axis=0))
        assert stats.ks_2samp(mated, strangers).pvalue > SIGNIFICANCE

    def test_the_test_would_notice_a_link(self):
        """With one seed for both registries the same two samples differ beyond doubt."""
        vectors = faces(3000, 128, captures=2)
        transform = OrthonormalTransform.from_seed(seed(1), 128)
        here, there = transform.apply(vectors[:, 0]), transform.apply(vectors[:, 1])
        mated, strangers = cosines(here, there), cosines(here, np.roll(there, 1, axis=0))
        assert stats.ks_2samp(mated, strangers).pvalue < 1e-100


class TestRevocation:
    def test_a_renewed_registry_knows_its_people(self):
        """Stored vectors move under a new seed without a picture."""
        captures = faces(500, 128, captures=2)
        old, new = (OrthonormalTransform.from_seed(seed(n), 128) for n in (1, 2))
        renewed = new.apply(old.undo(old.apply(captures[:, 0])))
        probes = new.apply(captures[:, 1])
        before = cosines(captures[:, 0], captures[:, 1])
        assert np.abs(cosines(renewed, probes) - before).max() <= 1e-6

    def test_leaked_templates_match_no_more(self):
        """Presented to the renewed registry, they score below every mated comparison."""
        captures = faces(500, 128, captures=2)
        old, new = (OrthonormalTransform.from_seed(seed(n), 128) for n in (1, 2))
        leaked, enrolled = old.apply(captures[:, 0]), new.apply(captures[:, 1])
        mated = cosines(captures[:, 0], captures[:, 1])
        assert cosines(leaked, enrolled).max() < mated.min()


class TestLimits:
    def test_the_seed_undoes_it(self):
        """It is not irreversible: whoever has the seed has the vectors."""
        vectors = faces(50, 128)[:, 0]
        transform = OrthonormalTransform.from_seed(SEED, 128)
        assert np.allclose(transform.undo(transform.apply(vectors)), vectors, atol=1e-6)

    def test_known_vectors_give_it_away(self):
        """D known pairs determine the matrix, by least squares, and with it all other vectors."""
        vectors = faces(200, 128)[:, 0]
        stored = OrthonormalTransform.from_seed(SEED, 128).apply(vectors)
        matrix, *_ = np.linalg.lstsq(stored[:128], vectors[:128], rcond=None)
        assert cosines(stored[128:] @ matrix, vectors[128:]).min() > 0.999

    def test_galleries_keep_their_geometry(self):
        """All comparisons within a gallery are those of any other gallery of these people."""
        vectors = faces(200, 128)[:, 0]
        here, there = (OrthonormalTransform.from_seed(seed(n), 128).apply(vectors) for n in (1, 2))
        assert np.abs(here @ here.T - there @ there.T).max() < 1e-6


class TestSilence:
    def test_the_matrix_is_not_shown(self):
        """It is as secret as the seed: neither printed nor pickled."""
        transform = OrthonormalTransform.from_seed(SEED, 4)
        assert repr(transform) == "OrthonormalTransform(dimension=4, _matrix=(private))"
        with pytest.raises(TypeError):
            pickle.dumps(transform)

    @pytest.mark.parametrize("dimension", [-1, 0, 1, 1 << 20])
    def test_absurd_dimensions_are_refused(self, dimension):
        """Before any memory is asked for."""
        with pytest.raises(UsageError, match="dimension"):
            OrthonormalTransform.from_seed(SEED, dimension)

    def test_short_seeds_are_refused(self):
        """They could be found by trying."""
        with pytest.raises(UsageError, match="at least 32"):
            OrthonormalTransform.from_seed(Private(bytes(31)), 128)

    @pytest.mark.parametrize(
        "vectors",
        [
            np.zeros((2, 5), np.float32),
            np.zeros(4, np.float32),
            np.zeros((1, 1, 4), np.float32),
            np.zeros((2, 4), np.float64),
        ],
    )
    def test_other_shapes_are_refused(self, vectors):
        """Named as they are."""
        transform = OrthonormalTransform.from_seed(SEED, 4)
        for method in (transform.apply, transform.undo):
            with pytest.raises(UsageError, match="float32"):
                method(vectors)
