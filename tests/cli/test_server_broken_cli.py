"""A broken installation: the server says what is missing before it listens, and shows no secret."""

import shutil

import pytest

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
