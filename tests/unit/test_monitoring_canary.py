"""Canaries: pictures whose answers are known, found anew."""

from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from fvs.errors import UsageError
from fvs.folders import PictureSet
from fvs.monitoring import (
    CanarySet,
    Limits,
    check_canary,
    load_canary,
    record_canary,
    save_record,
)
from fvs.recognisability import UNIFIED_QUALITY_SCORE
from fvs.status import Status

PEOPLE = 6
LIMITS = Limits(threshold=0.5, fmr_at_most=0.3)


class Engine:
    """A stand-in: a picture's bytes are person, picture and whether it has a face.

    `noise` is what another machine adds, `blind` makes a picture's face vanish.
    """

    def __init__(self, *, sha256="d", noise=0.0, live=0.9, blind=()):
        network = SimpleNamespace(manifest=SimpleNamespace(sha256=sha256))
        self.detector = self.embedder = network
        self.pad = ()
        self._noise, self._live, self._blind = noise, live, blind

    def extract(self, files, _role):
        """Vectors near those of their person."""
        rows = [content.decode().split() for content in files]
        usable = np.array(
            [
                word == "face" and c not in self._blind
                for c, (*_, word) in zip(files, rows, strict=True)
            ]
        )
        status = np.where(usable, Status.OK, Status.NO_FACE).astype(np.uint8)
        vectors = np.array([self._vector(int(p), int(k)) for p, k, _ in rows], np.float32)
        vectors[~usable] = 0
        return SimpleNamespace(
            embeddings=SimpleNamespace(status=status, vectors=vectors),
            quality=SimpleNamespace(
                components=("other", UNIFIED_QUALITY_SCORE),
                scalar=np.where(usable[:, None], [[1.0, 60.0]], np.nan),
            ),
            liveness=SimpleNamespace(live_probability=np.where(usable, self._live, np.nan)),
        )

    def _vector(self, person, picture):
        rng = np.random.default_rng([person, picture])
        vector = np.random.default_rng(person).normal(size=32) + 0.3 * rng.normal(size=32)
        vector = vector / np.linalg.norm(vector)
        return vector + self._noise * rng.normal(size=32)


@pytest.fixture
def pictures(tmp_path):
    """Six people of three pictures, and one picture without a face."""
    for person in range(PEOPLE):
        folder = tmp_path / "canaries" / f"P{person}"
        folder.mkdir(parents=True)
        for picture in range(3):
            (folder / f"{picture}.jpg").write_text(f"{person} {picture} face")
    (tmp_path / "canaries" / "P0" / "9.jpg").write_text("0 9 wall")
    return PictureSet.open(tmp_path / "canaries")


def record(pictures, engine=None, limits=LIMITS):
    """A canary set of these pictures."""
    return record_canary(engine or Engine(), pictures, limits, pack="p", created="now")


class TestRecord:
    def test_what_is_compared(self, pictures):
        """Three pairs of each person, each two people once, and nothing without a face."""
        canary = record(pictures)
        assert sum(pair.mated for pair in canary.pairs) == 3 * PEOPLE
        assert sum(not pair.mated for pair in canary.pairs) == PEOPLE * (PEOPLE - 1) // 2
        wall = [one.name for one in canary.pictures].index("P0/9.jpg")
        assert canary.pictures[wall].status == Status.NO_FACE.code
        assert wall not in {n for pair in canary.pairs for n in (pair.first, pair.second)}
        assert 0 < canary.fnmr_at_most < 1

    def test_needs_both_kinds_of_pair(self, tmp_path):
        """No pictures, one person, and people of one picture each are refused with advice."""
        with pytest.raises(UsageError, match="no pictures"):
            record(PictureSet.open(tmp_path))
        (tmp_path / "A").mkdir()
        (tmp_path / "A" / "0.jpg").write_text("0 0 face")
        with pytest.raises(UsageError, match="0 mated and 0 other"):
            record(PictureSet.open(tmp_path))
        (tmp_path / "A" / "1.jpg").write_text("0 1 face")
        with pytest.raises(UsageError, match="1 mated and 0 other") as caught:
            record(PictureSet.open(tmp_path))
        assert "folder per person" in caught.value.advice

    @pytest.mark.parametrize("bounds", [(0.0, None), (1.0, None), (0.1, 0.0), (0.1, 1.0)])
    def test_a_bound_is_a_rate(self, bounds):
        """Bounds lie between 0 and 1."""
        with pytest.raises(UsageError, match="between 0 and 1"):
            Limits(threshold=0.5, fmr_at_most=bounds[0], fnmr_at_most=bounds[1])

    def test_survives_being_written(self, pictures, tmp_path):
        """A canary file holds the set; one whose pairs name no picture is refused."""
        canary = record(pictures)
        save_record(canary, tmp_path / "c.json")
        assert load_canary(tmp_path / "c.json") == canary
        broken = msgspec.to_builtins(canary)
        broken["pictures"] = broken["pictures"][:1]
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(broken, CanarySet)


