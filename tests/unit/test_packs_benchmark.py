"""The table of packs: who is compared, how rates are counted, and how it is written."""

import itertools
import math
import tarfile

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.accuracy.lfw import LfwRates, RatesAtTarget
from benchmarks.packs import groups
from benchmarks.packs.__main__ import open_packs
from benchmarks.packs.accuracy import (
    DET_FMRS,
    HeldOutPeople,
    at_threshold,
    det_curve,
    measure_held_out,
)
from benchmarks.packs.costs import Places
from benchmarks.packs.evaluations import (
    BPCER_ROW,
    DetectorErrors,
    PadErrors,
    SpeciesErrors,
    _PadReport,
    _PadRow,
    detector_errors,
    pad_errors,
)
from benchmarks.packs.groups import GroupFmr, inequity, members_of, order_of, tails_of
from benchmarks.packs.plot import save_plot
from benchmarks.packs.pool import Pool
from benchmarks.packs.results import (
    AtThreshold,
    Costs,
    HeldOut,
    NetworkCost,
    PackReport,
    PackResult,
    StartUp,
    load_packs,
    save_packs,
)
from benchmarks.packs.tables import render_held_out, render_packs
from benchmarks.speed.results import Interval, Pictures, Runner
from fvs.derivation.extraction import MeasuredFaces
from fvs.derivation.groups import Labels, band_of_age
from fvs.metrics.intervals import rate
from fvs.metrics.rates import Sweep
from fvs.packs import shipped_models_dir
from fvs.status import Status
from fvs.timing import percentiles
from tests.benchmark_records import CIRCUMSTANCES
from training.embedder.lists import is_held_out
from training.pad.report import GROUPS, Report, Row

DETECTOR = DetectorErrors(
    missed=rate(1, 1000), landmark_error_median=0.021, landmark_error_p95=0.054
)
PAD = PadErrors(
    threshold=0.62,
    species=(
        SpeciesErrors(species="print", held_out=False, apcer=rate(3, 100)),
        SpeciesErrors(species="screen", held_out=False, apcer=rate(5, 100)),
        SpeciesErrors(species="mask", held_out=True, apcer=rate(20, 100)),
    ),
    bpcer=rate(7, 100),
)


def people(count: int, seed: int = 0) -> tuple[np.ndarray, list[Labels]]:
    """Faces with labels of every kind, some without."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = [
        Labels(
            source=str(random.choice(["aaf", "utk"])),
            age_years=None if random.random() < 0.1 else int(random.integers(10, 45)),
            sex=str(random.choice(["female", "female", "male", "male", ""])),
            group=str(random.choice(["asian", "east-asian (mostly)", "white", ""])),
        )
        for _ in range(count)
    ]
    return vectors, labels


def counted_slowly(vectors, labels, threshold, belongs) -> tuple[int, int]:
    """Matches and pairs among those who belong and are of one source, pair by pair."""
    matches = pairs = 0
    for i, j in itertools.combinations(range(len(labels)), 2):
        if labels[i].source == labels[j].source and belongs(labels[i]) and belongs(labels[j]):
            pairs += 1
            matches += bool(vectors[i] @ vectors[j] >= np.float32(threshold))
    return matches, pairs


class TestGroups:
    def test_nobody_is_in_no_group(self):
        """The empty pool has no groups and no inequity."""
        assert members_of([]) == {}
        assert tails_of(np.zeros((0, 8), np.float32), []) == ()
        assert inequity([], "age and sex") is None

    def test_rates_are_those_of_a_count_pair_by_pair(self):
        """Within one source, band, sex and origin, each unordered pair once."""
        vectors, labels = people(700)
        found = {(g.kind, g.group): g for g in tails_of(vectors, labels)}
        of_adults = found["sex and origin of adults", "male/east-asian"].fmr_at(0.3)
        of_band = found["age and sex", "20-39/female"].fmr_at(0.3)

        def adult_men(one: Labels) -> bool:
            band = one.band
            origin = one.group in ("asian", "east-asian (mostly)")
            return band is not None and band.adult and one.sex == "male" and origin

        def young_women(one: Labels) -> bool:
            return one.band == band_of_age(20) and one.sex == "female"

        for measured, belongs in ((of_adults, adult_men), (of_band, young_women)):
            matches, pairs = counted_slowly(vectors, labels, 0.3, belongs)
            assert (measured.fmr.errors, measured.fmr.trials) == (matches, pairs)
            assert measured.people == sum(map(belongs, labels))
            assert measured.adult

    def test_small_groups_are_left_out(self):
        """45 people of one source have 990 pairs, 46 have 1,035."""
        labels = [Labels("utk", 30, "male", "white")] * 46
        vectors, _ = people(46)
        assert tails_of(vectors[:45], labels[:45]) == ()
        assert {group.trials for group in tails_of(vectors, labels)} == {1_035}

    def test_every_person_is_in_one_group_of_a_kind_at_most(self):
        """Groups of one kind have nobody in common."""
        _, labels = people(300)
        found = members_of(labels)
        for kind in {key[0] for key in found}:
            rows = np.concatenate([rows for key, rows in found.items() if key[0] == kind])
            assert len(rows) == len(set(rows.tolist()))

    def test_minors_are_no_adults(self):
        """Only bands from 20 years on count for the adults' inequity."""
        _, labels = people(300)
        for kind, group, adult in members_of(labels):
            if kind in ("age and sex", "age, sex and origin"):
                assert adult == (group.partition("/")[0] not in ("2-12", "13-19"))

    def test_bands_stand_in_the_order_of_ages(self):
        """2-12 comes before 13-19, which text would not sort so."""
        bands = ["2-12/male", "13-19/female", "20-39/female", "60+/female"]
        shuffled = [bands[i] for i in (3, 1, 0, 2)]
        assert sorted(shuffled, key=lambda group: order_of("age and sex", group)) == bands


