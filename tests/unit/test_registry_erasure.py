"""Erasure proofs verify with the public key alone, and not after any change."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from fvs.errors import UsageError
from fvs.registry.erasure import Erasure, public_key_id, sign_erasure, verify_erasure
from fvs.registry.errors import ErasureProofError
from fvs.registry.keys import KeyRing
from fvs.subjects import Private

KEYS = KeyRing.from_master_key(Private(bytes(range(1, 33))))
ERASURE = Erasure(
    registry_id="registry-1",
    subject=bytes(range(32)),
    record_ids=(b"\1" * 16, b"\2" * 16),
    erased_at=datetime(2026, 11, 23, 20, 15, tzinfo=UTC),
    revision=7,
)
PROOF = sign_erasure(ERASURE, KEYS)


def canonical(value) -> bytes:
    """Canonical JSON by the standard library."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def changed(change) -> bytes:
    """The proof after a change, in canonical form again."""
    document = json.loads(PROOF)
    change(document)
    return canonical(document)


class TestRoundTrip:
    def test_the_statement_comes_back(self):
        """Whoever has the public key reads what was erased."""
        assert verify_erasure(PROOF, KEYS.public_key) == ERASURE

    @given(
        registry_id=st.text(max_size=9),
        record_ids=st.lists(st.binary(min_size=1, max_size=4), min_size=1, max_size=4),
        erased_at=st.datetimes(timezones=st.just(UTC)),
        revision=st.integers(0, 2**63 - 1),
    )
    def test_proofs_are_canonical(self, registry_id, record_ids, erased_at, revision):
        """Sorted keys, no spaces, UTF-8: as the standard library writes it."""
        erasure = Erasure(
            registry_id=registry_id,
            subject=b"subject",
            record_ids=record_ids,
            erased_at=erased_at,
            revision=revision,
        )
        proof = sign_erasure(erasure, KEYS)
        assert canonical(json.loads(proof)) == proof
        stated = verify_erasure(proof, KEYS.public_key)
        assert stated == msgspec.structs.replace(erasure, record_ids=tuple(sorted(set(record_ids))))

    def test_order_and_zone_do_not_matter(self):
        """One erasure has one proof: Ed25519 is deterministic."""
        bangkok = timezone(timedelta(hours=7))
        same = msgspec.structs.replace(
            ERASURE,
            record_ids=ERASURE.record_ids[::-1],
            erased_at=ERASURE.erased_at.astimezone(bangkok),
        )
        assert sign_erasure(same, KEYS) == PROOF

    def test_the_layout_stays(self):
        """Proofs outlive versions: the layout, literally."""
        document = json.loads(PROOF)
        signature = document.pop("signature")
        assert document == {
            "erasure": {
                "erased_at": "2026-11-23T20:15:00Z",
                "record_ids": ["01" * 16, "02" * 16],
                "registry_id": "registry-1",
                "revision": 7,
                "subject": bytes(range(32)).hex(),
            },
            "format": "fvs-erasure-1",
            "kid": public_key_id(KEYS.public_key),
        }
        public_key = Ed25519PublicKey.from_public_bytes(KEYS.public_key)
        public_key.verify(bytes.fromhex(signature), canonical(document))

    def test_other_programs_can_check_it(self, tmp_path):
        """An auditor needs JSON and OpenSSL, not this engine."""
        openssl = shutil.which("openssl")
        if openssl is None:
            pytest.skip("the openssl command is not installed")
        document = json.loads(PROOF)
        (tmp_path / "signature").write_bytes(bytes.fromhex(document.pop("signature")))
        (tmp_path / "statement").write_bytes(canonical(document))
        key = Ed25519PublicKey.from_public_bytes(KEYS.public_key)
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / "key.pem").write_bytes(pem)
        check = [openssl, "pkeyutl", "-verify", "-pubin", "-rawin", "-inkey", "key.pem"]
        check += ["-in", "statement", "-sigfile", "signature"]
        assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 0
        (tmp_path / "statement").write_bytes(canonical(document) + b" ")
        assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode != 0


