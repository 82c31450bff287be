"""`fvs certificate`: shown, verified, compared, signed."""

import json
import stat
from dataclasses import replace

import msgspec
import pytest
from typer.testing import CliRunner

from fvs.certificates import (
    Certificate,
    CertificateExpiredError,
    CertificateMissingError,
    CertificateOtherModelError,
    CertificateOtherPackError,
    CertificateUnknownKeyError,
    CertificateUnsignedError,
)
from fvs.certificates.files import read_certificate, signature_path, write_certificate
from fvs.certificates.signing import generate_key
from fvs.cli import certificate as command
from fvs.cli.app import app
from fvs.cli.certificate_view import print_certificate, same_capture_words
from fvs.deployment import certificates
from fvs.errors import FvsError, UsageError
from fvs.packs import shipped_models_dir
from tests import certificate_files, records
from tests.certificate_files import made_up_pack, signed

REFERENCE = shipped_models_dir() / "packs" / "reference" / "certificate.json"


def run(*words, code=0):
    """Run `fvs certificate ...`; errors are raised as `main` would see them."""
    result = CliRunner().invoke(app, ["certificate", *map(str, words)])
    if isinstance(result.exception, FvsError):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """A valid certificate of the made-up pack, by a key that this machine trusts."""
    monkeypatch.setattr(certificates, "operator_trust_dir", lambda: tmp_path / "own")
    monkeypatch.setattr(command, "open_pack", lambda _: made_up_pack())
    path, key, _ = signed(tmp_path)
    folder = tmp_path / "trust"
    folder.mkdir()
    (folder / "key.json").write_bytes(msgspec.json.encode(key.public))
    monkeypatch.setenv(certificates.TRUST_VARIABLE, str(folder))
    return path


class TestShow:
    """Needs no weights, no scipy and no trust."""

    def test_table_names_every_target_and_what_is_not_supported(self):
        """Each target has its threshold and strictest group; each refused band its reason."""
        certificate = read_certificate(REFERENCE)
        output = run("show", "--pack", "reference")
        for point in certificate.points:
            assert f"{point.target_fmr:g}" in output
            assert f"{point.threshold:.4f}" in output
            assert point.strictest_group[:12] in output  # the table may fold a long name
            for evidence in point.bands:
                assert evidence.reason in output
        for reason in certificate.unsupported_targets.values():
            assert reason in output

    def test_who_vouches_until_when_and_what_for(self):
        """Issuer, validity, licence, limits and the whole commit are told."""
        certificate = read_certificate(REFERENCE)
        output = " ".join(run("show", "--pack", "reference").split())
        for words in (
            certificate.issuer,
            certificate.expires,
            certificate.licence,
            certificate.certificate_id,
            *certificate.limits,
            f"commit {certificate.commit}, ",
        ):
            assert words in output

    def test_refusals_by_pad(self):
        """Each set has its share refused, under words that it is no BPCER."""
        output = " ".join(run("show", "--pack", "reference").split())
        for rate in read_certificate(REFERENCE).pad.refused.values():
            assert f"{rate.errors} of {rate.trials}" in output
        assert "no BPCER" in output

    def test_no_table_of_refusals_without_pictures(self, capsys):
        """Scores come without pictures: nothing is said of what PAD refused."""
        certificate = read_certificate(REFERENCE)
        assessed = msgspec.structs.replace(certificate.pad, refused={})
        bare = msgspec.structs.replace(certificate, pad=assessed, certificate_id="")
        print_certificate(bare)
        assert "Refused by PAD" not in capsys.readouterr().out

    def test_same_capture_score_and_its_errors(self):
        """How many second captures and copies reach it is printed, or that there is none."""
        point = read_certificate(REFERENCE).same_capture
        output = run("show", "--pack", "reference")
        assert f"{point.reached.errors} of {point.reached.trials} mated pairs of lfw_eval" in output
        assert f"{point.caught.errors} of {point.caught.trials} copies" in output
        assert "no score tells" in same_capture_words(None, "lfw")

    def test_json_is_the_file(self):
        """`--json` prints one document with all the evidence."""
        printed = run("show", "--pack", "reference", "--json")
        assert msgspec.json.decode(printed, type=Certificate) == read_certificate(REFERENCE)

    def test_unknown_pack(self):
        """An error that names the packs there are."""
        with pytest.raises(FvsError, match="no pack 'nobody'") as caught:
            run("show", "--pack", "nobody")
        assert "reference" in caught.value.advice

    def test_pack_without_a_certificate(self):
        """It decides nothing, and is told so."""
        with pytest.raises(CertificateMissingError, match="nothing is decided"):
            run("show", "--pack", "opencv-zoo")

    def test_distributions(self, trusted):
        """Of each what it is of, how many values and how many missing; without any, nothing."""
        assert "Distributions" not in run("show", "--file", trusted)
        stated = (certificate_files.distribution(missing=60),)
        write_certificate(trusted, certificate_files.certificate(distributions=stated), None)
        output = " ".join(run("show", "--file", trusted).split())
        assert "Distributions" in output
        for words in ("similarity", "600", "60 (10.00%)"):
            assert words in output