class TestInequity:
    @given(st.lists(st.integers(0, 1000), min_size=1, max_size=8))
    def test_is_the_maximum_over_the_root_of_the_product(self, errors):
        """As ISO/IEC 19795-10 defines it, half a match where there is none."""
        rates = [
            GroupFmr(kind="age and sex", group=str(i), adult=True, people=9, fmr=rate(e, 1000))
            for i, e in enumerate(errors)
        ]
        found = inequity(rates, "age and sex")
        values = [max(e, 0.5) / 1000 for e in errors]
        slow = max(values) / math.prod(value ** (1 / len(values)) for value in values)
        assert found is not None
        assert found.max_over_geometric_mean == pytest.approx(slow)
        assert found.groups == len(errors)
        assert found.worst == str(values.index(max(values)))

    def test_looks_at_adults_of_its_kind_only(self):
        """Children and other kinds of groups do not count."""
        worst = GroupFmr(kind="age and sex", group="c", adult=False, people=9, fmr=rate(9, 10))
        other = GroupFmr(kind="unlabelled", group="o", adult=True, people=9, fmr=rate(9, 10))
        adult = GroupFmr(kind="age and sex", group="a", adult=True, people=9, fmr=rate(1, 10))
        found = inequity([worst, other, adult], "age and sex")
        assert found is not None
        assert (found.groups, found.worst) == (1, "a")
        assert found.max_over_geometric_mean == pytest.approx(1.0)


@pytest.fixture
def pool(tmp_path) -> Pool:
    """120 men of one age in two archives, with their labels."""
    names = [f"utk/{number}.jpg" for number in range(120)]
    for archive, chosen in (("pool_a", names[:50]), ("pool_b", names[50:])):
        with tarfile.open(tmp_path / f"{archive}.tar", "w") as tar:
            for name in chosen:
                tar.addfile(tarfile.TarInfo(name))
    rows = [f"{name},utk,30,male,white" for name in names]
    (tmp_path / "pool_labels.csv").write_text("\n".join(["file,source,age,sex,group", *rows]))
    return Pool.open(tmp_path)


