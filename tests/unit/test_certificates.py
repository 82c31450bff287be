"""Certificates: only bytes that a trusted key vouches for, in time and of these weights, decide."""

import base64
import json
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from joserfc import jws as joserfc_jws
from joserfc.jwk import OctKey, OKPKey

from fvs.certificates import (
    CertificateAlgorithmError,
    CertificateError,
    CertificateExpiredError,
    CertificateMalformedError,
    CertificateMissingError,
    CertificateNotYetValidError,
    CertificateOtherModelError,
    CertificateOtherPackError,
    CertificateTamperedError,
    CertificateUnknownKeyError,
    CertificateUnsignedError,
    TrustStore,
    TrustStoreError,
    decode_certificate,
    errors,
    issue,
    load_certificate,
    write_certificate,
)
from fvs.certificates.diff import diff_certificates
from fvs.certificates.files import read_certificate, signature_path
from fvs.certificates.records import encode_certificate, is_certificate
from fvs.certificates.signing import (
    JWS_TYPE,
    generate_key,
    parse_private_key,
    sign_bytes,
    verify_bytes,
)
from fvs.errors import ManifestError, UsageError
from fvs.operating_points import OperatingPoints
from tests import records
from tests.certificate_files import (
    NOW,
    TERMS,
    certificate,
    distribution,
    made_up_pack,
    signed,
)


