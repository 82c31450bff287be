"""Derivation of operating points: from known scores, known people and known pictures."""

import io
import tarfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.certificates import load_certificate, shipped_trust
from fvs.certificates.files import read_certificate
from fvs.derivation import copies, derivation, extraction
from fvs.derivation.derivation import DerivationRequest, derive, lfw_subjects
from fvs.derivation.extraction import MeasuredFaces, extract_faces
from fvs.derivation.groups import AGE_BANDS, Labels
from fvs.derivation.points import GroupScores, MeasuredScores, derive_points
from fvs.errors import UsageError
from fvs.folders import PictureSet
from fvs.manifest import PadHead
from fvs.metrics.intervals import clopper_pearson
from fvs.metrics.rates import SCORE_STEP, ScoreTail
from fvs.metrics.subject_pairs import SubjectPairs
from fvs.operating_points import EITHER_SEX
from fvs.packs import list_manifests, list_packs, shipped_models_dir

CHILDREN, TEENAGERS, YOUNG, MIDDLE, OLD = AGE_BANDS


def group(name, band, scores, sex=EITHER_SEX):
    """A group with these non-mated scores, each pair of two people of its own.

    So pairs are independent, and thresholds can be foretold with a pencil.
    """
    people = 2 * np.arange(len(scores))
    return GroupScores(
        name=name,
        source="test",
        adult=band is not None and band.adult,
        band=band,
        sex=sex,
        pairs=SubjectPairs.non_mated(scores, people, people + 1),
    )


def ramp(n, highest):
    """Scores evenly from 0 to below `highest`."""
    return np.arange(n) / n * highest


def measured(*groups, mated=None):
    """Mated scores 0.000 to 0.999, unless given."""
    return MeasuredScores(
        mated=(ramp(1000, 1.0) if mated is None else np.asarray(mated)).astype(np.float32),
        non_mated=ScoreTail.of(ramp(1000, 0.1)),
        groups=groups,
        cleaned_from=0.65,
    )