class TestHeldOut:
    def test_is_what_no_training_saw(self, pool):
        """The trainings' own rule, picture by picture, in the order of the archives."""
        names = [name for pictures in pool.sets for name in pictures.pictures]
        assert len(names) == len(pool.labels) == 120
        assert pool.held_out.tolist() == [is_held_out(name) for name in names]

    def test_compares_those_found_once(self, pool, monkeypatch):
        """Trained on, standing twice or without a face: none of them makes a pair."""
        monkeypatch.setattr(groups, "FEWEST_PAIRS", 1)
        vectors, _ = people(120)
        rows = np.flatnonzero(pool.held_out)
        status = np.full(120, Status.OK, np.uint8)
        status[rows[0]] = Status.NO_FACE
        again = np.zeros(120, bool)
        again[rows[[1, 2]]] = True
        faces = MeasuredFaces(
            status=status,
            vectors=vectors,
            live_probability=np.full(120, np.nan, np.float32),
            thumbnails=np.zeros((120, 56, 56), np.uint8),
        )
        sweep = Sweep.of([0.9], np.linspace(-1, 1, 2001))
        found = measure_held_out(HeldOutPeople(pool, faces, again), sweep)
        assert found.doubles == 2
        failed = found.failed_to_acquire
        assert (failed.errors, failed.trials) == (1, len(rows) - 2)
        kept = rows[3:]
        for at in found.at:
            assert at.threshold == sweep.threshold_at_fmr(at.lfw_fmr)
            slow = counted_slowly(
                vectors[kept], [pool.labels[row] for row in kept], at.threshold, lambda _: True
            )
            assert {(g.fmr.errors, g.fmr.trials) for g in at.groups} == {slow}


class TestCurve:
    def test_never_rises(self):
        """More false matches allowed, fewer false non-matches; the ends are those asked for."""
        random = np.random.default_rng(0)
        sweep = Sweep.of(random.normal(2, 1, 500), random.normal(0, 1, 5000))
        curve = det_curve(sweep)
        assert [point.fmr for point in curve] == list(DET_FMRS)
        assert (curve[0].fmr, curve[-1].fmr) == pytest.approx((1e-6, 1e-1))
        assert all(a.fnmr >= b.fnmr for a, b in itertools.pairwise(curve))


class TestEvaluations:
    def test_are_believed_for_their_own_weights_only(self, tmp_path):
        """An evaluation of other weights says nothing."""
        landmarks = {"ours, refined, to the reference's, refined": {"median": 0.021, "p95": 0.054}}
        detector = {
            "speed_ms": {},
            "recall, main face": [1, 1000],
            "landmarks": landmarks,
            "sha256": {"ours": "d", "reference": "r"},
        }
        (tmp_path / "detector.json").write_bytes(msgspec.json.encode(detector))
        assert detector_errors(tmp_path, "d") == DETECTOR
        assert detector_errors(tmp_path, "other") is None
        assert detector_errors(tmp_path, "r") is None

    def test_of_pad_are_those_of_the_system_with_these_weights(self, tmp_path):
        """As `training.pad.evaluate` writes them; one that names no weights is not believed."""
        notes = ("print, trained on", "screen, trained on", "another simulator")
        apcer = [
            Row(one.species, note, {"a": rate(0, 9), "b": one.apcer})
            for one, note in zip(PAD.species, notes, strict=True)
        ]
        all_but_tight = {"a": rate(0, 9), "b": PAD.bpcer}
        bpcer = [Row("all", "", {}), Row("all but utk (tight crops)", "", all_but_tight)]
        fields = {"thresholds": {"a": 0.5, "b": 0.62}, "apcer": apcer, "bpcer": bpcer}
        for hashes, known in (({"sha256": {"a": ["x"], "b": ["p", "q"]}}, True), ({}, False)):
            (tmp_path / "pad.json").write_bytes(msgspec.json.encode(fields | hashes))
            assert pad_errors(tmp_path, ["q", "p"]) == (PAD if known else None)
            assert pad_errors(tmp_path, ["p"]) is None

    def test_are_of_the_evaluations_form(self):
        """What is read here is written there under the same names."""
        written = {field.name: field for field in msgspec.structs.fields(Report)}
        assert {field.name for field in msgspec.structs.fields(_PadReport)} <= set(written)
        assert _PadRow.__struct_fields__ == Row.__struct_fields__
        assert BPCER_ROW in GROUPS

    def test_absent_ones_are_no_error(self, tmp_path):
        """Nobody has evaluated yet."""
        assert detector_errors(tmp_path, "d") is None
        assert pad_errors(tmp_path, ()) is None

    def test_name_the_worst_species(self):
        """Apart for those seen in training and those held out."""
        assert PAD.worst(held_out=False) == PAD.species[1]
        assert PAD.worst(held_out=True) == PAD.species[2]
        assert msgspec.structs.replace(PAD, species=()).worst(held_out=True) is None


