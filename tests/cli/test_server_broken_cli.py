"""A broken installation: the server says what is missing before it listens, and shows no secret."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from fvs.cli.exit_codes import ExitCode
from fvs.manifest import load_manifest
from fvs.packs import list_packs, shipped_models_dir
from fvs.registry.keys import KeyRing
from fvs_server.database import Database
from fvs_server.secrets import ServerSecrets
from tests.server.conftest import registry_folder  # noqa: F401 - a fixture


@pytest.fixture
def home(tmp_path):
    """Of a server that would start: `server.toml`, `secrets.json`, `server.db`."""
    url = f"sqlite:///{tmp_path / 'server.db'}"
    database = Database.open(url)
    database.migrate()
    database.close()
    ServerSecrets.generate().write(tmp_path / "secrets.json")
    (tmp_path / "server.toml").write_text(
        f"[database]\nurl = '{url}'\n[secrets]\nfile = '{tmp_path / 'secrets.json'}'\n"
    )
    return tmp_path


@pytest.fixture
def check(fvs, home):
    """Checks it, with more lines of settings."""

    def run(more: str = ""):
        file = home / "server.toml"
        file.write_text(file.read_text() + more)
        return fvs("server", "config", "check", "--settings", str(file))

    return run


def assert_refused(ran, *words: str) -> None:
    """Exit code 3, the words, an advice, and no trace."""
    assert ran.code == ExitCode.WRONG_USE
    assert all(word in ran.err for word in words), ran.err
    assert "Traceback" not in ran.err


def test_a_whole_one_would_start(check):
    """The yardstick of the others."""
    assert check().code == ExitCode.MATCH


def test_a_pack_that_is_nowhere(check):
    """Named, with where it was looked for."""
    assert_refused(check("[engine]\npack = 'nobodys'\n"), "nobodys")


def test_a_model_that_is_missing(check, home, monkeypatch):
    """The pack is known, its weights do not ship and are nowhere."""
    monkeypatch.setenv("FVS_MODELS", str(home))
    assert_refused(check("[engine]\npack = 'reference'\n"), ".onnx")


def test_a_model_that_is_damaged(check, home, monkeypatch):
    """Files of the right names that are not what the manifests say."""
    monkeypatch.setenv("FVS_MODELS", str(home))
    spec = list_packs(shipped_models_dir())["reference"]
    for model in (spec.detector, spec.embedder, *spec.pad):
        manifest = load_manifest(shipped_models_dir() / model)
        (home / manifest.file).write_bytes(bytes(manifest.size_bytes))
    assert_refused(check("[engine]\npack = 'reference'\n"), "sha256")


def test_secrets_that_are_missing(check, home):
    """They cannot be made again: the advice is not to make others."""
    (home / "secrets.json").unlink()
    assert_refused(check(), "secrets.json")


def test_secrets_that_others_can_read(check, home):
    """Refused until they are the owner's alone."""
    (home / "secrets.json").chmod(0o644)
    assert_refused(check(), "chmod 600")


def test_a_database_without_tables(check, home):
    """It is not made in passing: who forgot to migrate may have named the wrong one."""
    (home / "server.db").unlink()
    assert_refused(check(), "migrate")


def test_a_registry_without_its_keys(check, home, registry_folder):  # noqa: F811 - a fixture
    """Without the key ring no template can be opened, and the server does not pretend."""
    own = home / "people"
    shutil.copytree(registry_folder, own)
    spec = (own / "registry.toml").read_text()
    ring = registry_folder.parent / "keys.json"
    assert str(ring) in spec
    (own / "registry.toml").write_text(spec.replace(str(ring), str(home / "lost.json")))
    assert_refused(check(f"[registry]\nfolder = '{own}'\n"), "lost.json")