class TestDerivePoints:
    """Thresholds from scores."""

    def test_known_answer(self):
        """Of 2,000 pairs 11 may match at 1 %; the strictest adult group's twelfth decides."""
        groups = [
            group("mild", YOUNG, ramp(2000, 0.2)),
            group("strict", OLD, ramp(2000, 0.4)),
            group("children", CHILDREN, ramp(2000, 0.48)),
        ]
        (point,), unsupported = derive_points(measured(*groups), [1e-2])
        assert unsupported == {}
        assert point.strictest_group == "strict"
        # The twelfth highest is 0.4 * 1988 / 2000 = 0.3976, so the next step is the threshold.
        assert point.threshold == pytest.approx(0.3977)
        assert (point.fnmr.errors, point.fnmr.trials) == (398, 1000)
        bands = {evidence.band.name: evidence for evidence in point.bands}
        assert {evidence.sex for evidence in point.bands} == {EITHER_SEX}
        assert bands["20-39"].threshold == bands["60+"].threshold == point.threshold
        assert bands["2-12"].threshold == pytest.approx(0.4772)
        assert bands["2-12"].worst_group == "children"
        assert bands["40-59"].status == "not_supported"
        assert bands["40-59"].reason == "0 non-mated pairs in the largest group, need 1164"

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.integers(0, 2**31), min_size=1, max_size=4), st.sampled_from([0.02, 0.1]))
    def test_guarantee(self, seeds, target):
        """Every adult group's bound holds at the threshold; one step lower some group's breaks."""
        rngs = [np.random.default_rng(seed) for seed in seeds]
        groups = [
            group(str(i), YOUNG, r.normal(0.1, 0.1, 2000).clip(-1, 1)) for i, r in enumerate(rngs)
        ]
        (point,), _ = derive_points(measured(*groups, mated=np.ones(10)), [target])
        assert all(g.upper_bound <= target for g in point.groups)
        lower = point.threshold - SCORE_STEP
        assert any(g.bound_at(lower).value > target for g in groups)

    def test_a_small_group_raises_the_threshold_until_its_own_rate_is_within(self):
        """Too few pairs to show a target still must not have a higher rate, a few errors aside."""
        large, small = group("large", YOUNG, ramp(2000, 0.2)), group("small", OLD, ramp(900, 0.4))
        (alone,), _ = derive_points(measured(large), [1e-2])
        (point,), _ = derive_points(measured(large, small), [1e-2])
        assert point.strictest_group == "small"
        by_name = {g.group: g for g in point.groups}
        assert by_name["small"].own_threshold is None
        assert by_name["small"].fmr.point <= 1e-2 < by_name["small"].fmr.upper_95
        assert small.scores.fmr_at(point.threshold - SCORE_STEP).point > 1e-2
        assert small.scores.fmr_at(alone.threshold).point > 1e-2
        few = group("few", OLD, np.full(5, 0.9))
        (unmoved,), _ = derive_points(measured(large, few), [1e-2])
        assert unmoved.threshold == alone.threshold

    def test_children_do_not_set_the_threshold(self):
        """A group of minors raises its own band's threshold, and no other's."""
        adults = group("adults", YOUNG, ramp(2000, 0.2))
        children = group("children", CHILDREN, ramp(2000, 0.45))
        (alone,), _ = derive_points(measured(adults), [1e-2])
        (both,), _ = derive_points(measured(adults, children), [1e-2])
        assert both.threshold == alone.threshold
        assert both.bands[0].threshold > both.threshold

    def test_a_band_never_lowers_the_bar(self):
        """A band whose own threshold would be lower keeps the point's."""
        groups = [group("mild", OLD, ramp(2000, 0.1)), group("strict", YOUNG, ramp(2000, 0.3))]
        (point,), _ = derive_points(measured(*groups), [1e-2])
        assert point.bands[-1].threshold == point.threshold

    def test_a_sex_that_can_show_the_target_has_a_threshold_of_its_own(self):
        """The other sex of the band, which cannot, and an unknown one have the band's."""
        women = group("women", OLD, ramp(2000, 0.2), "female")
        men = group("men", OLD, ramp(900, 0.4), "male")
        everybody = measured(women, men, group("g", YOUNG, ramp(2000, 0.1)))
        (point,), _ = derive_points(everybody, [1e-2])
        assert point.strictest_group == "men"
        assert {(e.band.name, e.sex) for e in point.bands if e.sex} == {("60+", "female")}
        assert point.band_of(70).worst_group == "men"
        assert point.band_of(70, "male") == point.band_of(70)
        assert point.band_of(70, "female").worst_group == "women"
        assert point.band_of(1, "female") is None

    def test_knowing_the_sex_never_lowers_the_bar_below_the_point(self):
        """Women of a mild group match from the point's threshold, not from their own."""
        women = group("women", OLD, ramp(2000, 0.1), "female")
        men = group("men", OLD, ramp(2000, 0.4), "male")
        (point,), _ = derive_points(measured(women, men), [1e-2])
        assert point.band_of(70, "female").threshold == point.threshold

    def test_a_sex_is_held_where_the_other_cannot_be(self):
        """A band of which one sex is told apart says so."""
        women = group("women", CHILDREN, ramp(2000, 0.3), "female")
        men = group("men", CHILDREN, ramp(2000, 0.9), "male")
        adults = group("adults", YOUNG, ramp(2000, 0.2))
        (point,), _ = derive_points(measured(women, men, adults), [1e-2])
        status = {sex: point.band_of(8, sex).status for sex in (EITHER_SEX, "female", "male")}
        assert status == {
            EITHER_SEX: "not_supported",
            "female": "held",
            "male": "not_supported",
        }

    def test_a_target_without_enough_pairs_is_refused(self):
        """The reason states the pairs there are and the pairs needed."""
        points, unsupported = derive_points(measured(group("g", YOUNG, ramp(500, 0.2))), [1e-4])
        assert points == ()
        assert unsupported == {"0.0001": "500 non-mated pairs in the largest group, need 116680"}
        assert clopper_pearson(5, 116_680)[1] <= 1e-4 < clopper_pearson(5, 116_679)[1]

    def test_a_target_that_people_of_unknown_age_alone_can_show_is_refused(self):
        """Thousands of strangers of the news do not speak for the few whose ages are known."""
        news, known = group("news", YOUNG, ramp(2000, 0.2)), group("g", YOUNG, ramp(300, 0.2))
        news = replace(news, band=None, adult=True)
        (alone,), _ = derive_points(measured(news), [1e-2])
        assert all(row.status == "not_supported" for row in alone.bands)
        points, unsupported = derive_points(measured(news, known), [1e-2])
        assert points == ()
        assert unsupported["0.01"].startswith("no age band of adults can hold it: 300 non-mated")

    def test_a_threshold_that_refuses_most_mated_pairs_is_refused(self):
        """A band, or a target, that could only be held by refusing nearly everyone is not."""
        adults, alike = group("adults", YOUNG, ramp(2000, 0.2)), ramp(2000, 0.9)
        (point,), _ = derive_points(measured(adults, group("twins", CHILDREN, alike)), [1e-2])
        assert point.bands[0].status == "not_supported"
        assert point.bands[0].threshold is None
        assert "twins would need a threshold of 0.89" in point.bands[0].reason
        assert point.bands[0].fmr.errors > 500
        points, unsupported = derive_points(measured(group("twins", YOUNG, alike)), [1e-2])
        assert points == ()
        assert "which refuses 90% of mated" in unsupported["0.01"]

    def test_a_threshold_where_pairs_were_dropped_is_refused(self):
        """Where cleaning may have removed false matches, their number is not known."""
        scores = measured(group("g", YOUNG, ramp(2000, 0.64)), mated=np.ones(10))
        points, unsupported = derive_points(scores, [1e-2])
        assert points == ()
        assert "too near to 0.65" in unsupported["0.01"]

    def test_scores_of_another_cleaner_set_no_ceiling(self):
        """Where another embedder told doubles, they were not dropped for scores on this scale."""
        group_scores = group("g", YOUNG, ramp(2000, 0.64))
        scores = replace(measured(group_scores, mated=np.ones(10)), cleaned_from=None)
        (point,), unsupported = derive_points(scores, [1e-2])
        assert point.threshold > 0.62
        assert unsupported == {}

    def test_scores_at_the_very_top(self):
        """Where even the highest score is reached too often, no threshold is pretended."""
        points, unsupported = derive_points(measured(group("g", YOUNG, np.ones(2000))), [1e-2])
        assert points == ()
        assert "above every score" in unsupported["0.01"]

    def test_targets_are_sorted_and_single(self):
        """Points come highest target first, each once."""
        scores = measured(group("g", YOUNG, ramp(20_000, 0.2)))
        points, _ = derive_points(scores, [1e-3, 1e-2, 1e-3])
        assert [point.target_fmr for point in points] == [1e-2, 1e-3]
        assert points[0].threshold < points[1].threshold
        assert derive_points(scores, []) == ((), {})

    def test_nothing_to_derive_from(self):
        """Without adults, or without mated scores, there is no operating point to speak of."""
        with pytest.raises(UsageError):
            derive_points(measured(group("c", CHILDREN, ramp(2000, 0.2))), [1e-2])
        with pytest.raises(UsageError):
            derive_points(measured(group("g", YOUNG, ramp(2000, 0.2)), mated=[]), [1e-2])


