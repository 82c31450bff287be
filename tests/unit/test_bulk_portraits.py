"""Portraits become templates in workers as they would here, and a bad picture is only its own."""

import hashlib
import pickle

import numpy as np
import pytest

from fvs.bulk.portraits import PortraitExtraction, Portraits, in_chunks
from fvs.engine import Engine
from fvs.packs import load_pack, shipped_models_dir
from fvs.status import Role


@pytest.fixture(scope="module")
def pack():
    """The pack that ships and is quickest."""
    return load_pack("own", shipped_models_dir())


@pytest.fixture(scope="module")
def extraction(pack):
    """Of selfies: people in LFW are no cards."""
    return PortraitExtraction(pack, Role.SELFIE)


@pytest.fixture(scope="module")
def paths(mated, non_mated, tmp_path_factory):
    """Two usable pictures, and three that are none."""
    folder = tmp_path_factory.mktemp("portraits")
    (folder / "empty.jpg").touch()
    (folder / "text.jpg").write_text("no picture")
    return [mated[0], folder / "empty.jpg", non_mated[1], folder / "text.jpg", folder / "none.jpg"]


def test_nothing(extraction):
    """An empty chunk has no rows."""
    assert len(extraction([])) == 0


def test_rows(extraction, paths, pack):
    """Each row has its template as the engine makes it, or its own refusal; order is kept."""
    portraits = extraction(paths)
    contents = [path.read_bytes() if path.exists() else b"" for path in paths]
    expected = Engine.from_pack(pack).enrol(contents, Role.SELFIE)
    assert portraits.templates == expected
    assert [bool(template) for template in expected] == [True, False, True, False, False]
    assert portraits.refusals == ((), ("empty_file",), (), ("unsupported_format",), ("empty_file",))
    assert np.isfinite(portraits.quality).tolist() == [True, False, True, False, False]
    digests = [hashlib.sha256(content).digest() for content in contents[:4]]
    assert portraits.sha256 == (*digests, b"")


def test_contents_as_paths(extraction, paths):
    """Bytes give what their file gives."""
    by_path, by_content = extraction(paths[:4]), extraction([p.read_bytes() for p in paths[:4]])
    assert by_path.templates == by_content.templates
    assert by_path.sha256 == by_content.sha256


def test_shown_without_content(extraction, paths):
    """Printing shows counts, no template and no digest."""
    assert repr(extraction(paths)) == "Portraits(n=5, refused=3)"


def test_small_to_send(extraction):
    """What crosses to a worker names files and holds no networks."""
    assert len(pickle.dumps(extraction)) < 20_000


def test_in_workers(worker_processes, extraction, paths):
    """Worker processes give what this process gives, chunk by chunk."""
    here = extraction(paths)
    parts = list(worker_processes.map(extraction, in_chunks(paths, 2)))
    there = Portraits.concatenate(parts)
    assert there.templates == here.templates
    assert there.refusals == here.refusals
    np.testing.assert_array_equal(there.status, here.status)


@pytest.mark.parametrize(
    ("count", "size", "lengths"), [(0, 3, []), (3, 3, [3]), (4, 3, [3, 1]), (2, 3, [2])]
)
def test_chunks(count, size, lengths):
    """Chunks are whole but for the last, lose nothing and keep the order."""
    chunks = list(in_chunks(iter(range(count)), size))
    assert [len(chunk) for chunk in chunks] == lengths
    assert [item for chunk in chunks for item in chunk] == list(range(count))
