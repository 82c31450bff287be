"""No picture that a shipped model was trained on is one that it is evaluated on."""

import hashlib
import tarfile
from pathlib import Path

import pytest

from fvs.manifest import load_manifest
from fvs.packs import list_manifests, shipped_models_dir
from training.embedder.lists import is_held_out, meets
from training.trained_on import HASH_DIGITS, LISTS_DIR, TrainedOn, read_list, write_list

OWN_LICENCE = "LicenseRef-FVS-research-data"
"""The terms of every model that was trained on the pool."""


def own_models():
    """Ids of the shipped models that were trained here."""
    manifests = list_manifests(shipped_models_dir())
    return [name for name, m in manifests.items() if m.licence.spdx == OWN_LICENCE]


@pytest.fixture(scope="module")
def evaluation(shared_dir):
    """Names of the evaluation pictures and the first digits of their hashes."""
    with tarfile.open(shared_dir / "data" / "lfw_eval.tar") as archive:
        return {
            member.name: hashlib.sha256(archive.extractfile(member).read()).hexdigest()
            for member in archive
            if member.name.endswith(".jpg")
        }


class TestFormat:
    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_reads_what_was_written(self, tmp_path: Path, count: int):
        """Sorted by name, hashes cut short; the same bytes however the rows came."""
        names = tuple(f"b c/{i}.jpg" for i in reversed(range(count)))
        hashes = tuple(hashlib.sha256(name.encode()).hexdigest() for name in names)
        write_list(tmp_path / "a.gz", TrainedOn("m", "0" * 64, hashes, names))
        write_list(tmp_path / "b.gz", TrainedOn("m", "0" * 64, hashes[::-1], names[::-1]))
        assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
        back = read_list(tmp_path / "a.gz")
        assert back.files == names[::-1]
        assert back.hashes == tuple(digest[:HASH_DIGITS] for digest in hashes[::-1])


class TestShippedModels:
    def test_each_has_a_list_and_no_list_is_left_over(self):
        """A model without a list could have been trained on anything."""
        listed = [path.name.removesuffix(".txt.gz") for path in LISTS_DIR.glob("*.txt.gz")]
        assert sorted(listed) == sorted(own_models())

    @pytest.mark.parametrize("model_id", own_models())
    def test_the_list_is_of_these_weights(self, model_id: str):
        """Weights that are trained anew need a list of their own."""
        manifest = load_manifest(shipped_models_dir() / model_id)
        trained_on = read_list(LISTS_DIR / f"{model_id}.txt.gz")
        assert (trained_on.model_id, trained_on.weights_sha256) == (manifest.id, manifest.sha256)
        assert len(trained_on.files) > 1_000

    @pytest.mark.parametrize("model_id", own_models())
    def test_nothing_held_out_was_trained_on(self, model_id: str):
        """Error rates by age, sex and group are measured on every fifth picture."""
        files = read_list(LISTS_DIR / f"{model_id}.txt.gz").files
        assert not [file for file in files if is_held_out(file)]

    @pytest.mark.parametrize("model_id", own_models())
    def test_nothing_of_the_evaluation_was_trained_on(self, model_id: str, evaluation):
        """No name, no person and no bytes of the evaluation pictures."""
        trained_on = read_list(LISTS_DIR / f"{model_id}.txt.gz")
        hashes = {digest[:HASH_DIGITS] for digest in evaluation.values()}
        assert len(evaluation) == 7701
        assert meets(trained_on.files, trained_on.hashes, evaluation, hashes) == []

    @pytest.mark.parametrize("model_id", own_models())
    def test_the_list_names_the_pool(self, model_id: str, shared_dir: Path):
        """Every picture listed is one of the pool's, so that none hides under another name."""
        with (shared_dir / "data" / "pool_labels.csv").open() as stream:
            pool = {line.split(",", 1)[0] for line in stream}
        assert set(read_list(LISTS_DIR / f"{model_id}.txt.gz").files) <= pool