class TestOpenPacks:
    def test_says_what_is_missing(self, tmp_path):
        """A pack that is not there, or lacks weights, is named and not measured."""
        found, missing = open_packs(["nobody", "reference"], Places(shipped_models_dir(), tmp_path))
        assert found == {}
        assert missing["nobody"] == "there is no pack 'nobody'"
        assert missing["reference"].startswith("pack 'reference' lacks yunet_n.onnx")
        assert str(tmp_path) not in missing["reference"]


def interval(median: float) -> Interval:
    """A median that is sure within a tenth."""
    return Interval(median=median, lower_95=median * 0.9, upper_95=median * 1.1, n=11)


def costs(cpu_ms: float, ratio: float) -> Costs:
    """Three networks, 5 ms each."""
    networks = tuple(
        NetworkCost(model_id=m, side_px=112, size_bytes=1_500_000, cpu_ms=percentiles([5.0]))
        for m in ("detect-x", "embed-x", "pad-x")
    )
    return Costs(
        networks=networks,
        pair=Runner(
            cpu_ms=percentiles([cpu_ms]),
            wall_ms=percentiles([cpu_ms]),
            cpu_over_ours=interval(ratio),
            peak_rss_mb=99.0,
            similarity=0.9,
        ),
        start_up=StartUp(
            pictures=Pictures(megapixels=2.0, selfie_bytes=1, card_bytes=2),
            wall_s=interval(1.0),
            cpu_s=interval(0.8),
            peak_rss_mb=interval(150),
            peak_rss_after_12_mp_mb=interval(200),
            outcome="match",
        ),
    )


def result(cpu_ms: float = 60, ratio: float = 1.0) -> PackResult:
    """A pack that nobody evaluated for landmarks and PAD."""
    vectors, labels = people(700)
    random = np.random.default_rng(0)
    sweep = Sweep.of(random.normal(0.6, 0.1, 500), random.normal(0, 0.1, 5000))
    at = RatesAtTarget(target_fmr=1e-2, threshold=0.3, fmr=rate(1, 100), fnmr=rate(25, 1000))
    lfw = LfwRates(
        pack="x",
        model_sha256=("d", "e", "p"),
        data_sha256="",
        pictures=7701,
        subjects=4281,
        failed_to_acquire=rate(2, 7701),
        accuracy=0.9876,
        accuracy_standard_error=0.0012,
        fold_accuracies=(0.99,) * 10,
        equal_error_rate=0.01,
        mated_pairs=500,
        non_mated_pairs=5000,
        all_pairs=tuple(
            msgspec.structs.replace(at, target_fmr=target) for target in (1e-2, 1e-3, 1e-4)
        ),
    )
    tails = tails_of(vectors, labels)
    held_out = HeldOut(
        doubles=12,
        failed_to_acquire=rate(3, 400),
        at=(at_threshold(tails, 1e-3, 0.3), at_threshold(tails, 1e-4, 0.5)),
    )
    return PackResult(
        lfw=lfw,
        det=det_curve(sweep),
        held_out=held_out,
        detector=None,
        pad=None,
        costs=costs(cpu_ms, ratio),
    )


def report() -> PackReport:
    """Two packs, one of them evaluated; a third is missing."""
    evaluated = msgspec.structs.replace(result(90, 1.5), detector=DETECTOR, pad=PAD)
    return PackReport(
        circumstances=CIRCUMSTANCES,
        load_average_after=(1.0, 1.0, 1.0),
        packs={"standard": result(), "own": evaluated},
        missing={"reference": "pack 'reference' lacks yunet_n.onnx"},
    )


