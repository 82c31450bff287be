"""What must not be written anywhere is looked for everywhere: log, database files, answers."""

from __future__ import annotations

import base64
import logging

import pytest

from fvs_server.identity.principal import Scope
from tests.registry_desk import number
from tests.server.identity_fixtures import issue
from tests.server.identity_tokens import token
from tests.server.light_engine import picture

PERSON, STRANGER = 5, 999
VERIFY, COMPARE, SESSIONS = (
    "/v1/face-verifications",
    "/v1/face-comparisons",
    "/v1/liveness-sessions",
)


@pytest.fixture
def secret(registry_services) -> dict[str, bytes]:
    """What was sent, by what it is."""
    issued = issue(registry_services, Scope.VERIFY, Scope.COMPARE, Scope.SCORES)
    frame = picture(PERSON)
    return {
        "key": issued.text.reveal().encode(),
        "key's secret": issued.text.secret.reveal(),
        "bad key": b"fvs_0123456789abcdef_" + b"Q" * 43,
        "token": token().encode(),
        "number": number(PERSON).encode(),
        "unknown number": number(STRANGER).encode(),
        "picture": frame,
        "picture in base64": base64.b64encode(frame),
    }


def used(client, secret: dict[str, bytes]) -> list[str]:
    """Answers to good and bad requests of every kind."""
    headers = {"Authorization": f"Bearer {secret['key'].decode()}"}
    frame = secret["picture in base64"].decode()
    common = {"purpose": "open_account", "consent_reference": "c-1", "assurance_level": "ial2.2"}
    subjects = [
        {"kind": "citizen_id", "number": secret[name].decode()}
        for name in ("number", "unknown number")
    ]
    answers = []
    for subject in subjects:
        answers += [
            client.post(SESSIONS, json={"subject": subject}, headers=headers),
            client.post(
                VERIFY, json={**common, "subject": subject, "frames": [frame]}, headers=headers
            ),
            client.post(VERIFY, json={"subject": subject, "frames": [[frame]]}, headers=headers),
            client.post(
                VERIFY, json={**common, "subject": [subject], "frames": frame}, headers=headers
            ),
            client.post(f"/v1/{subject['number']}", headers=headers),
        ]
    answers.append(
        client.post(COMPARE, json={**common, "selfie": frame, "card": frame}, headers=headers)
    )
    for bad in ("bad key", "token"):
        wrong = {"Authorization": f"Bearer {secret[bad].decode()}"}
        answers.append(client.post(VERIFY, json={"frames": [frame]}, headers=wrong))
    assert {200, 201, 400, 401, 404} <= {answer.status_code for answer in answers}
    assert all(answer.status_code < 500 for answer in answers)
    return [answer.text for answer in answers]


def found_in(content: bytes, secret: dict[str, bytes]) -> list[str]:
    """What of it is there."""
    return [name for name, value in secret.items() if value in content]


def test_the_search_finds_what_is_there(secret):
    """Each is found in a text that holds it."""
    assert found_in(b"|".join(secret.values()), secret) == list(secret)


@pytest.fixture
def loggers_on(monkeypatch):
    """Ours, which a tool that another test ran in this process may have turned off."""
    for name, logger in logging.root.manager.loggerDict.items():
        if name.startswith("fvs") and isinstance(logger, logging.Logger):
            monkeypatch.setattr(logger, "disabled", False)


@pytest.mark.usefixtures("loggers_on")
def test_nothing_is_written_anywhere(registry_client, secret, tmp_path, caplog):
    """Neither at any level of our log, nor in the database's files, nor in an answer."""
    with caplog.at_level(logging.DEBUG):
        answers = used(registry_client, secret)
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("fvs"))
    assert ours
    assert found_in(ours.encode(), secret) == []
    # The test's own client logs the addresses that it asks for, and we asked for a number.
    logged = "\n".join(f"{r.getMessage()} {r.args} {r.exc_text}" for r in caplog.records)
    assert set(found_in(logged.encode(), secret)) <= {"number", "unknown number"}
    files = [path for path in tmp_path.rglob("server.db*") if path.is_file()]
    assert any(b"c-1" in path.read_bytes() for path in files)
    assert [found_in(path.read_bytes(), secret) for path in files] == [[]] * len(files)
    assert [found_in(text.encode(), secret) for text in answers] == [[]] * len(answers)