def encoded(content):
    """base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def with_header(path, key, **members):
    """Sign a file again under another header, by the same key, as its owner could."""
    from fvs.certificates import signing  # noqa: PLC0415 - to sign what it would not

    header = {"alg": "Ed25519", "kid": key.kid, "typ": JWS_TYPE} | members
    protected = encoded(json.dumps(header).encode())
    signature = signing._private_key(key).sign(f"{protected}.{encoded(path.read_bytes())}".encode())
    signature_path(path).write_text(f"{protected}..{encoded(signature)}\n")


class TestLoad:
    """One thing wrong at a time, each with its own error."""

    def test_what_was_written_is_read(self, tmp_path):
        """A signed certificate in its time comes back as it was."""
        path, _, trust = signed(tmp_path)
        assert load_certificate(path, trust, NOW) == certificate()

    def test_missing(self, tmp_path):
        """A pack without a certificate decides nothing, and is told what does."""
        with pytest.raises(CertificateMissingError) as caught:
            load_certificate(tmp_path / "certificate.json", TrustStore.of(), NOW)
        assert "fvs calibrate" in caught.value.advice

    def test_unsigned(self, tmp_path):
        """A certificate alone is a text file."""
        path, _, trust = signed(tmp_path)
        signature_path(path).unlink()
        with pytest.raises(CertificateUnsignedError, match="not signed"):
            load_certificate(path, trust, NOW)

    @pytest.mark.parametrize(
        "jws", [b"", b"a.b.c", b"..", b"e30..", b"!..!", b"\xff", b"bm90IGpzb24..AA", b"W10..AA"]
    )
    def test_a_signature_that_is_none(self, tmp_path, jws):
        """Garbage, an attached payload or a header that is no object."""
        path, _, trust = signed(tmp_path)
        signature_path(path).write_bytes(jws)
        with pytest.raises(CertificateUnsignedError):
            load_certificate(path, trust, NOW)

    @pytest.mark.parametrize("members", [{"typ": "JWT"}, {"crit": ["b64"]}, {"b64": False}])
    def test_a_signature_of_something_else(self, tmp_path, members):
        """A token signed by a trusted key for another purpose vouches for nothing here."""
        path, key, trust = signed(tmp_path)
        with_header(path, key, **members)
        with pytest.raises(CertificateUnsignedError):
            load_certificate(path, trust, NOW)

    @pytest.mark.parametrize("place", [5, -5])
    @pytest.mark.parametrize("end", [".json", ".jws"])
    def test_tampered(self, tmp_path, place, end):
        """One byte changed anywhere, in the document or the signature."""
        path, _, trust = signed(tmp_path)
        changed = path if end == ".json" else signature_path(path)
        content = bytearray(changed.read_bytes())
        content[place] = ord("A") if content[place] != ord("A") else ord("B")
        changed.write_bytes(content)
        with pytest.raises(CertificateError) as caught:
            load_certificate(path, trust, NOW)
        assert isinstance(caught.value, CertificateTamperedError | CertificateUnsignedError)

    def test_the_same_document_laid_out_otherwise_is_tampered_with(self, tmp_path):
        """The bytes are signed, not what they mean."""
        path, _, trust = signed(tmp_path)
        path.write_bytes(msgspec.json.encode(msgspec.json.decode(path.read_bytes())))
        with pytest.raises(CertificateTamperedError):
            load_certificate(path, trust, NOW)

    def test_signature_of_another_certificate(self, tmp_path):
        """A signature cannot be moved to a document with a lower threshold."""
        path, key, trust = signed(tmp_path)
        other = certificate(points=(records.operating_point(0.1),))
        path.write_bytes(encode_certificate(other))
        with pytest.raises(CertificateTamperedError):
            load_certificate(path, trust, NOW)
        assert key.kid in trust.keys

    def test_unknown_key(self, tmp_path):
        """Whoever can write a folder can sign: only keys that are trusted count."""
        path, key, _ = signed(tmp_path)
        stranger = generate_key("A stranger")
        with pytest.raises(CertificateUnknownKeyError, match=key.kid):
            load_certificate(path, TrustStore.of(stranger.public), NOW)

    def test_a_key_that_calls_itself_by_a_trusted_name(self, tmp_path):
        """The name in the header chooses the trusted key; the signature must be by that one."""
        path, _, trust = signed(tmp_path)
        stranger = generate_key("A stranger")
        with_header(path, stranger, kid=next(iter(trust.keys)))
        with pytest.raises(CertificateTamperedError):
            load_certificate(path, trust, NOW)

    @pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "ed25519", ""])
    def test_wrong_algorithm(self, tmp_path, algorithm):
        """`none`, a MAC with the public key as its secret, and anything else but Ed25519."""
        path, key, trust = signed(tmp_path)
        with_header(path, key, alg=algorithm)
        with pytest.raises(CertificateAlgorithmError):
            load_certificate(path, trust, NOW)

    def test_mac_with_the_public_key(self, tmp_path):
        """The classic confusion: HS256 keyed with what everybody knows."""
        path, key, trust = signed(tmp_path)
        secret = OctKey.import_key(base64.urlsafe_b64decode(key.x + "="))
        header = {"alg": "HS256", "kid": key.kid, "typ": JWS_TYPE}
        compact = joserfc_jws.serialize_compact(header, path.read_bytes(), secret)
        parts = compact.split(".")
        signature_path(path).write_text(f"{parts[0]}..{parts[2]}")
        with pytest.raises(CertificateAlgorithmError, match="HS256"):
            load_certificate(path, trust, NOW)

    @pytest.mark.parametrize(
        ("moment", "error"),
        [
            (TERMS.issued - timedelta(seconds=1), CertificateNotYetValidError),
            (TERMS.issued, None),
            (TERMS.issued + timedelta(days=365, seconds=-1), None),
            (TERMS.issued + timedelta(days=365), CertificateExpiredError),
        ],
    )
    def test_in_its_time_alone(self, tmp_path, moment, error):
        """From `issued` on, until `expires`, which does not belong to it."""
        path, _, trust = signed(tmp_path)
        if error is None:
            assert load_certificate(path, trust, moment) == certificate()
        else:
            with pytest.raises(error):
                load_certificate(path, trust, moment)

    def test_bytes_that_nobody_vouches_for_are_not_parsed(self, tmp_path):
        """The signature is looked at first."""
        path, _, trust = signed(tmp_path)
        path.write_bytes(b"{")
        with pytest.raises(CertificateTamperedError):
            load_certificate(path, trust, NOW)

    def test_signed_nonsense(self, tmp_path):
        """A trusted key can sign what is no certificate."""
        path, key, trust = signed(tmp_path)
        path.write_bytes(b'{"pack": "made-up"}')
        signature_path(path).write_bytes(sign_bytes(path.read_bytes(), key))
        with pytest.raises(CertificateMalformedError):
            load_certificate(path, trust, NOW)

    def test_every_error_has_a_code_of_its_own_and_advice(self):
        """Programs can tell them apart, and all are mistakes of the deployer."""
        kinds = [getattr(errors, name) for name in errors.__all__]
        assert len({kind.code for kind in kinds}) == len(kinds)
        assert all(issubclass(kind, ManifestError) for kind in kinds)


class TestRequireModels:
    @pytest.mark.parametrize(
        ("pack", "error", "words"),
        [
            (made_up_pack(), None, ""),
            (made_up_pack("other"), CertificateOtherPackError, "not of 'other'"),
            (made_up_pack(embedder_sha256="f" * 64), CertificateOtherModelError, "other weights"),
            (made_up_pack(pad=1), CertificateOtherModelError, "no PAD point"),
        ],
        ids=["its own", "another pack", "another embedder", "PAD without a point"],
    )
    def test_of_this_pack_with_these_weights(self, pack, error, words):
        """What was measured with other weights says nothing about these."""
        if error is None:
            certificate().require_models(pack)
        else:
            with pytest.raises(error, match=words):
                certificate().require_models(pack)


class TestRecord:
    def test_round_trip(self):
        """What is encoded is decoded the same."""
        assert decode_certificate(encode_certificate(certificate())) == certificate()

    def test_id_follows_from_the_content(self):
        """Equal content has equal ids; any change another, in the evidence or the terms."""
        ids = {
            certificate().certificate_id,
            certificate(points=(records.operating_point(0.51),)).certificate_id,
            certificate(replace(TERMS, issuer="Another")).certificate_id,
            certificate(replace(TERMS, valid_days=366)).certificate_id,
        }
        assert len(ids) == 4
        assert certificate().certificate_id == certificate().certificate_id

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("treshold", 0.5),
            ("certificate_id", ""),
            ("certificate_id", "0" * 32),
            ("issuer", "Somebody else"),
            ("expires", "2025-01-01T00:00:00+00:00"),
            ("expires", "2027-01-01T00:00:00"),
            ("expires", "soon"),
            ("format", "fvs-certificate/2"),
        ],
    )
    def test_refuses_what_contradicts_itself(self, key, value):
        """A misspelt key, an id that is none or another's, a validity that is none."""
        document = msgspec.json.decode(encode_certificate(certificate()))
        document[key] = value
        with pytest.raises(CertificateMalformedError):
            decode_certificate(msgspec.json.encode(document))

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"pack": "\xff"}', b"[]", b"null"])
    def test_of_garbage_is_a_clear_error(self, content):
        """A damaged file is told without a traceback."""
        with pytest.raises(CertificateMalformedError):
            decode_certificate(content)

    @pytest.mark.parametrize("change", [{"issuer": " "}, {"valid_days": 0}])
    def test_somebody_vouches_for_some_time(self, change):
        """Nobody, or no time, is refused."""
        with pytest.raises(UsageError):
            issue(records.operating_points(), replace(TERMS, **change))

    def test_issued_anew(self):
        """A certificate is operating points, and can be vouched for by somebody else."""
        anew = issue(certificate(), replace(TERMS, issuer="Another"))
        assert isinstance(anew, OperatingPoints)
        assert (anew.issuer, anew.points) == ("Another", certificate().points)