class TestCheck:
    def test_nothing_changed(self, pictures):
        """The same engine finds the same, and says for how many pairs a bound would show."""
        report = check_canary(Engine(), record(pictures), pictures)
        assert report.alive
        assert (report.pictures_changed, report.pairs_changed, report.decisions_changed) == (
            0,
            0,
            0,
        )
        assert report.fmr.trials_needed == 11
        assert report.fmr.verdict == "holds"

    def test_last_digits_of_another_machine_are_no_change(self, pictures):
        """Differences below the step of thresholds are seen and pass."""
        report = check_canary(Engine(noise=1e-6), record(pictures), pictures)
        assert report.alive
        assert 0 < report.largest_difference < 1e-4

    @pytest.mark.parametrize(
        ("engine", "field"),
        [
            (Engine(noise=1e-2), "pairs_changed"),
            (Engine(blind=(b"3 0 face",)), "pairs_changed"),
            (Engine(blind=(b"3 0 face",)), "pictures_changed"),
            (Engine(live=0.8), "pictures_changed"),
        ],
        ids=["scores moved", "pair lost", "face lost", "liveness moved"],
    )
    def test_changes_are_counted(self, pictures, engine, field):
        """Whatever moved, the run is not alive, and how much moved is told."""
        report = check_canary(engine, record(pictures), pictures)
        assert not report.alive
        assert getattr(report, field) > 0

    def test_other_weights(self, pictures):
        """Other weights are a change even where all scores are the same."""
        report = check_canary(Engine(sha256="e"), record(pictures), pictures)
        assert (report.alive, report.same_models, report.pairs_changed) == (False, False, 0)

    def test_a_broken_bound(self, pictures):
        """More errors than the bound allows fail, however faithfully they are repeated."""
        limits = Limits(threshold=0.99, fmr_at_most=0.3, fnmr_at_most=0.1)
        report = check_canary(Engine(), record(pictures, limits=limits), pictures)
        assert report.fnmr.verdict == "broken"
        assert (report.alive, report.pairs_changed) == (False, 0)

    def test_a_bound_that_so_few_cannot_show(self, pictures):
        """Fifteen strangers cannot show one in 10,000: that is said, and no failure."""
        limits = Limits(threshold=0.5, fmr_at_most=1e-4)
        report = check_canary(Engine(), record(pictures, limits=limits), pictures)
        assert report.alive
        assert (report.fmr.verdict, report.fmr.trials_needed) == ("cannot_tell", 36_887)

    def test_pictures_that_are_gone(self, pictures, tmp_path):
        """A picture that was recorded must be there."""
        canary = record(pictures)
        (tmp_path / "canaries" / "P1" / "0.jpg").unlink()
        with pytest.raises(UsageError, match=r"P1/0\.jpg"):
            check_canary(Engine(), canary, PictureSet.open(tmp_path / "canaries"))
