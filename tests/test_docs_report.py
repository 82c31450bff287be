"""The how-to on reports is run as it stands."""

import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from fvs.metrics import Evaluation, write_evaluation
from fvs.metrics.evaluation import OPTIONAL_COLUMNS, REQUIRED_COLUMNS
from tests.conftest import REPOSITORY

HOW_TO = (REPOSITORY / "docs" / "how-to" / "report.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", HOW_TO, re.DOTALL)
COMMANDS = [
    line.removeprefix("$ fvs ")
    for language, text in BLOCKS
    if language == "console"
    for line in text.splitlines()
]
PYTHON = [text for language, text in BLOCKS if language == "python"]
PEOPLE = 14


@pytest.fixture
def desk(shared_dir: Path, tmp_path: Path) -> Path:
    """A folder as the how-to assumes it: people, scores of them, and results of attacks."""
    people = _extract_people(shared_dir / "data" / "lfw_eval.tar", tmp_path / "people")
    pairs = list(itertools.combinations_with_replacement(range(len(people)), 2))
    first, second = np.array(pairs).T
    mated = first == second
    scores = np.random.default_rng(3).normal(np.where(mated, 0.6, 0.1), 0.1)
    evaluation = Evaluation(
        similarity=scores.astype(np.float32),
        mated=mated,
        first_subject=first,
        second_subject=second,
        group=np.where(first % 2 == second % 2, np.array(["even", "odd"])[first % 2], ""),
        first_picture=np.array([people[one][0] for one in first]),
        second_picture=np.array([people[other][1] for other in second]),
    )
    write_evaluation(evaluation, tmp_path / "scores.csv")
    shutil.copy(REPOSITORY / "benchmarks" / "results" / "pad.json", tmp_path)
    return tmp_path


def _extract_people(archive: Path, folder: Path) -> list[list[str]]:
    """Two pictures each of the first people who have as many; their names in `folder`."""
    with tarfile.open(archive) as tar:
        names = sorted(name for name in tar.getnames() if name.endswith(".jpg"))
        by_person = itertools.groupby(names, lambda name: Path(name).parent.name)
        twice = [pictures for _, group in by_person if len(pictures := list(group)) > 1][:PEOPLE]
        for name in itertools.chain.from_iterable(pictures[:2] for pictures in twice):
            path = folder / Path(name).parent.name / Path(name).name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(tar.extractfile(name).read())
    return [[f"{Path(n).parent.name}/{Path(n).name}" for n in pictures[:2]] for pictures in twice]


@pytest.mark.slow
def test_every_command_and_snippet_runs_as_shown(desk):
    """One after the other, as an operator would type them; each file named is written."""
    environment = {name: value for name, value in os.environ.items() if name != "FVS_MODELS"}
    environment |= {"XDG_CACHE_HOME": str(desk / "cache"), "HOME": str(desk)}
    programs = [["-m", "fvs", *shlex.split(command)] for command in COMMANDS]
    programs += [["-W", "error", "-c", code] for code in PYTHON]
    for words in programs:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=desk, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    for name in re.findall(r"[\w-]+\.(?:html|pdf)", HOW_TO):
        assert (desk / name).stat().st_size > 10_000


def test_there_is_something_to_run():
    """The how-to has commands and code."""
    assert len(COMMANDS) > 4
    assert PYTHON


def test_columns_are_those_that_are_read():
    """The table names only columns that scores may have, and all that they must."""
    table = HOW_TO.partition("| column")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(\w+)`", table))
    assert set(REQUIRED_COLUMNS) <= named <= {*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS}