def test_another_registrys_keys(check, home, registry_folder):  # noqa: F811 - a fixture
    """A ring that is not this registry's is found when the server starts."""
    own = home / "people"
    shutil.copytree(registry_folder, own)
    other = home / "other-keys.json"
    ring = registry_folder.parent / "keys.json"
    KeyRing.generate().write(other)
    spec = (own / "registry.toml").read_text()
    (own / "registry.toml").write_text(spec.replace(str(ring), str(other)))
    assert_refused(check(f"[registry]\nfolder = '{own}'\n"), "key")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('[limits]\nrate_per_s = "20"\n', ("server.toml", "limits.rate_per_s")),
        ('[http]\nport = "8443"\n', ("server.toml", "http.port")),
        ("[limitz]\n", ("server.toml", "limitz")),
        ("[http]\npublic_url = 'fvs.example'\n", ("public_url", "https://fvs.example")),
        ("[http]\npublic_url = 'https://fvs.example/'\n", ("public_url", "slash")),
        ("[http]\npublic_url = 'https://fvs.example?a'\n", ("public_url",)),
        ("[registry]\nfolder = '/nowhere'\n", ("/nowhere", "[registry] folder")),
        ("[engine]\ncertificate = 'none.json'\n", ("none.json", "[engine] certificate")),
        ('[assurance."high.1"]\ntarget_fmr = 1e-7\n', ('[assurance."high.1"]', "0.0001")),
    ],
)
def test_a_setting_that_cannot_be(check, more, words):
    """Is refused before anything starts: what and where it stands, and which key to correct."""
    ran = check(more)
    assert ran.code == ExitCode.WRONG_USE
    shown = " ".join(ran.err.split())
    assert all(word in shown for word in words), shown
    assert "--registry" not in shown
    assert "--fmr" not in shown


@pytest.mark.parametrize("url", ["https://fvs.example", "http://10.0.0.7:8443", "https://a.b/fvs"])
def test_a_name_of_the_service(check, url):
    """May have a port and a path."""
    assert check(f"[http]\npublic_url = '{url}'\n").code == ExitCode.MATCH


@pytest.mark.parametrize(("pack", "is_told"), [("own", True), ("standard", False)])
def test_a_pack_that_is_not_used(check, registry_folder, pack, is_told):  # noqa: F811 - a fixture
    """Where there is a registry its pack goes before; who named another is told."""
    ran = check(f"[registry]\nfolder = '{registry_folder}'\n[engine]\npack = '{pack}'\n")
    assert ran.code == ExitCode.MATCH
    assert ("[engine] pack" in ran.err) is is_told


@pytest.mark.parametrize(
    ("variable", "text"),
    [("FVS_SERVER_HTTP_PORTT", "1"), ("FVS_SERVER_HTTP_PORT", "many"), ("FVS_SERVER_NO_KEY", "1")],
)
def test_a_variable_that_cannot_be(check, monkeypatch, variable, text):
    """Is named, and not the file, which is right."""
    monkeypatch.setenv(variable, text)
    ran = check()
    assert_refused(ran, variable)
    assert "server.toml" not in ran.err.replace("docs/reference/server-toml.md", "")


class TestTls:
    """Certificate and key are loaded before the server listens."""

    @pytest.fixture
    def pair(self, home):
        """A certificate and its key; and the key of another."""
        names = SimpleNamespace(cert=home / "a.crt", key=home / "a.key", other=home / "b.key")
        write_certificate(names.cert, names.key)
        write_certificate(home / "b.crt", names.other)
        return names

    def test_a_pair(self, check, pair):
        """Would start."""
        more = f"[http]\ntls_certificate = '{pair.cert}'\ntls_key = '{pair.key}'\n"
        assert check(more).code == ExitCode.MATCH

    @pytest.mark.parametrize(
        ("certificate", "key", "words"),
        [
            ("cert", None, "tls_key"),
            (None, "key", "tls_certificate"),
            ("missing", "key", "missing"),
            ("cert", "missing", "missing"),
            ("cert", "other", "its key"),
            ("key", "key", "its key"),
        ],
    )
    def test_what_is_none(self, check, home, pair, certificate, key, words):
        """Is refused and named."""
        settings = {"tls_certificate": certificate, "tls_key": key}
        lines = [
            f"{name} = '{getattr(pair, file, home / file)}'\n"
            for name, file in settings.items()
            if file is not None
        ]
        assert_refused(check("[http]\n" + "".join(lines)), words)


def write_certificate(certificate: Path, key: Path) -> None:
    """A certificate that signs itself, and its key, both in PEM."""
    private = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fvs.example")])
    day = datetime(2026, 11, 26, tzinfo=UTC)
    made = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(day)
        .not_valid_after(day + timedelta(days=1))
        .sign(private, None)
    )
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