def tar_of(path, files):
    """A tar of these files."""
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return PictureSet.open(path)


PAD_HEAD = PadHead(box_scale=2.7, classes=("print", "live"), output="logits")


def fake_embedder(name):
    """An embedder of which only the name and hash are asked for."""
    return SimpleNamespace(manifest=SimpleNamespace(id=name, sha256=f"hash of {name}"))


class FakeMeasuring:
    """Stands in for the engine: a picture's bytes are the seed of its face; `none` has no face."""

    detector = None
    pad = (SimpleNamespace(manifest=SimpleNamespace(sha256="hash of pad", pad=PAD_HEAD)),)
    settings = None

    def __init__(self, embedder="embed-mobilefacenet-202004"):
        self.measured = 0
        self.turn = 0
        self.embedder = fake_embedder(embedder)

    def __call__(self, engine, files):
        """As `measure_faces`; another embedder sees other faces."""
        self.measured += len(files)
        rows = [self._face(content, engine.embedder) for content in files]
        columns = zip(*rows, strict=True) if rows else ([], np.empty((0, 64)), [], [])
        status, vectors, live, thumbnails = columns
        return MeasuredFaces(
            status=np.array(status, np.uint8),
            vectors=np.array(vectors, np.float32).reshape(-1, 64),
            live_probability=np.array(live, np.float32),
            thumbnails=np.array(thumbnails, np.uint8).reshape(-1, 56, 56),
        )

    def _face(self, content, embedder):
        if content == b"none":
            return 20, np.zeros(64), np.nan, np.zeros((56, 56))
        seed = [int(content) + self.turn, *embedder.manifest.id.encode()]
        rng = np.random.default_rng(seed)
        vector = rng.normal(size=64)
        thumbnail = rng.integers(0, 255, (56, 56))
        return 0, vector / np.linalg.norm(vector), rng.random(), thumbnail


