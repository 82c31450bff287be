"""Weight files get to their place whole or not at all."""

import hashlib
import io

import pytest

from fvs.errors import ModelIntegrityError
from fvs.model_store import (
    CHUNK_BYTES,
    Identity,
    holds,
    problem_with,
    sha256_of,
    weights_path,
    write_verified,
)
from tests import tiny_onnx


def identity_of(content):
    """What a file with this content is expected to be."""
    return Identity(hashlib.sha256(content).hexdigest(), len(content))


SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1]


class Endless:
    """A source that never ends, and counts what is read of it."""

    def __init__(self):
        self.read_bytes = 0

    def read(self, size):
        """As much as is wanted."""
        self.read_bytes += size
        return b"\0" * size


@pytest.mark.parametrize("size", SIZES)
def test_hash(size):
    """The hash is that of all bytes, however many chunks they make."""
    content = bytes(size)
    assert sha256_of(io.BytesIO(content)) == identity_of(content).sha256


@pytest.mark.parametrize("size", SIZES)
def test_write(tmp_path, size):
    """What was expected arrives, in folders made for it."""
    content = bytes(size)
    target = tmp_path / "a" / "b" / "file"
    write_verified(io.BytesIO(content), target, identity_of(content))
    assert target.read_bytes() == content
    assert holds(target, identity_of(content))
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("wrong", [b"", b"goo", b"good!", b"evil"])
def test_write_refuses(tmp_path, wrong):
    """Other bytes leave the file as it was, and nothing beside it."""
    target = tmp_path / "file"
    target.write_bytes(b"before")
    with pytest.raises(ModelIntegrityError, match="other bytes"):
        write_verified(io.BytesIO(wrong), target, identity_of(b"good"))
    assert target.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [target]


def test_write_is_capped(tmp_path):
    """No more than one byte too many is read of a source that has no end."""
    source = Endless()
    with pytest.raises(ModelIntegrityError):
        write_verified(source, tmp_path / "file", identity_of(b"\0" * 10))
    assert source.read_bytes == 11


def test_write_survives_a_failing_source(tmp_path):
    """A source that fails half-way leaves nothing behind."""

    class Failing:
        def read(self, _size):
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        write_verified(Failing(), tmp_path / "file", identity_of(b"x"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"goo", b"evil", b"good!"])
def test_holds_nothing_else(tmp_path, content):
    """Only the exact bytes are held; a missing file and a folder hold none."""
    expected = identity_of(b"good")
    path = tmp_path / "file"
    assert not holds(path, expected)
    assert not holds(tmp_path, expected)
    path.write_bytes(content)
    assert not holds(path, expected)


def test_problem(tmp_path):
    """A good file has no problem, a bad one is described."""
    content = tiny_onnx.embedder_bytes()
    manifest = tiny_onnx.manifest_of(content)
    path = weights_path(tmp_path, manifest)
    assert "cannot read" in problem_with(manifest, path)
    tiny_onnx.write(path.parent, content)
    assert problem_with(manifest, path) == ""
    path.write_bytes(content[:-1])
    assert "not the file" in problem_with(manifest, path)
