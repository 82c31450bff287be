"""The how-to on calibration is run as it stands, and the reference names every field."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import msgspec
import pytest

from fvs import operating_points
from fvs.certificates import Certificate, errors
from fvs.distributions import Distribution
from tests.conftest import REPOSITORY
from tests.score_tables import columns, write_csv

HOW_TO = (REPOSITORY / "docs" / "how-to" / "calibrate.md").read_text()
REFERENCE = (REPOSITORY / "docs" / "reference" / "certificate.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", HOW_TO, re.DOTALL)
COMMANDS = [
    line.removeprefix("$ ")
    for language, text in BLOCKS
    if language == "console"
    for line in text.splitlines()
]
PYTHON = [text for language, text in BLOCKS if language == "python"]
RECORDS = [
    Certificate,
    Distribution,
    *(
        getattr(operating_points, name)
        for name in operating_points.__all__
        if isinstance(getattr(operating_points, name), type)
    ),
]
PEOPLE = 90


@pytest.fixture
def desk(shared_dir: Path, tmp_path: Path, mated: tuple[Path, Path]) -> Path:
    """A folder as the how-to assumes it: people, pairs, scores, a selfie and a card."""
    _extract_people(shared_dir / "data" / "lfw_eval.tar", tmp_path / "faces")
    for source, name in zip(mated, ("selfie.jpg", "card.jpg"), strict=True):
        (tmp_path / name).write_bytes(source.read_bytes())
    people = sorted(path.name for path in (tmp_path / "faces").iterdir())
    rows = ["first_picture,second_picture,mated,first_subject,second_subject"]
    for one in people:
        for other in people[people.index(one) :]:
            first, second = _two_of(tmp_path, one)[0], _two_of(tmp_path, other)[1]
            rows.append(f"{first},{second},{int(one == other)},{one},{other}")
    (tmp_path / "pairs.csv").write_text("\n".join(rows))
    write_csv(tmp_path / "scores.csv", columns(PEOPLE))
    return tmp_path


def _extract_people(archive: Path, folder: Path) -> None:
    """Two pictures each of the first people who have as many."""
    with tarfile.open(archive) as tar:
        by_person: dict[str, list[tarfile.TarInfo]] = {}
        for info in tar:
            person, _, name = info.name.removeprefix("./").rpartition("/")
            if name.endswith(".jpg"):
                by_person.setdefault(person, []).append(info)
        twice = [person for person in sorted(by_person) if len(by_person[person]) > 1][:PEOPLE]
        for person in twice:
            (folder / Path(person).name).mkdir(parents=True)
            for info in by_person[person][:2]:
                content = tar.extractfile(info).read()
                (folder / Path(person).name / Path(info.name).name).write_bytes(content)


def _two_of(desk: Path, person: str) -> list[str]:
    return sorted(str(path.relative_to(desk)) for path in (desk / "faces" / person).iterdir())


@pytest.mark.slow
def test_every_command_and_snippet_runs_as_shown(desk):
    """One after the other, as an operator would type them."""
    environment = {name: value for name, value in os.environ.items() if name != "FVS_MODELS"}
    environment |= {"XDG_CACHE_HOME": str(desk / "cache"), "HOME": str(desk)}
    fvs = f'fvs() {{ {sys.executable} -m fvs "$@"; }}\n'
    for command in COMMANDS:
        done = subprocess.run(
            [shutil.which("bash"), "-c", fvs + command],
            cwd=desk, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        answers = (0, 1, 2) if " verify selfie" in command else (0,)
        assert done.returncode in answers, command + done.stdout + done.stderr
    for code in PYTHON:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            cwd=desk, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_there_is_something_to_run():
    """The how-to has commands and code."""
    assert len(COMMANDS) > 8
    assert PYTHON


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_field_is_explained(record):
    """The reference names each field of each record that a certificate is made of."""
    if not issubclass(record, msgspec.Struct):
        pytest.fail(f"{record} is no record")
    missing = [name for name in record.__struct_fields__ if f"`{name}`" not in REFERENCE]
    assert not missing


def test_every_refusal_is_explained():
    """The reference names the code of each error that a certificate can be refused with."""
    codes = {getattr(errors, name).code for name in errors.__all__}
    shown = set(re.findall(r"`(certificate_\w+)`", REFERENCE)) - {"certificate_id"}
    assert codes - {"certificate", "trust_store"} == shown