@pytest.fixture
def fake(monkeypatch):
    """The fake in the place of the engine."""
    fake = FakeMeasuring()
    monkeypatch.setattr(extraction, "measure_faces", fake)
    monkeypatch.setattr(extraction, "CHUNK_PICTURES", 4)
    monkeypatch.setattr(extraction, "model_hashes", fake_hashes)
    monkeypatch.setattr(derivation, "model_hashes", fake_hashes)
    monkeypatch.setattr(copies, "measure_faces", fake)
    monkeypatch.setattr(copies, "copies_of", lambda file: (file,))
    return fake


def fake_hashes(engine):
    """Hashes that differ where embedders do."""
    return ("d", engine.embedder.manifest.sha256, "p")


class TestExtraction:
    """The cache of faces."""

    @pytest.mark.parametrize("n", [0, 1, 4, 9])
    def test_cached_equals_fresh(self, tmp_path, fake, n):
        """A second run reads what the first wrote, and measures only its sample anew."""
        pictures = tar_of(tmp_path / "set.tar", {f"{i}.jpg": b"%d" % i for i in range(n)})
        fresh = extract_faces(fake, pictures, None)
        first = extract_faces(fake, pictures, tmp_path / "cache")
        fake.measured = 0
        second = extract_faces(fake, pictures, tmp_path / "cache")
        assert fake.measured <= -(-n // 4)
        for faces in (first, second):
            assert np.array_equal(faces.vectors, fresh.vectors)
            assert np.array_equal(faces.thumbnails, fresh.thumbnails)
            assert len(faces) == n

    def test_goes_on_where_it_was_stopped(self, tmp_path, fake):
        """Chunks that were finished before the interruption are not measured again."""
        pictures = tar_of(tmp_path / "set.tar", {f"{i}.jpg": b"%d" % i for i in range(9)})

        def stop(done):
            if done >= 8:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            extract_faces(fake, pictures, tmp_path, stop)
        fake.measured = 0
        done = []
        extract_faces(fake, pictures, tmp_path, done.append)
        assert done == [4, 8, 9]
        assert fake.measured == 2 + 1  # the sample of two chunks, and the last picture

    def test_a_cache_of_another_engine_is_thrown_away(self, tmp_path, fake):
        """Where the engine does something else than it did, nothing old is believed."""
        pictures = tar_of(tmp_path / "set.tar", {f"{i}.jpg": b"%d" % i for i in range(9)})
        extract_faces(fake, pictures, tmp_path)
        fake.turn = 1000
        now = extract_faces(fake, pictures, tmp_path)
        assert np.array_equal(now.vectors, extract_faces(fake, pictures, None).vectors)


def a_request(folder):
    """40 people twice in LFW and 90 in a pool, one of them twice, one faceless."""
    lfw = {f"P{i}/P{i}_{k}.jpg": b"%d" % i for i in range(40) for k in range(2)}
    pool = {f"{i:02d}.jpg": b"%d" % (1000 + i) for i in range(90)}
    pool |= {"88.jpg": pool["03.jpg"], "89.jpg": b"none"}
    return DerivationRequest(
        pack="test",
        doubles_by="cleaner",
        lfw=tar_of(folder / "lfw.tar", lfw),
        pools=(tar_of(folder / "pool.tar", pool),),
        labels={name: Labels("s", 30, "male", "g") for name in pool},
        targets=(1e-2, 1e-4),
        cache_dir=None,
        machine="m",
        commit="c",
    )


class TestDerive:
    """The whole derivation, from pictures to the file."""

    @pytest.fixture
    def points(self, tmp_path, fake):
        """Derived by a pack that finds the doubles itself."""
        return derive(fake, fake, a_request(tmp_path))

    def test_distributions_are_of_the_mated_pairs_and_their_pictures(
        self, tmp_path, fake, monkeypatch
    ):
        """Similarity of one person's pictures, liveness of every eighth of them; no pool."""
        monkeypatch.setattr("fvs.distributions.FEWEST_VALUES", 10)
        found = {one.name: one for one in derive(fake, fake, a_request(tmp_path)).distributions}
        assert found.keys() == {"similarity", "live_probability"}
        assert (found["similarity"].total, found["similarity"].missing) == (40, 0)
        assert found["live_probability"].total == 80 // 8
        assert found["similarity"].of == "mated pairs of lfw"

    def test_failures_and_duplicates_are_counted_and_left_out(self, points):
        """The evidence names both, and neither is compared."""
        lfw, pool = points.data
        assert (lfw.pictures, lfw.subjects, lfw.failed_to_acquire) == (80, 40, 0)
        assert (pool.pictures, pool.subjects) == (90, 88)
        assert (pool.failed_to_acquire, pool.duplicates_dropped) == (1, 1)
        (point,) = points.points
        by_name = {g.group: g for g in point.groups}
        assert by_name["s/20-39/male/g"].fmr.trials == 88 * 87 // 2
        assert by_name["lfw (pairs)/any age/any sex/all groups"].fmr.trials == 80 * 79 // 2 - 40
        assert point.fnmr.trials == 40
        assert list(points.unsupported_targets) == ["0.0001"]

    def test_doubles_are_found_by_the_scores_of_the_cleaner(self, tmp_path, fake):
        """Another pack's faces decide who stands twice, and the ceiling of its scores is gone."""
        other = FakeMeasuring("embed-other")
        request = a_request(tmp_path)
        seen = []
        points = derive(other, fake, request, lambda title, *_: seen.append(title))
        assert points.embedder_sha256 == "hash of embed-other"
        assert points.data[1].duplicates_dropped == 1
        assert "1 of 90 pictures by the scores of pack cleaner" in points.method
        assert "not circular" in points.method
        assert list(dict.fromkeys(seen)) == ["lfw by test", "pool by test", "pool by cleaner"]

    def test_a_pack_that_cleans_itself_says_so_and_is_measured_once(self, tmp_path, fake):
        """The ceiling that goes with circular thresholds is stated."""
        seen = []
        points = derive(fake, fake, a_request(tmp_path), lambda title, *_: seen.append(title))
        assert "must lie 0.03 below that" in points.method
        assert list(dict.fromkeys(seen)) == ["lfw by test", "pool by test"]

    def test_an_embedder_of_unknown_scale_may_not_clean(self, tmp_path, fake):
        """It is refused before anything is measured, with a way out."""
        unknown = FakeMeasuring("embed-unknown")
        fake.measured = 0
        with pytest.raises(UsageError, match="embed-unknown cannot find people") as caught:
            derive(unknown, unknown, a_request(tmp_path))
        assert "--doubles-by" in caught.value.advice
        assert fake.measured == 0

    def test_pad_counts_the_pictures_assessed(self, points):
        """A picture without a face is not one that PAD refused."""
        assert points.pad.refused["s"].trials == 89
        assert points.pad.refused["lfw (pairs)"].trials == 80

    def test_subjects_are_folders(self):
        """Pictures in one folder show one person."""
        assert lfw_subjects([]).tolist() == []
        assert lfw_subjects(["B/1.jpg", "A/1.jpg", "B/2.jpg"]).tolist() == [1, 0, 1]


def committed() -> list[Path]:
    """Every pack's certificate that this repository carries."""
    return sorted((shipped_models_dir() / "packs").glob("*/certificate.json"))


class TestCommitted:
    """The files that decisions are made with."""

    def test_the_packs_that_ship_can_decide(self):
        """Each has a certificate."""
        assert [path.parent.name for path in committed()] == ["own", "reference", "standard"]

    @pytest.mark.parametrize("path", committed(), ids=lambda path: path.parent.name)
    def test_believed_for_some_time(self, path):
        """Signed by the key that ships, now and three years on."""
        for years in (0, 3):
            now = datetime.now(UTC) + timedelta(days=365 * years)
            assert load_certificate(path, shipped_trust(), now).pack == path.parent.name

    @pytest.mark.parametrize("path", committed(), ids=lambda path: path.parent.name)
    def test_measured_with_the_packs_own_weights(self, path):
        """The hashes are those of the manifests."""
        certificate = read_certificate(path)
        models_dir = shipped_models_dir()
        pack, manifests = list_packs(models_dir)[path.parent.name], list_manifests(models_dir)
        assert certificate.pack == path.parent.name
        assert certificate.detector_sha256 == manifests[pack.detector].sha256
        assert certificate.embedder_sha256 == manifests[pack.embedder].sha256
        assert certificate.pad_sha256 == tuple(manifests[name].sha256 for name in pack.pad)

    @pytest.mark.parametrize("path", committed(), ids=lambda path: path.parent.name)
    def test_every_adult_group_is_within_its_target(self, path):
        """At each threshold the bound of every adult group that can show the target holds it."""
        certificate = read_certificate(path)
        assert certificate.points
        for point in certificate.points:
            deciding = [g for g in point.groups if g.adult and g.own_threshold is not None]
            assert max(g.own_threshold for g in deciding) <= point.threshold
            assert point.strictest_group in [g.group for g in point.groups if g.adult]
            for one in point.groups:
                if one.adult and one.fmr.errors > 5:
                    assert one.fmr.point <= point.target_fmr, one.group
            for one in deciding:
                assert one.fmr.upper_95 <= point.target_fmr, one.group
                assert one.upper_bound <= point.target_fmr, one.group
            for evidence in point.bands:
                _assert_band_holds(point, evidence)
        thresholds = [point.threshold for point in certificate.points]
        assert thresholds == sorted(thresholds)

    @pytest.mark.parametrize("path", committed(), ids=lambda path: path.parent.name)
    def test_rates_are_those_of_their_counts(self, path):
        """No rate in the file was written by hand: point and bounds follow from the counts."""
        certificate = read_certificate(path)
        rates = [g.fmr for point in certificate.points for g in point.groups]
        rates += [point.fnmr for point in certificate.points]
        for one in rates:
            lower, upper = clopper_pearson(one.errors, one.trials)
            assert one.point == pytest.approx(one.errors / one.trials)
            assert one.lower_95 == pytest.approx(float(lower), rel=1e-6)
            assert one.upper_95 == pytest.approx(float(upper), rel=1e-6)


def _assert_band_holds(point, evidence):
    assert (evidence.threshold is None) == (evidence.status == "not_supported")
    assert bool(evidence.reason) == (evidence.status == "not_supported")
    if evidence.status == "held":
        assert evidence.threshold >= point.threshold
        worst = {g.group: g for g in point.groups}[evidence.worst_group]
        small = worst.own_threshold is None
        shown = evidence.fmr.point if small else evidence.fmr.upper_95
        assert shown <= point.target_fmr or (small and evidence.fmr.errors <= 5)