class TestVerify:
    def test_valid(self, trusted):
        """Who signed, and until when it counts."""
        certificate = certificate_files.certificate()
        output = run("verify", "--file", trusted)
        assert "valid" in output
        assert certificate.certificate_id in output
        assert "A tester's key" in output
        printed = json.loads(run("verify", "--file", trusted, "--json"))
        assert printed["certificate_id"] == certificate.certificate_id
        assert printed["key"]["issuer"] == "A tester's key"

    def test_shipped_certificates_are_valid(self):
        """Each is believed with what ships and nothing else."""
        for pack in ("standard", "own"):
            assert "valid" in run("verify", "--pack", pack)

    @pytest.mark.parametrize(
        ("pack", "error"),
        [
            (made_up_pack("another"), CertificateOtherPackError),
            (made_up_pack(embedder_sha256="f" * 64), CertificateOtherModelError),
        ],
    )
    def test_of_another_pack_or_other_weights(self, trusted, monkeypatch, pack, error):
        """It vouches for what was measured alone."""
        monkeypatch.setattr(command, "open_pack", lambda _: pack)
        with pytest.raises(error):
            run("verify", "--file", trusted)

    def test_by_a_stranger(self, trusted, monkeypatch):
        """Without the folder in FVS_TRUST nobody here knows the key."""
        monkeypatch.delenv(certificates.TRUST_VARIABLE)
        with pytest.raises(CertificateUnknownKeyError):
            run("verify", "--file", trusted)

    def test_without_a_signature_or_a_certificate(self, trusted):
        """Each half is missed by name."""
        signature_path(trusted).unlink()
        with pytest.raises(CertificateUnsignedError):
            run("verify", "--file", trusted)
        trusted.unlink()
        with pytest.raises(CertificateMissingError):
            run("verify", "--file", trusted)

    def test_expired(self, tmp_path, monkeypatch):
        """A year that is over is over."""
        key = generate_key("A tester")
        old = certificate_files.certificate(replace(certificate_files.TERMS, valid_days=1))
        path = tmp_path / "certificate.json"
        write_certificate(path, old, key)
        (tmp_path / "trust").mkdir()
        (tmp_path / "trust" / "key.json").write_bytes(msgspec.json.encode(key.public))
        monkeypatch.setenv(certificates.TRUST_VARIABLE, str(tmp_path / "trust"))
        with pytest.raises(CertificateExpiredError, match="expired on 2026-01-02"):
            run("verify", "--file", path)


def test_programs_are_told_the_code(fvs, tmp_path, monkeypatch):
    """Under --json an error that a program can act on has a name."""
    monkeypatch.delenv(certificates.TRUST_VARIABLE, raising=False)
    path, _, _ = signed(tmp_path)
    ran = fvs("certificate", "verify", "--file", path, "--json")
    assert ran.code == 3
    assert json.loads(ran.out)["error"]["code"] == "certificate_unknown_key"


class TestDiff:
    def test_of_a_threshold(self, tmp_path):
        """Where, before and after."""
        paths = [tmp_path / "a.json", tmp_path / "b.json"]
        for path, threshold in zip(paths, (0.5, 0.6), strict=True):
            points = (records.operating_point(threshold),)
            write_certificate(path, certificate_files.certificate(points=points), None)
        output = run("diff", *paths)
        assert "points[0.0001].threshold" in output
        printed = json.loads(run("diff", *paths, "--json"))
        change = next(c for c in printed if c["where"] == "points[0.0001].threshold")
        assert (change["before"], change["after"]) == (0.5, 0.6)
        assert "no difference" in run("diff", paths[0], paths[0])


class TestSign:
    def test_keygen_sign_verify(self, trusted, tmp_path, monkeypatch):
        """The way of an operator: a key, a signature, trust in the public half."""
        key = tmp_path / "signing-key.json"
        run("keygen", "--out", key, "--issuer", "An operator")
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        run("sign", trusted, "--key", key)
        with pytest.raises(CertificateUnknownKeyError):
            run("verify", "--file", trusted)
        folder = tmp_path / "more"
        folder.mkdir()
        (tmp_path / "signing-key.public.json").rename(folder / "an-operator.json")
        monkeypatch.setenv(certificates.TRUST_VARIABLE, str(folder))
        assert "An operator" in run("verify", "--file", trusted)
        assert "An operator" in run("trust")
        printed = json.loads(run("trust", "--json"))
        assert "An operator" in [one["issuer"] for one in printed["keys"]]

    def test_json(self, trusted, tmp_path):
        """No command prints a secret, whatever it prints."""
        key = tmp_path / "key.json"
        public = json.loads(run("keygen", "--out", key, "--issuer", "An operator", "--json"))
        secret = json.loads(key.read_bytes())["d"]
        printed = run("sign", trusted, "--key", key, "--json")
        assert json.loads(printed)["kid"] == public["kid"]
        assert secret not in printed
        assert "d" not in public

    def test_a_key_is_never_replaced(self, tmp_path):
        """A key lost is every signature lost."""
        key = tmp_path / "key.json"
        run("keygen", "--out", key, "--issuer", "An operator")
        before = key.read_bytes()
        with pytest.raises(UsageError, match="is there already"):
            run("keygen", "--out", key, "--issuer", "Another")
        assert key.read_bytes() == before

    @pytest.mark.parametrize("words", [["--issuer", " "], ["--out", "/nowhere/key.json"]])
    def test_nobody_and_nowhere(self, tmp_path, words):
        """A key is somebody's, in a folder that is there."""
        defaults = {"--out": str(tmp_path / "key.json"), "--issuer": "An operator"}
        options = defaults | {words[0]: words[1]}
        with pytest.raises(UsageError):
            run("keygen", *[word for pair in options.items() for word in pair])

    def test_signing_with_what_is_no_key(self, trusted, tmp_path):
        """A file that is missing, and one that is something else."""
        with pytest.raises(UsageError, match="cannot read"):
            run("sign", trusted, "--key", tmp_path / "nowhere.json")
        with pytest.raises(UsageError, match="no private"):
            run("sign", trusted, "--key", trusted)
