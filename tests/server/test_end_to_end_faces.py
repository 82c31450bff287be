"""Real faces, real networks and a real socket, on both databases."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest

from fvs.deployment.packs import MODELS_VARIABLE, open_engine
from fvs.engine import EngineSettings
from fvs.registry.enrolment import Enrolment
from fvs.registry.records import TemplateKind
from fvs.status import Role
from fvs.subjects import SubjectId, SubjectKind
from fvs_server.app import create_app
from fvs_server.audit.log import log_size
from fvs_server.identity import Scope
from fvs_server.settings import AssuranceLevel, DatabaseSettings, RegistrySettings
from fvs_server.wiring import open_services
from tests.registry_desk import number
from tests.server.conftest import new_registry
from tests.server.identity_fixtures import bearer, served

if TYPE_CHECKING:
    from pathlib import Path

KNOWN, UNKNOWN = 77_001, 88_002


@pytest.fixture(scope="module")
def real_engine(reference_pack):
    """The engine of the reference pack."""
    return open_engine(reference_pack, EngineSettings(workers=1))


@pytest.fixture
def own_registry(tmp_path, shared_dir, monkeypatch):
    """An empty registry of the reference pack, whose weights are found by the environment."""
    monkeypatch.setenv(MODELS_VARIABLE, str(shared_dir / "models"))
    return new_registry(tmp_path / "registry", "reference")


@pytest.fixture(params=["sqlite", "postgres"])
def real_settings(request, server_settings, own_registry):
    """Settings on either database, with a registry, and levels that take scans."""
    if request.param == "postgres":
        opened = request.getfixturevalue("postgres_database")
        url = opened._engine.url.render_as_string(hide_password=False)
        server_settings = msgspec.structs.replace(
            server_settings, database=DatabaseSettings(url=url)
        )
    return msgspec.structs.replace(
        server_settings,
        registry=RegistrySettings(folder=str(own_registry)),
        assurance={"scans": AssuranceLevel(target_fmr=1e-3, pad=False), "live": AssuranceLevel()},
    )


@pytest.fixture
def caller(real_settings, server_secrets, real_engine, mated):
    """Services, and a client of a server with one person enrolled."""
    with open_services(real_settings, server_secrets, engine=real_engine) as services:
        enrol(services, mated[0])
        with (
            served(create_app(services)) as port,
            httpx.Client(
                base_url=f"http://127.0.0.1:{port}",
                headers=bearer(services, Scope.VERIFY, Scope.COMPARE, Scope.SCORES),
                timeout=60,
                trust_env=False,
            ) as client,
        ):
            yield services, client


def enrol(services, path: Path) -> None:
    """Keep a portrait under the known number."""
    content = path.read_bytes()
    (template,) = services.faces.engine.enrol([content], Role.CARD)
    enrolment = Enrolment(
        subject=SubjectId.parse(SubjectKind.CITIZEN_ID, number(KNOWN)),
        template=template,
        kind=TemplateKind.CARD,
        legal_basis="made up",
        portrait_sha256=hashlib.sha256(content).digest(),
    )
    services.faces.registry.enrol([enrolment])


def verify(client: httpx.Client, person: int, *frames: bytes, level: str = "scans") -> dict:
    """The answer to a verification."""
    answer = client.post(
        "/v1/face-verifications",
        json={
            "subject": {"kind": "citizen_id", "number": number(person)},
            "frames": [base64.b64encode(frame).decode() for frame in frames],
            "purpose": "open_account",
            "consent_reference": "c-1",
            "assurance_level": level,
        },
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestFaces:
    def test_a_person_is_told_from_others(self, caller, mated, non_mated):
        """Under their own number they match, strangers and unknown numbers do not; all is kept."""
        services, client = caller
        same, other = mated[1].read_bytes(), non_mated[1].read_bytes()
        matched = verify(client, KNOWN, same)
        assert matched["decision"] == "match", matched["reasons"]
        refused, unknown = verify(client, KNOWN, other), verify(client, UNKNOWN, other + b"\0")
        for answer in (refused, unknown):
            assert answer["decision"] == "no_match"
            assert -1 < answer["score_detail"]["score"] < answer["score_detail"]["threshold"]
        assert refused["reasons"] == unknown["reasons"]
        with services.database.reading() as connection:
            assert log_size(connection) == 3

    def test_two_people_in_one_request_are_seen(self, caller, mated, non_mated):
        """The frames do not show one person."""
        _, client = caller
        answer = verify(client, KNOWN, mated[1].read_bytes(), non_mated[1].read_bytes())
        codes = [reason["code"] for reason in answer["reasons"]]
        assert "frames_differ" in codes
        assert answer["decision"] != "match"

    def test_quality_has_iso_names(self, caller, mated):
        """Each frame with its components and the unified score."""
        _, client = caller
        (frame,) = verify(client, KNOWN, mated[1].read_bytes(), level="live")["frames"]
        assert {"unified_quality_score", "head_pose_yaw", "sharpness"} <= frame["quality"].keys()

    def test_a_selfie_is_compared_with_a_card(self, caller, mated):
        """Multipart, with files as they are."""
        _, client = caller
        request = b'{"purpose":"p","consent_reference":"c","assurance_level":"scans"}'
        answer = client.post(
            "/v1/face-comparisons",
            files={
                "request": (None, request, "application/json"),
                "selfie": ("selfie.jpg", mated[1].read_bytes(), "image/jpeg"),
                "card": ("card.jpg", mated[0].read_bytes(), "image/jpeg"),
            },
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["card"]["status"] in {"ok", "quality_too_low"}


@pytest.fixture
def sqlite_files(tmp_path):
    """Contents of all files that the server's SQLite database is in."""
    return lambda: b"".join(path.read_bytes() for path in tmp_path.glob("server.db*"))


def test_no_number_or_face_is_in_the_database(
    server_settings, own_registry, server_secrets, real_engine, mated, sqlite_files
):
    """Rule: neither the number, nor bytes of the picture, nor of its template are kept."""
    settings = msgspec.structs.replace(
        server_settings,
        registry=RegistrySettings(folder=str(own_registry)),
        assurance={"scans": AssuranceLevel(target_fmr=1e-3, pad=False)},
    )
    picture = mated[1].read_bytes()
    with open_services(settings, server_secrets, engine=real_engine) as services:
        enrol(services, mated[0])
        headers = bearer(services, Scope.VERIFY)
        with (
            served(create_app(services)) as port,
            httpx.Client(
                base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False
            ) as client,
        ):
            verify(client, KNOWN, picture)
        samples = real_engine.extract_here([picture], Role.SELFIE)
    kept = sqlite_files()
    assert number(KNOWN).encode() not in kept
    assert picture[200:264] not in kept
    assert samples.embeddings.vectors[0].tobytes()[:32] not in kept
