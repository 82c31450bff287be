"""The proxy of deploy/nginx before a real server: it hands certificates on, not forgeries."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fvs_client import Client, ClientOptions, client_certificate
from fvs_client.calls import begin_liveness_session
from fvs_client.errors import AuthenticationError
from fvs_client.records import Subject
from fvs_server.app import create_app
from fvs_server.identity import Scope
from fvs_server.identity.settings import MappedCertificate, MtlsSettings
from fvs_server.settings import HttpSettings
from fvs_server.wiring import open_services
from tests.conftest import REPOSITORY
from tests.registry_desk import number
from tests.server.identity_fixtures import BANK, bearer, served
from tests.server.identity_tokens import client_cert

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="no nginx on PATH")

SITE = (REPOSITORY / "deploy" / "nginx" / "fvs.conf").read_text()
CALL = begin_liveness_session(Subject(kind="citizen_id", number=number(1)))
_WAIT_S = 5.0


class Authority:
    """Vouches for whom it likes."""

    def __init__(self, folder, name: str) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._signed(_named(name), self.key.public_key(), is_authority=True)
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str) -> x509.Certificate:
        """A certificate for this machine; `name`.crt and `name`.key in the folder."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(_named(name), key.public_key(), is_authority=False)
        pem = serialization.Encoding.PEM
        (self.folder / f"{name}.crt").write_bytes(certificate.public_bytes(pem))
        (self.folder / f"{name}.key").write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        return certificate

    def _signed(self, subject: x509.Name, key, *, is_authority: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        identifier = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        usage = dict.fromkeys(_USAGES, False) | {
            "key_cert_sign" if is_authority else "digital_signature": True
        }
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if is_authority else self.certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
                critical=False,
            )
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def free_port() -> int:
    """One that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.fixture
def authority(tmp_path) -> Authority:
    """For the service and its callers."""
    return Authority(tmp_path, "clients")


@pytest.fixture
def services(server_settings, server_secrets, light_engine, authority):
    """Behind a proxy on this machine; the bank's certificate stands for the bank."""
    sha256 = authority.issue("bank").fingerprint(hashes.SHA256()).hex()
    bank = MappedCertificate(idp=BANK, scopes=(Scope.VERIFY,), sha256=sha256)
    settings = msgspec.structs.replace(
        server_settings,
        http=HttpSettings(trusted_proxies=("127.0.0.1",)),
        mtls=MtlsSettings(certificates=(bank,)),
    )
    with open_services(settings, server_secrets, engine=light_engine) as opened:
        yield opened


def configuration(tmp_path, port: int, upstream: int) -> str:
    """The site as it is, but for places: address, files, the service."""
    site = (
        SITE.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
        .replace("/etc/nginx/tls", str(tmp_path))
        .replace("server server:8080", f"server 127.0.0.1:{upstream}")
    )
    (tmp_path / "site.conf").write_text(site)
    temporary = "".join(
        f"{name}_temp_path {tmp_path}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}"
        f" http {{ access_log off; {temporary} include {tmp_path}/site.conf; }}"
    )


@pytest.fixture
def proxy(tmp_path, authority, services):
    """Address of nginx before the service."""
    authority.issue("server")
    port = free_port()
    with served(create_app(services)) as upstream:
        file = tmp_path / "nginx.conf"
        file.write_text(configuration(tmp_path, port, upstream))
        program = [shutil.which("nginx"), "-e", str(tmp_path / "error.log"), "-c", str(file)]
        subprocess.run([*program, "-t"], check=True, capture_output=True)
        process = subprocess.Popen(program)
        try:
            _wait_for(port)
            yield f"https://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int) -> None:
    ends_at = time.monotonic() + _WAIT_S
    while time.monotonic() < ends_at:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError("nginx does not listen")


def options(authority: Authority, name: str) -> ClientOptions:
    """Of a caller who shows a certificate."""
    folder = authority.folder
    return ClientOptions(
        tls=client_certificate(
            str(folder / f"{name}.crt"),
            str(folder / f"{name}.key"),
            authorities=str(authority.file),
        )
    )


def trusting(authority: Authority) -> ssl.SSLContext:
    """For callers without a certificate."""
    return ssl.create_default_context(cafile=str(authority.file))


class TestMutualTls:
    def test_a_certificate_stands_for_its_idp(self, proxy, authority):
        """Through TLS, nginx and RFC 9440, to the client's certificate as it was shown."""
        with Client(proxy, options=options(authority, "bank")) as client:
            assert client.send(CALL).id

    def test_one_that_is_not_registered(self, proxy, authority):
        """The authority vouches for it; the service does not know it."""
        authority.issue("stranger")
        with (
            Client(proxy, options=options(authority, "stranger")) as client,
            pytest.raises(AuthenticationError),
        ):
            client.send(CALL)

    def test_one_of_another_authority(self, proxy, authority, tmp_path):
        """Nginx does not hand it on."""
        others = tmp_path / "others"
        others.mkdir()
        Authority(others, "clients").issue("bank")
        shown = client_certificate(
            str(others / "bank.crt"), str(others / "bank.key"), authorities=str(authority.file)
        )
        with httpx.Client(verify=shown, trust_env=False) as client:
            answer = client.post(f"{proxy}/v1/liveness-sessions", content=CALL.body)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "text/html"

    def test_a_certificate_that_is_only_written_down(self, proxy, authority, services):
        """What a caller writes into Client-Cert or X-Forwarded-For does not reach the service."""
        bank = x509.load_pem_x509_certificate((authority.folder / "bank.crt").read_bytes())
        field = client_cert(bank.public_bytes(serialization.Encoding.DER))
        forged = {"Client-Cert": field, "X-Forwarded-For": "127.0.0.1"}
        with httpx.Client(verify=trusting(authority), trust_env=False) as client:
            answer = client.post(
                f"{proxy}/v1/liveness-sessions",
                content=CALL.body,
                headers={**forged, "Content-Type": "application/json"},
            )
            assert answer.status_code == 401
            with_key = client.post(
                f"{proxy}/v1/liveness-sessions",
                content=CALL.body,
                headers={**bearer(services), "Content-Type": "application/json"},
            )
        assert with_key.status_code == 201

    def test_metrics_are_for_operators(self, proxy, authority):
        """They do not pass; the rest does."""
        with httpx.Client(verify=trusting(authority), trust_env=False, base_url=proxy) as client:
            assert client.get("/metrics").status_code == 404
            assert client.get("/health/live").json() == {"live": True}