class TestSigning:
    """Both directions against joserfc, which knows nothing of our code."""

    def test_joserfc_verifies_what_we_sign(self):
        """A detached signature with the payload put back is a JWS that others read."""
        key = generate_key("A tester")
        header, _, signature = sign_bytes(b"content", key).decode().strip().split(".")
        public = OKPKey.import_key({"kty": key.kty, "crv": key.crv, "x": key.x})
        compact = f"{header}.{encoded(b'content')}.{signature}"
        verified = joserfc_jws.deserialize_compact(compact, public, algorithms=["Ed25519"])
        assert verified.payload == b"content"
        assert verified.headers() == {"alg": "Ed25519", "kid": key.kid, "typ": JWS_TYPE}
        assert public.thumbprint() == key.kid

    def test_we_verify_what_joserfc_signs(self):
        """Signers need not be ours."""
        okp = OKPKey.generate_key("Ed25519")
        exported = okp.as_dict(private=True)
        content = msgspec.json.encode(
            {name: exported[name] for name in ("kty", "crv", "x", "d")} | {"kid": okp.thumbprint()}
        )
        key = parse_private_key(content)
        header = {"alg": "Ed25519", "kid": key.kid, "typ": JWS_TYPE}
        compact = joserfc_jws.serialize_compact(header, b"content", okp, algorithms=["Ed25519"])
        detached = joserfc_jws.detach_compact_content(compact).encode()
        assert verify_bytes(b"content", detached, {key.kid: key.public}) == key.public

    def test_older_name_of_the_algorithm(self, tmp_path):
        """`EdDSA` by an Ed25519 key is the same signature."""
        path, key, trust = signed(tmp_path)
        with_header(path, key, alg="EdDSA")
        assert load_certificate(path, trust, NOW) == certificate()

    def test_secret_is_not_shown(self):
        """A private key in a log is a public one."""
        key = generate_key("A tester")
        assert key.d not in repr(key)
        with pytest.raises(UsageError) as caught:
            parse_private_key(msgspec.json.encode(key).replace(b'"OKP"', b'"EC"'))
        assert key.d not in str(caught.value)
        assert caught.value.__cause__ is None

    @pytest.mark.parametrize("content", [b"", b"{}", b"\xff"])
    def test_private_key_that_is_none(self, content):
        """A clear refusal."""
        with pytest.raises(UsageError, match="no private Ed25519 JWK"):
            parse_private_key(content)

    def test_halves_of_two_keys(self):
        """A secret under another's public half would sign what nobody can check."""
        one, other = generate_key("one"), generate_key("other")
        mixed = msgspec.structs.replace(one, d=other.d)
        with pytest.raises(UsageError):
            parse_private_key(msgspec.json.encode(mixed))


