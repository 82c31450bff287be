"""`fvs bench`: what this machine can do."""

import json

import msgspec
import pytest

from fvs.cli.bench import BenchAnswer
from fvs.cli.common import ExitCode
from fvs.timing import STAGES

BRIEFLY = ("--seconds", "0", "--workers", "2")
"""Each measurement once."""


@pytest.mark.usefixtures("weights")
class TestBench:
    def test_measures_given_pictures(self, fvs, mated):
        """Every stage, and every number of workers up to the most."""
        ran = fvs("bench", *mated, *BRIEFLY, "--json")
        answer = msgspec.json.decode(ran.out, type=BenchAnswer)
        assert ran.code == 0
        assert list(answer.stage_cpu_ms) == list(STAGES)
        assert all(cost.p50 > 0 for cost in answer.stage_cpu_ms.values())
        assert [load.workers for load in answer.load] == [1, 2]
        assert all(load.pairs_per_s > 0 for load in answer.load)
        assert answer.not_usable == {}

    def test_measures_generated_pictures(self, fvs):
        """Without pictures it makes its own, and both show a face."""
        ran = fvs("bench", "--megapixels", "0.3", *BRIEFLY, "--json")
        answer = json.loads(ran.out)
        assert ran.code == 0
        assert len(answer["pictures"]) == 2
        assert answer["not_usable"] == {}

    def test_says_which_picture_spoils_the_measurement(self, fvs, mated, tmp_path):
        """A picture that fails is cheap; its figures must not pass for those of a verification."""
        broken = tmp_path / "broken.jpg"
        broken.write_bytes(b"no picture")
        ran = fvs("bench", mated[0], broken, *BRIEFLY)
        assert ran.code == 0
        assert "unsupported_format: later stages did not run" in ran.out

    def test_prints_tables(self, fvs, mated):
        """People read tables."""
        ran = fvs("bench", *mated, *BRIEFLY)
        assert {"detect", "liveness", "pairs/s"} <= set(ran.out.split())


class TestWrongUse:
    def test_refuses_a_picture_without_partner(self, fvs, tmp_path):
        """Pictures come in pairs."""
        ran = fvs("bench", tmp_path / "selfie.jpg")
        assert ran.code == ExitCode.WRONG_USE
        assert "SELFIE CARD" in ran.err

    @pytest.mark.parametrize("option", [("--workers", "0"), ("--seconds", "-1")])
    def test_refuses_what_cannot_be_measured(self, fvs, option):
        """No workers and no time are mistakes, not measurements."""
        assert fvs("bench", *option).code == ExitCode.WRONG_USE