class TestRefusals:
    @pytest.mark.parametrize(
        "change",
        [
            lambda proof: proof["erasure"].update(revision=8),
            lambda proof: proof["erasure"].update(registry_id="registry-2"),
            lambda proof: proof["erasure"].update(subject="00" * 32),
            lambda proof: proof["erasure"].update(erased_at="2026-11-23T20:15:01Z"),
            lambda proof: proof["erasure"]["record_ids"].append("03" * 16),
            lambda proof: proof["erasure"]["record_ids"].pop(),
            lambda proof: proof["erasure"]["record_ids"].reverse(),
            lambda proof: proof.update(signature="00" * 64),
            lambda proof: proof.update(signature=proof["signature"][:-2]),
        ],
    )
    def test_a_changed_statement_is_noticed(self, change):
        """Every field is signed."""
        with pytest.raises(ErasureProofError, match="does not fit") as refusal:
            verify_erasure(changed(change), KEYS.public_key)
        assert refusal.value.code == "erasure_proof"

    @pytest.mark.parametrize(
        "change",
        [
            lambda proof: proof.pop("signature"),
            lambda proof: proof.pop("erasure"),
            lambda proof: proof.update(format="fvs-erasure-2"),
            lambda proof: proof.update(more=1),
            lambda proof: proof["erasure"].update(more=1),
            lambda proof: proof["erasure"].update(revision="7"),
            lambda proof: proof["erasure"].update(subject="xyz"),
            lambda proof: proof["erasure"].update(subject="00\n"),
            lambda proof: proof["erasure"].update(erased_at="yesterday"),
            lambda proof: proof.update(signature=proof["signature"].upper()),
        ],
    )
    def test_another_form_is_refused(self, change):
        """Before any signature is looked at."""
        with pytest.raises(ErasureProofError, match="no erasure proof"):
            verify_erasure(changed(change), KEYS.public_key)

    @pytest.mark.parametrize(
        "proof",
        [
            PROOF + b"\n",
            b" " + PROOF,
            PROOF.replace(b":7", b":7.0"),
            PROOF.replace(b":7", b": 7"),
            PROOF.replace(b"registry-1", rb"registry\u002d1"),
            PROOF.replace(b'"revision":7', b'"revision":8,"revision":7'),
            PROOF.replace(b"20:15:00Z", b"20:15:00+00:00"),
        ],
    )
    def test_only_the_canonical_form_is_a_proof(self, proof):
        """What reads the same to one program may read otherwise to another."""
        assert proof != PROOF
        with pytest.raises(ErasureProofError, match=r"canonical form|no erasure proof"):
            verify_erasure(proof, KEYS.public_key)

    @given(position=st.integers(0, len(PROOF) - 1), bit=st.integers(0, 7))
    def test_one_bit_is_enough(self, position, bit):
        """Anywhere."""
        proof = bytearray(PROOF)
        proof[position] ^= 1 << bit
        with pytest.raises(ErasureProofError):
            verify_erasure(bytes(proof), KEYS.public_key)

    @given(proof=st.binary(max_size=40))
    def test_other_bytes_are_refused(self, proof):
        """With the same error."""
        with pytest.raises(ErasureProofError):
            verify_erasure(proof, KEYS.public_key)

    def test_other_signers_are_told_apart(self):
        """A wrong key is no forgery: the error names the key that signed."""
        with pytest.raises(ErasureProofError, match=public_key_id(KEYS.public_key)):
            verify_erasure(PROOF, KeyRing.generate().public_key)

    def test_an_impostor_does_not_pass(self):
        """Signed by another key under our key's name."""
        other = KeyRing.generate()

        def impersonate(document):
            del document["signature"]
            document["signature"] = other.sign(canonical(document)).hex()

        with pytest.raises(ErasureProofError, match="does not fit"):
            verify_erasure(changed(impersonate), KEYS.public_key)

    def test_public_keys_are_32_bytes(self):
        """A PEM file is a usual mistake."""
        with pytest.raises(UsageError, match="32 bytes"):
            verify_erasure(PROOF, b"-----BEGIN PUBLIC KEY-----")

    def test_nothing_erased_is_no_erasure(self):
        """Nor is one at a time that is not fixed."""
        for fault in ({"record_ids": ()}, {"erased_at": datetime(2026, 1, 1)}):  # noqa: DTZ001 - the fault
            with pytest.raises(UsageError):
                sign_erasure(msgspec.structs.replace(ERASURE, **fault), KEYS)