class TestTrustStore:
    def test_reads_every_key_of_every_folder(self, tmp_path):
        """A folder that is not there holds none."""
        keys = [generate_key(str(number)).public for number in range(3)]
        for number, key in enumerate(keys):
            folder = tmp_path / str(number % 2)
            folder.mkdir(exist_ok=True)
            (folder / f"{number}.json").write_bytes(msgspec.json.encode(key))
        store = TrustStore.open([tmp_path / "0", tmp_path / "1", tmp_path / "nowhere"])
        assert store.keys == {key.kid: key for key in keys}

    def test_empty_trusts_nobody(self, tmp_path):
        """No certificate is believed."""
        path, _, _ = signed(tmp_path)
        with pytest.raises(CertificateUnknownKeyError):
            load_certificate(path, TrustStore.open([]), NOW)

    def test_refuses_a_private_key(self, tmp_path):
        """A secret has no business where it is only read."""
        (tmp_path / "key.json").write_bytes(msgspec.json.encode(generate_key("A tester")))
        with pytest.raises(TrustStoreError, match="private"):
            TrustStore.open([tmp_path])

    @pytest.mark.parametrize(
        "change", [{"kid": "x"}, {"crv": "X25519"}, {"kty": "EC"}, {"x": "AAAA"}, {"use": "sig"}]
    )
    def test_refuses_what_is_no_key(self, tmp_path, change):
        """Another type, another length, a name that is not its thumbprint, an unknown member."""
        document = msgspec.to_builtins(generate_key("A tester").public) | change
        (tmp_path / "key.json").write_bytes(msgspec.json.encode(document))
        with pytest.raises(TrustStoreError):
            TrustStore.open([tmp_path])


class TestFiles:
    def test_without_a_key_an_old_signature_goes(self, tmp_path):
        """No file is left that looks signed and is not."""
        path, _, _ = signed(tmp_path)
        write_certificate(path, certificate(), None)
        assert not signature_path(path).exists()
        assert read_certificate(path) == certificate()


class TestDiff:
    def test_equal_certificates_do_not_differ(self):
        """Nothing is told."""
        assert diff_certificates(certificate(), certificate()) == ()

    def test_names_every_value_that_differs(self):
        """A threshold is found under its target, a band under its name, whatever their order."""
        before = certificate()
        point = before.points[0]
        turned = msgspec.structs.replace(point, bands=point.bands[::-1])
        assert diff_certificates(before, certificate(points=(turned,)))[0].where == "certificate_id"
        raised = records.operating_point(0.7)
        changes = {c.where: c for c in diff_certificates(before, certificate(points=(raised,)))}
        assert changes.keys() == {
            "certificate_id",
            "points[0.0001].threshold",
            "points[0.0001].bands[20-39].threshold",
        }
        threshold = changes["points[0.0001].threshold"]
        assert (threshold.before, threshold.after) == (0.5, 0.7)

    def test_of_distributions_what_people_are_shown(self):
        """Counts and percentiles under the signal's name; bins and samples are left out."""
        before = certificate(distributions=(distribution(),))
        after = certificate(distributions=(distribution(mean=0.5, missing=3),))
        changes = {change.where: change for change in diff_certificates(before, after)}
        assert changes.keys() == {
            "certificate_id",
            *(
                f"distributions[similarity].{field}"
                for field in ("missing", "fifth_percentile", "median", "ninety_fifth_percentile")
            ),
        }
        assert changes["distributions[similarity].missing"].after == 3

    def test_of_what_one_lacks(self):
        """A point that is gone is told as a whole."""
        changes = diff_certificates(certificate(), certificate(points=()))
        gone = next(change for change in changes if change.where == "points[0.0001]")
        assert gone.after is None


class TestDistributions:
    def test_are_part_of_what_is_signed(self):
        """They are read as written, and belong to the id like any other field."""
        with_them = certificate(distributions=(distribution(),))
        assert decode_certificate(encode_certificate(with_them)) == with_them
        assert with_them.certificate_id != certificate().certificate_id
        with pytest.raises(ValueError, match="not of this content"):
            msgspec.structs.replace(with_them, distributions=())

    def test_a_certificate_without_them_stays_what_it_was(self):
        """The field is not written where it is empty, so that older ids hold."""
        assert b"distributions" not in encode_certificate(certificate())

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (b"", False),
            (b"[]", False),
            (b"\xff", False),
            (b'{"kind": "fvs baseline 1"}', False),
            (b'{"format": 1}', False),
            (b'{"format": "fvs-certificate/9"}', True),
            (encode_certificate(certificate()), True),
        ],
    )
    def test_a_file_says_whether_it_is_one(self, content, expected):
        """By its format, whatever the version; anything else is none."""
        assert is_certificate(content) is expected
