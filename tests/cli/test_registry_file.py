"""`registry.toml`: typed, strict, and free of secrets."""

import stat

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.deployment.registry_file import (
    FILE_NAME,
    DuplicatesSpec,
    EnrolmentSpec,
    IndexSpec,
    KeysSpec,
    PostgresSpec,
    RegistrySpec,
    SqliteSpec,
    read_spec,
    write_spec,
)
from fvs.errors import DeploymentError, UsageError
from fvs.registry.days import LONGEST_RETENTION_DAYS

LEAST = """
store = { kind = "sqlite" }
keys = { file = "/keys/ring.json" }
enrolment = { legal_basis = "consent" }
format = "fvs-registry-1"
"""
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
specs = st.builds(
    RegistrySpec,
    pack=words,
    store=st.one_of(
        st.builds(SqliteSpec, file=words),
        st.builds(PostgresSpec, dsn_variable=words, schema=words),
    ),
    keys=st.builds(KeysSpec, file=words),
    enrolment=st.builds(
        EnrolmentSpec,
        legal_basis=words,
        retain_days=st.none() | st.integers(1, LONGEST_RETENTION_DAYS),
    ),
    duplicates=st.none() | st.builds(DuplicatesSpec, purpose=words, legal_basis=words),
    index=st.builds(IndexSpec),
)


def written(folder, text):
    """A registry's folder with this file."""
    (folder / FILE_NAME).write_text(text)
    return folder


@settings(max_examples=30)
@given(spec=specs)
def test_is_read_as_it_was_written(spec, tmp_path_factory):
    """Any text may stand in it; only its owner may read it."""
    folder = tmp_path_factory.mktemp("registry")
    write_spec(folder, spec)
    assert read_spec(folder) == spec
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600


def test_what_is_left_out_has_defaults(tmp_path):
    """The pack ships, one file, no expiry, nobody is searched for."""
    spec = read_spec(written(tmp_path, LEAST))
    assert spec.pack == "standard"
    assert spec.store == SqliteSpec()
    assert spec.enrolment.retain_days is None
    assert spec.duplicates is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("format", "farmat"),
        ("consent", ""),
        ('"sqlite"', '"oracle"'),
        ('"sqlite"', '"sqlite", fiel = "a.db"'),
        ("fvs-registry-1", "fvs-registry-2"),
        ('legal_basis = "consent"', 'legal_basis = "consent", retain_days = 0'),
        ('legal_basis = "consent"', 'legal_basis = "consent", retain_days = 54901'),
        ('legal_basis = "consent"', ""),
        ("store", "store = 1\nstore"),
    ],
)
def test_what_is_misspelt_is_refused(tmp_path, old, new):
    """A key that nobody reads would be an instruction that nobody follows."""
    with pytest.raises(DeploymentError, match=FILE_NAME) as refused:
        read_spec(written(tmp_path, LEAST.replace(old, new, 1)))
    assert refused.value.advice


def test_a_folder_without_one_is_no_registry(tmp_path):
    """The advice says how to name or make one."""
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError, match="holds no registry") as refused:
            read_spec(folder)
        assert "--registry" in refused.value.advice


def test_never_replaces_one(tmp_path):
    """A registry is made once."""
    spec = msgspec.toml.decode(LEAST, type=RegistrySpec)
    write_spec(tmp_path, spec)
    with pytest.raises(UsageError, match="is there already"):
        write_spec(tmp_path, spec)
