"""Levels of assurance: by the settings and the certificate, reloaded without a pause."""

from __future__ import annotations

import msgspec
import pytest

from fvs.certificates.errors import CertificateError
from fvs.deployment.packs import DEFAULT_PACK, open_pack
from fvs.errors import UsageError
from fvs_server.problems import ServiceError
from fvs_server.services.levels import LevelTable
from fvs_server.settings import AssuranceLevel, EngineSettings, Settings


@pytest.fixture(scope="module")
def pack():
    """The default pack."""
    return open_pack(DEFAULT_PACK)


class TestLevelTable:
    @pytest.mark.parametrize(
        ("name", "target_fmr", "needs_session"),
        [("ial2.1", 1e-3, False), ("ial2.2", 1e-4, False), ("ial2.3", 1e-4, True)],
    )
    def test_levels_are_those_of_the_settings(self, pack, name, target_fmr, needs_session):
        """Each with the certificate's point for its target."""
        level = LevelTable(Settings(), pack).at(name)
        assert level.policy.point.target_fmr == target_fmr
        assert level.policy.pad is not None
        assert level.needs_session is needs_session
        assert level.same_person_from <= level.policy.point.threshold

    def test_pad_can_be_left_out(self, pack):
        """Where a level says so; answers then say that it was not required."""
        settings = Settings(assurance={"scans": AssuranceLevel(pad=False)})
        assert LevelTable(settings, pack).at("scans").policy.pad is None

    def test_an_unknown_level_names_those_there_are(self, pack):
        """As a violation of the request, sorted, and without what was sent."""
        with pytest.raises(ServiceError) as caught:
            LevelTable(Settings(), pack).at("ial9")
        (violation,) = caught.value.violations
        assert violation.pointer == "/assurance_level"
        named = violation.detail.english.rsplit(": ", 1)[1].rstrip(".").split(", ")
        assert "ial2.2" in named
        assert named == sorted(named)
        assert "ial9" not in str(violation)

    def test_a_target_without_a_point_is_the_deployers_mistake(self, pack):
        """A server that could not decide does not start."""
        settings = Settings(assurance={"x": AssuranceLevel(target_fmr=0.123)})
        with pytest.raises(UsageError):
            LevelTable(settings, pack)

    def test_a_bad_certificate_leaves_the_old_one_in_force(self, pack, tmp_path):
        """A reload that fails changes nothing."""
        own = tmp_path / "certificate.json"
        own.write_bytes(pack.certificate_path.read_bytes())
        signature = pack.certificate_path.with_name("certificate.json.jws")
        own.with_name("certificate.json.jws").write_bytes(signature.read_bytes())
        settings = msgspec.structs.replace(Settings(), engine=EngineSettings(certificate=str(own)))
        table = LevelTable(settings, pack)
        before = table.certificate
        table.reload()
        own.write_bytes(b"{}")
        with pytest.raises(CertificateError):
            table.reload()
        assert table.certificate == before
        assert table.at("ial2.2").certificate_id == before.certificate_id
