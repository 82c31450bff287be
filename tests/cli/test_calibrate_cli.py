"""`fvs calibrate`: people, pairs and scores in, a signed certificate out."""

import json
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

from fvs.certificates import TrustStore, load_certificate
from fvs.certificates.files import read_certificate, signature_path
from fvs.certificates.signing import generate_key
from fvs.cli import calibrate as command
from fvs.cli import measuring
from fvs.cli.app import app
from fvs.derivation import extraction
from fvs.derivation.extraction import MeasuredFaces
from fvs.errors import FvsError, UsageError
from fvs.registry.records import TemplateKind
from tests.certificate_files import made_up_pack
from tests.registry_desk import enrol_made_up, number
from tests.score_tables import columns, write_csv

PEOPLE = 80
FACELESS = b"no face"


def run(*words):
    """Run `fvs calibrate ...`; errors are raised as `main` would see them."""
    result = CliRunner().invoke(app, ["calibrate", *map(str, words)])
    if isinstance(result.exception, FvsError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def by_person(_engine, files):
    """A stand-in for the engine: the bytes are `PERSON PICTURE`, seeds of a face."""
    rows = [_face(content) for content in files]
    status = np.array([20 if vector is None else 0 for vector in rows], np.uint8)
    vectors = np.array([np.zeros(64) if row is None else row for row in rows], np.float32)
    return MeasuredFaces(
        status=status,
        vectors=vectors.reshape(-1, 64),
        live_probability=np.full(len(files), np.nan, np.float32),
        thumbnails=np.zeros((len(files), 56, 56), np.uint8),
    )


def _face(content):
    if content == FACELESS:
        return None
    person, picture = (int(part) for part in content.split())
    face = np.random.default_rng(person).normal(size=64)
    face += np.random.default_rng([person, picture]).normal(size=64) * 0.3
    return face / np.linalg.norm(face)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """80 people with two pictures each, a key, and a pack of made-up networks without PAD."""
    for person in range(PEOPLE):
        for picture in range(2):
            path = tmp_path / "people" / f"p{person:02d}" / f"{picture}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"%d %d" % (person, picture))
    (tmp_path / "key.json").write_bytes(msgspec.json.encode(generate_key("An operator")))
    engine = SimpleNamespace(pad=(), detector=None, embedder=None, settings=None)
    monkeypatch.setattr(command, "open_pack", lambda _: made_up_pack())
    monkeypatch.setattr(command, "open_engine", lambda _: engine)
    monkeypatch.setattr(measuring, "faces_cache_dir", lambda: tmp_path / "cache")
    monkeypatch.setattr(extraction, "measure_faces", by_person)
    monkeypatch.setattr(extraction, "model_hashes", lambda _: ("d", "e"))
    return tmp_path


def accepted(data):
    """The certificate that was written, as a decision would load it."""
    key = msgspec.json.decode((data / "key.json").read_bytes())
    public = {name: key[name] for name in ("kty", "crv", "x", "kid", "issuer")}
    trust_dir = data / "trust"
    trust_dir.mkdir(exist_ok=True)
    (trust_dir / "key.json").write_bytes(msgspec.json.encode(public))
    certificate = load_certificate(data / "c.json", TrustStore.open([trust_dir]))
    certificate.require_models(made_up_pack())
    return certificate


def calibrate(data, source, *words):
    """Run a sub-command with what all need."""
    return run(source, *words, "--out", data / "c.json", "--key", data / "key.json")


class TestPeople:
    def test_every_picture_with_every_other(self, data):
        """Pairs, people and hashes are counted, and the certificate is believed."""
        output = calibrate(data, "people", data / "people", "--targets", "1e-2,1e-4")
        certificate = accepted(data)
        (point,) = certificate.points
        assert point.fnmr.trials == PEOPLE
        assert point.fmr_pooled.trials == PEOPLE * (PEOPLE - 1) // 2 * 4
        assert point.groups[0].subjects == PEOPLE
        assert point.groups[0].upper_bound <= 1e-2
        assert "need" in certificate.unsupported_targets["0.0001"]
        assert certificate.issuer == "An operator"
        assert certificate.data[0].pictures == 2 * PEOPLE
        assert certificate.unsupported_conditions.keys() == {"quality", "age_gap_years"}
        assert f"{point.threshold:.4f}" in output

    def test_what_has_no_face_is_counted_and_left_out(self, data):
        """A failure to acquire is no comparison."""
        (data / "people" / "p00" / "2.jpg").write_bytes(FACELESS)
        calibrate(data, "people", data / "people", "--targets", "1e-2")
        assert accepted(data).data[0].failed_to_acquire == 1
        assert accepted(data).points[0].fnmr.trials == PEOPLE
        assert accepted(data).distributions == ()  # of 82 mated pairs, none can be

    def test_distributions_for_live_signals_to_be_compared_with(self, data):
        """Of all mated pairs; those that a picture without a face took part in are missing."""
        for person in range(PEOPLE):
            for picture in range(2, 5):
                path = data / "people" / f"p{person:02d}" / f"{picture}.jpg"
                path.write_bytes(b"%d %d" % (person, picture))
        (data / "people" / "p00" / "5.jpg").write_bytes(FACELESS)
        output = calibrate(data, "people", data / "people", "--targets", "1e-2")
        (similarity,) = accepted(data).distributions
        assert (similarity.name, similarity.of) == ("similarity", "mated pairs of people")
        assert (similarity.total, similarity.missing) == (PEOPLE * 10 + 5, 5)
        assert "Distributions" in output

    def test_held_out_people_are_counted_anew(self, data):
        """Two halves that share nobody; the second set no threshold."""
        calibrate(data, "people", data / "people", "--targets", "3e-2", "--hold-out", "0.5")
        (point,) = accepted(data).points
        assert point.groups[0].subjects == point.held_out.subjects == PEOPLE // 2
        assert point.held_out.fmr.trials == PEOPLE // 2 * (PEOPLE // 2 - 1) // 2 * 4
        assert "People were split" in accepted(data).method

    def test_labels_make_groups(self, data):
        """Age and sex of the register give each band and sex its own line."""
        rows = [
            f"p{person:02d}/{picture}.jpg,own,30,{'male' if person % 2 else 'female'},"
            for person in range(PEOPLE)
            for picture in range(2)
        ]
        labels = data / "labels.csv"
        labels.write_text("\n".join(["file,source,age,sex,group", *rows]))
        calibrate(data, "people", data / "people", "--labels", labels, "--targets", "3e-2")
        (point,) = accepted(data).points
        assert {g.group for g in point.groups} >= {
            "people/any age/any sex/all groups",
            "people/20-39/female/unknown",
            "people/20-39/male/unknown",
        }
        assert point.band_of(30, "female").sex == "female"

    def test_stopped_and_run_again(self, data, monkeypatch):
        """What was extracted is kept; the second run measures a sample alone."""
        calibrate(data, "people", data / "people", "--targets", "1e-2")
        measured = []

        def counted(engine, files):
            measured.extend(files)
            return by_person(engine, files)

        monkeypatch.setattr(extraction, "measure_faces", counted)
        calibrate(data, "people", data / "people", "--targets", "1e-2")
        assert len(measured) <= 2

    @pytest.mark.parametrize(
        ("path", "content", "words"),
        [
            ("stray.jpg", b"7 7", "no person's folder"),
            ("p05/again.jpg", b"5 0", "more than once"),
            ("p06/again.jpg", b"5 0", "more than once"),
        ],
        ids=["nobody's", "twice one person's", "two people's"],
    )
    def test_pictures_that_prove_nothing(self, data, path, content, words):
        """A picture is one person's and stands once."""
        (data / "people" / path).write_bytes(content)
        with pytest.raises(UsageError, match=words):
            calibrate(data, "people", data / "people")

    def test_three_people(self, data):
        """However many pictures they have."""
        for person in range(3, PEOPLE):
            for picture in range(2):
                (data / "people" / f"p{person:02d}" / f"{picture}.jpg").unlink()
        with pytest.raises(UsageError, match="3 people, and at least 28"):
            calibrate(data, "people", data / "people")

    def test_nobody_twice(self, data):
        """Without a mated pair nobody knows whom a threshold refuses."""
        for person in range(PEOPLE):
            (data / "people" / f"p{person:02d}" / "1.jpg").unlink()
        with pytest.raises(UsageError, match="nobody has two usable pictures"):
            calibrate(data, "people", data / "people")

    def test_too_few_people_to_split(self, data):
        """Each side needs enough."""
        with pytest.raises(UsageError, match="cannot be split"):
            calibrate(data, "people", data / "people", "--hold-out", "0.1")


class TestPairs:
    def pairs(self, data, people=PEOPLE):
        """Each person with themselves and with the three that follow."""
        rows = ["first_picture,second_picture,mated,first_subject,second_subject"]
        rows += [
            f"people/p{one:02d}/0.jpg,people/p{other:02d}/1.jpg,{int(one == other)},{one},{other}"
            for one in range(people)
            for other in range(one, min(one + 40, people))
        ]
        path = data / "pairs.csv"
        path.write_text("\n".join(rows))
        return path

    def test_listed_pairs_are_compared(self, data):
        """Those and no others."""
        path = self.pairs(data)
        calibrate(data, "pairs", path, "--targets", "1e-2")
        (point,) = accepted(data).points
        assert point.fnmr.trials == PEOPLE
        assert point.fmr_pooled.trials == len(path.read_text().splitlines()) - 1 - PEOPLE

    def test_pairs_without_a_face_are_counted(self, data):
        """One face that is missing takes all its pairs along."""
        (data / "people" / "p00" / "0.jpg").write_bytes(FACELESS)
        calibrate(data, "pairs", self.pairs(data), "--targets", "2e-2")
        assert accepted(data).data[0].failed_to_acquire == 40

    def test_missing_pictures(self, data):
        """Named."""
        path = self.pairs(data)
        (data / "people" / "p00" / "0.jpg").unlink()
        with pytest.raises(UsageError, match=r"p00/0\.jpg"):
            calibrate(data, "pairs", path)

    def test_scores_are_no_pairs(self, data):
        """A table of scores has no pictures to compare."""
        with pytest.raises(UsageError, match="first_picture"):
            calibrate(data, "pairs", write_csv(data / "s.csv", columns()))


class TestScores:
    def scores(self, data, *words, **more):
        """Calibrate on the sound table and more columns."""
        table = columns(PEOPLE)
        table |= {name: [value] * len(table["mated"]) for name, value in more.items()}
        path = write_csv(data / "scores.csv", table)
        return calibrate(data, "scores", path, "--pack", "standard", "--targets", "1e-2", *words)

    def test_scores_are_the_issuers_word(self, data):
        """The certificate says that nobody here compared."""
        self.scores(data)
        assert any("brought along" in limit for limit in accepted(data).limits)
        assert accepted(data).points[0].review is None

    def test_pack_must_be_named(self, data):
        """Scores of one network certify no other by default."""
        path = write_csv(data / "scores.csv", columns())
        result = CliRunner().invoke(app, ["calibrate", "scores", str(path), "--out", "c.json"])
        assert result.exit_code != 0

    def test_zone_of_review(self, data):
        """Between no match and match a person looks."""
        self.scores(data, "--review-fnmr", "0.1")
        (point,) = accepted(data).points
        assert point.review.no_match_below <= point.threshold
        assert point.review.wrongly_refused.upper_95 <= 0.1
        output = self.scores(data, "--review-costs", "20,1,0.9")
        assert "a person looks from" in output

    @pytest.mark.parametrize("costs", ["1,2", "a,b,c", "", "0,1,0.5", "1,1,2"])
    def test_costs_that_are_none(self, data, costs):
        """Three numbers that make sense."""
        with pytest.raises(UsageError):
            self.scores(data, "--review-costs", costs)

    def test_two_rules(self, data):
        """Only one can hold."""
        with pytest.raises(UsageError, match="two rules"):
            self.scores(data, "--review-costs", "1,1,0.5", "--review-fnmr", "0.1")

    def test_conditions_where_the_data_say(self, data):
        """Quality and years between pictures have their lines, held or said why not."""
        output = self.scores(data, quality="60", age_gap_years="3")
        (point,) = accepted(data).points
        status = {(c.kind, c.lowest): c.status for c in point.conditions}
        assert status["quality", 50.0] == "held"
        assert status["quality", 0.0] == "not_supported"
        assert status["age_gap_years", 1.0] == "held"
        assert accepted(data).unsupported_conditions == {}
        assert "FMR 0.01 with quality 50 to 75: held" in output

    def test_json_is_the_file(self, data):
        """`--json` prints what was written."""
        printed = self.scores(data, "--json")
        assert json.loads(printed) == json.loads((data / "c.json").read_bytes())


class TestOutput:
    def test_without_a_key_nothing_can_be_decided(self, data):
        """It is written, and says so."""
        output = run("people", data / "people", "--out", data / "c.json", "--targets", "1e-2")
        assert "not signed" in output
        assert not signature_path(data / "c.json").exists()

    @pytest.mark.parametrize("out", ["nowhere/c.json", "."])
    def test_output_is_checked_before_anything_is_measured(self, data, monkeypatch, out):
        """Hours of work are not thrown away for a misspelt folder."""
        monkeypatch.setattr(command, "open_pack", lambda _: pytest.fail("this is too late"))
        with pytest.raises(UsageError, match="cannot write"):
            run("people", data / "people", "--out", data / out)

    def test_key_is_checked_before_anything_is_measured(self, data, monkeypatch):
        """Likewise for a key that is none."""
        monkeypatch.setattr(command, "open_pack", lambda _: pytest.fail("this is too late"))
        with pytest.raises(UsageError, match="no private"):
            run("people", data / "people", "--out", data / "c.json", "--key", __file__)

    def test_terms_are_those_given(self, data):
        """Issuer, licence and days of validity."""
        calibrate(
            data, "people", data / "people", "--targets", "1e-2", "--issuer", "Another",
            "--licence", "in-house", "--valid-days", "10",
        )  # fmt: skip
        certificate = accepted(data)
        assert (certificate.issuer, certificate.licence) == ("Another", "in-house")


class TestRegistry:
    @pytest.fixture
    def folder(self, fvs, tmp_path):
        """A registry of 60 people, each with two templates of one face."""
        folder = tmp_path / "people"
        assert fvs("registry", "init", folder, "--legal-basis", "made up").code == 0
        people = list(range(60))
        enrol_made_up(folder, people)
        enrol_made_up(folder, people, kind=TemplateKind.PASSPORT)
        (tmp_path / "key.json").write_bytes(msgspec.json.encode(generate_key("An operator")))
        return folder

    def test_people_are_numbers(self, folder, tmp_path):
        """Pairs are counted, and nothing of anybody is in the certificate."""
        run(
            "registry", folder, "--out", tmp_path / "c.json", "--key", tmp_path / "key.json",
            "--targets", "1e-2",
        )  # fmt: skip
        certificate = read_certificate(tmp_path / "c.json")
        (point,) = certificate.points
        assert certificate.pack == "standard"
        assert point.fnmr.trials == 60
        assert point.fmr_pooled.trials == 60 * 59 // 2 * 4
        assert certificate.data[0].name.startswith("registry ")
        content = (tmp_path / "c.json").read_text()
        assert not any(number(person) in content for person in range(60))

    def test_a_part_of_a_large_one(self, folder, tmp_path):
        """Always the same people are drawn."""
        ids = []
        for name in ("a.json", "b.json"):
            run("registry", folder, "--out", tmp_path / name, "--people-at-most", 40)
            ids.append(read_certificate(tmp_path / name).data[0].sha256)
            assert read_certificate(tmp_path / name).data[0].subjects == 40
        assert ids[0] == ids[1]