class TestTables:
    def test_without_results_say_so(self):
        """Nothing measured is not an empty table."""
        assert render_packs(None) == "Not measured yet."
        assert render_held_out(None, "standard") == "Not measured yet."
        assert render_held_out(report(), "reference") == "Not measured yet."

    def test_hold_packs_side_by_side(self):
        """One column a pack; what was not measured says so, and who is missing is named."""
        lines = render_packs(report()).splitlines()
        assert lines[0] == "|  | standard | own |"
        assert "| LFW: pictures without a usable face | 2 of 7,701 | 2 of 7,701 |" in lines
        (bpcer,) = (line for line in lines if "BPCER" in line)
        assert bpcer.endswith("| not measured | 0.0700 [0.0286, 0.1389], 0.62 |")
        (held_out,) = (line for line in lines if "attacks held out" in line)
        assert held_out.endswith("| not measured | 0.2000 [0.1267, 0.2918] (mask) |")
        (landmarks,) = (line for line in lines if line.startswith("| refined landmarks"))
        assert landmarks.endswith("| not measured | 2.1%, 5.4% |")
        assert "| weights, MB | 4.5 | 4.5 |" in lines
        (pair,) = (line for line in lines if line.startswith("| whole pair"))
        assert pair.endswith("| 60 (1.00 [0.90, 1.10]) | 90 (1.50 [1.35, 1.65]) |")
        assert any("reference was not measured: pack 'reference' lacks" in line for line in lines)
        assert lines[-1].startswith("<sub>2026-01-02, commit abc")

    def test_warn_of_seconds_on_a_busy_machine(self):
        """Seconds that passed while others worked are no start-up time."""
        busy = msgspec.structs.replace(report(), load_average_after=(9.0, 1.0, 1.0))
        assert "load average up to 9 on 2 cores" in render_packs(busy)
        assert "busy" not in render_packs(report())

    def test_compare_packs_by_group(self):
        """Each group's rate is that of the report, with its interval; inequity at both points."""
        text = render_packs(report())
        first = report().packs["standard"].held_out.at[0]
        shown = [g for g in first.groups if g.kind != "age, sex and origin"]
        assert shown
        for group in shown:
            fmr = group.fmr
            cell = f"{fmr.point:.1e} [{fmr.lower_95:.1e}, {fmr.upper_95:.1e}]"
            assert f"| {fmr.trials:,} | {cell} | {cell} |" in text
        assert text.count("highest over geometric mean") == 2

    def test_show_a_group_that_one_pack_lacks(self):
        """Where too few faces of a group were found, the other pack's rate still stands."""
        full = report()
        without = _without_groups(full.packs["own"])
        text = render_packs(msgspec.structs.replace(full, packs={**full.packs, "own": without}))
        rows = [line for line in text.splitlines() if line.startswith("| ages 20-39, female")]
        assert rows
        assert rows[0].endswith("| - |")

    def test_of_one_pack_hold_every_group_at_both_thresholds(self):
        """Counts and bounds of all kinds of groups."""
        text = render_held_out(report(), "standard")
        for at in report().packs["standard"].held_out.at:
            assert f"At {at.threshold:.4f}" in text
            for group in at.groups:
                counts = f"{group.fmr.errors:,} / {group.fmr.trials:,}"
                assert f"| {group.group} | {group.people:,} | {counts} |" in text


def _without_groups(pack: PackResult) -> PackResult:
    at = tuple(
        AtThreshold(
            lfw_fmr=one.lfw_fmr,
            threshold=one.threshold,
            groups=(),
            by_sex_and_origin=None,
            by_age_sex_and_origin=None,
        )
        for one in pack.held_out.at
    )
    return msgspec.structs.replace(pack, held_out=msgspec.structs.replace(pack.held_out, at=at))


class TestFiles:
    def test_a_report_survives_its_file(self, tmp_path):
        """What is read is what was written; no file is no report."""
        path = tmp_path / "packs.json"
        assert load_packs(path) is None
        save_packs(report(), path)
        assert load_packs(path) == report()

    def test_the_plot_is_small_and_repeatable(self, tmp_path):
        """The same report gives the same bytes, few enough for a README."""
        for name in ("a.svg", "b.svg"):
            save_plot(report(), tmp_path / name)
        content = (tmp_path / "a.svg").read_bytes()
        assert content == (tmp_path / "b.svg").read_bytes()
        assert 5_000 < len(content) < 150_000
        assert b"standard" in content
        assert b"own" in content
