"""Bulk imports: sent, enrolled in the background, followed, cancelled, resumed."""

from __future__ import annotations

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from litestar.testing import TestClient
from sqlalchemy import select, update

from fvs_server.app import create_app
from fvs_server.audit.events import Action
from fvs_server.enrolment.queue import ImportQueue
from fvs_server.enrolment.service import Enrolment
from fvs_server.enrolment.settings import ImportSettings
from fvs_server.enrolment.tables import import_jobs, import_rows
from fvs_server.enrolment.worker import ImportWorker
from fvs_server.identity import Scope
from fvs_server.inference import Deadline
from fvs_server.wiring import open_services
from tests.registry_desk import number
from tests.server.enrol_fixtures import (
    AUTHORITY,
    NDJSON,
    ZIP,
    archive,
    events,
    ndjson,
    portrait,
    subject,
)
from tests.server.identity_fixtures import bearer
from tests.server.light_engine import picture


def send(office, *rows: dict, kind: dict = NDJSON, content: bytes = b"") -> dict:
    """Send an import."""
    answer = office.client.post(
        "/v1/import-jobs", content=content or ndjson(rows), headers=office.headers | kind
    )
    assert answer.status_code == 202, answer.text
    return answer.json()


def follow(office, job: dict) -> dict:
    """How far it is."""
    answer = office.client.get(f"/v1/import-jobs/{job['id']}", headers=office.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refusals(office, job: dict) -> list[tuple[int, str]]:
    """Refused rows."""
    path = f"/v1/import-jobs/{job['id']}/refusals"
    answer = office.client.get(path, headers=office.headers).json()
    return [(each["row"], each["code"]) for each in answer["refusals"]]


def counts(job: dict) -> tuple[int, ...]:
    """Of rows, by outcome."""
    return tuple(job[name] for name in ("waiting", "enrolled", "unchanged", "refused", "cancelled"))


def work(office) -> None:
    """Until nothing waits."""
    while office.authority.worker.work_once():
        pass


def held(office, person: int) -> list[str]:
    """The status of each portrait of a person."""
    answer = office.client.post(
        "/v1/subjects/lookup", json={"subject": subject(person)}, headers=office.headers
    )
    return [record["status"] for record in answer.json()["portraits"]]


def other_worker(office) -> tuple[ImportWorker, ImportQueue]:
    """That of another replica."""
    queue = office.authority.worker._queue
    replica = ImportQueue(
        settings=queue.settings,
        database=queue.database,
        notes=queue.notes,
        clock=queue.clock,
        holder=ImportQueue.new_holder(),
    )
    seal = office.authority.imports.seal
    return ImportWorker(replica, seal, office.authority.enrolment), replica


class TestImport:
    def test_rows_are_enrolled_in_the_background(self, any_office):
        """Each row comes to its end, on either database; refusals are rows and codes."""
        office = any_office
        same = portrait(1, picture(1))
        job = send(
            office, same, portrait(2, picture(2)), portrait(3, b"none"), same, {"subject": {}}
        )
        assert (job["state"], counts(job)) == ("waiting", (4, 0, 0, 1, 0))
        work(office)
        done = follow(office, job)
        assert (done["state"], counts(done)) == ("done", (0, 2, 1, 2, 0))
        assert done["finished_at"]
        assert refusals(office, job) == [(3, "unsupported_format"), (5, "row_not_understood")]
        assert done["refused_by_code"] == {"unsupported_format": 1, "row_not_understood": 1}
        assert [held(office, person) for person in (1, 2, 3)] == [["active"], ["active"], []]

    def test_an_archive_is_imported_like_rows(self, office):
        """Its pictures are those that its table names."""
        rows = [{"number": number(n), "picture": f"{n}.jpg"} for n in (1, 2)]
        content = archive(rows, {f"{n}.jpg": picture(n) for n in (1, 2)})
        job = send(office, kind=ZIP, content=content)
        work(office)
        assert counts(follow(office, job)) == (0, 2, 0, 0, 0)

    def test_importing_again_changes_nothing(self, office):
        """Portraits are known by their bytes, before they are decoded."""
        rows = [portrait(n, picture(n)) for n in range(3)]
        first, second = send(office, *rows), send(office, *rows)
        work(office)
        assert counts(follow(office, first)) == (0, 3, 0, 0, 0)
        assert counts(follow(office, second)) == (0, 0, 3, 0, 0)

    def test_every_portrait_is_in_the_audit_log(self, office):
        """As done by whoever sent the import; and the import itself."""
        job = send(office, portrait(1, picture(1)), portrait(2, b"none"))
        work(office)
        sent, *rows = events(office.services)
        assert (sent.action, sent.about) == (Action.IMPORT, job["id"])
        assert [row.decision for row in rows] == ["enrolled", "refused"]
        assert {row.key_id for row in rows} == {sent.key_id}
        assert [row.reasons for row in rows] == [(), ("unsupported_format",)]

    def test_a_failure_of_the_service_is_the_row_s_own(self, office, monkeypatch):
        """A picture that the engine breaks on does not stop the others."""
        look_at = Enrolment.look_at

        def breaks_on_the_first(enrolment, content, deadline):
            if b'"face": 1,' in content:
                raise ZeroDivisionError
            return look_at(enrolment, content, deadline)

        monkeypatch.setattr(Enrolment, "look_at", breaks_on_the_first)
        job = send(office, portrait(1, picture(1)), portrait(2, picture(2)))
        work(office)
        assert refusals(office, job) == [(1, "failed")]
        assert held(office, 2) == ["active"]

    def test_a_thread_does_it_without_being_asked(
        self, authority_settings, server_secrets, light_engine
    ):
        """From the opening of the services until their end."""
        with (
            open_services(authority_settings, server_secrets, engine=light_engine) as services,
            TestClient(create_app(services)) as client,
        ):
            headers = bearer(services, Scope.ENROL, idp=AUTHORITY)
            office = SimpleNamespace(client=client, headers=headers)
            job = send(office, portrait(1, picture(1)))
            waited = threading.Event()
            for _ in range(100):
                if follow(office, job)["state"] == "done":
                    break
                waited.wait(0.1)
            assert counts(follow(office, job)) == (0, 1, 0, 0, 0)
        assert "imports" not in {thread.name for thread in threading.enumerate()}


class TestAtRest:
    def test_what_waits_is_sealed_and_what_is_settled_is_gone(self, office, tmp_path):
        """No picture, number or template is in the server's database, nor its log."""
        content = picture(1)
        send(office, portrait(1, content), portrait(2, b"none"))
        forms = (number(1).encode(), content, content[:24])
        self.has_none(tmp_path, forms)
        work(office)
        self.has_none(tmp_path, forms)
        with office.services.database.reading() as connection:
            rows = connection.execute(select(import_rows)).all()
        assert [(row.sealed, row.subject) for row in rows] == [(None, None)] * 2

    @staticmethod
    def has_none(folder, forms):
        """No file of the database holds any of these."""
        for file in folder.glob("server.db*"):
            assert not any(form in file.read_bytes() for form in forms)

    def test_rows_of_other_secrets_are_refused(self, office):
        """A row that was altered, or moved to another place, does not open."""
        job = send(office, portrait(1, picture(1)), portrait(2, picture(2)))
        with office.services.database.writing() as connection:
            first, second = connection.execute(
                select(import_rows.c.sealed).order_by(import_rows.c.row)
            ).scalars()
            for row, sealed in ((1, second), (2, first)):
                move = update(import_rows).where(import_rows.c.row == row)
                connection.execute(move.values(sealed=sealed))
        work(office)
        assert refusals(office, job) == [(1, "failed"), (2, "failed")]


class TestCancel:
    def test_what_waits_is_not_enrolled(self, any_office):
        """What is enrolled stays; done again it changes nothing."""
        office = any_office
        job = send(office, portrait(1, picture(1)), portrait(2, b""))
        path = f"/v1/import-jobs/{job['id']}/cancellation"
        first = office.client.post(path, headers=office.headers).json()
        assert (first["state"], counts(first)) == ("cancelled", (0, 0, 0, 0, 2))
        work(office)
        again = office.client.post(path, headers=office.headers).json()
        assert again == first
        assert held(office, 1) == []
        log = [(event.action, event.decision) for event in events(office.services)]
        assert log[:2] == [(Action.IMPORT, "accepted"), (Action.IMPORT, "cancelled")]

    def test_a_row_that_is_enrolled_at_that_moment_counts_as_enrolled(self, office, monkeypatch):
        """It is in the registry, so the job and the log say so."""
        job = send(office, *(portrait(n, picture(n)) for n in range(1, 20)))
        worker = office.authority.worker
        settle = worker._settle

        def cancel_then_settle(leased, rows):
            path = f"/v1/import-jobs/{job['id']}/cancellation"
            assert office.client.post(path, headers=office.headers).status_code == 200
            settle(leased, rows)

        monkeypatch.setattr(worker, "_settle", cancel_then_settle)
        work(office)
        done = follow(office, job)
        enrolled = done["enrolled"]
        assert 0 < enrolled < 19
        assert counts(done) == (0, enrolled, 0, 0, 19 - enrolled)
        assert sum(held(office, n) == ["active"] for n in range(1, 20)) == enrolled
        assert sum(e.decision == "enrolled" for e in events(office.services)) == enrolled


class TestErasedMeanwhile:
    def test_an_erasure_reaches_what_waits(self, office):
        """The person is not enrolled by an import that came before; a look-up tells of it."""
        job = send(office, portrait(1, picture(1)), portrait(2, picture(2)))
        ask = {"json": {"subject": subject(1)}, "headers": office.headers}
        assert office.client.post("/v1/subjects/lookup", **ask).json()["imports_waiting"] == 1
        office.client.post("/v1/subjects/erase", **ask)
        assert office.client.post("/v1/subjects/lookup", **ask).json()["imports_waiting"] == 0
        work(office)
        assert refusals(office, job) == [(1, "erased_meanwhile")]
        assert (held(office, 1), held(office, 2)) == ([], ["active"])

    def test_what_is_enrolled_at_that_moment_is_taken_back(self, office, monkeypatch):
        """Between the registry and the table, the erasure wins."""
        job = send(office, portrait(1, picture(1)))
        worker = office.authority.worker
        settle = worker._settle

        def erase_then_settle(leased, rows):
            body = {"subject": subject(1)}
            office.client.post("/v1/subjects/erase", json=body, headers=office.headers)
            settle(leased, rows)

        monkeypatch.setattr(worker, "_settle", erase_then_settle)
        work(office)
        assert held(office, 1) == ["erased"]
        assert refusals(office, job) == [(1, "erased_meanwhile")]


class TestReplicas:
    def test_one_process_works_on_a_job(self, any_office):
        """Others leave it alone until its lease ends."""
        office = any_office
        send(office, portrait(1, picture(1)))
        _, replica = other_worker(office)
        job = replica.take()
        assert office.authority.worker._queue.take() is None
        assert replica.keep(job)
        replica.release(job)
        assert office.authority.worker._queue.take() == job

    def test_a_job_is_taken_up_when_its_process_died(self, any_office):
        """After its lease; what was enrolled and not settled is found enrolled, not twice."""
        office = any_office
        job = send(office, *(portrait(n, picture(n)) for n in range(3)))
        dead, replica = other_worker(office)
        leased = replica.take()
        dead._step(leased, replica.waiting(leased, 2))  # enrolled; it dies before it settles
        assert not office.authority.worker.work_once()
        with office.services.database.writing() as connection:
            past = office.services.clock() - timedelta(seconds=1)
            connection.execute(update(import_jobs).values(lease_until=past))
        work(office)
        done = follow(office, job)
        assert (done["state"], counts(done)) == ("done", (0, 1, 2, 0, 0))
        assert [held(office, n) for n in range(3)] == [["active"]] * 3
        assert not replica.keep(leased)

    def test_several_processes_share_many_jobs(self, any_office):
        """Each row is settled once, each portrait enrolled once."""
        office = any_office
        jobs = [send(office, *(portrait(n, picture(n)) for n in range(4))) for _ in range(4)]
        workers = [office.authority.worker, *(other_worker(office)[0] for _ in range(2))]
        threads = [threading.Thread(target=lambda w=w: [None for _ in iter(w.work_once, False)])
                   for w in workers]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [counts(follow(office, job)) for job in jobs] == [(0, 4, 0, 0, 0)] * 4
        assert [len(held(office, n)) for n in range(4)] == [4] * 4
        settled = [event for event in events(office.services) if event.action is Action.ENROL]
        assert len({event.about for event in settled}) == len(settled) == 16

    def test_a_body_that_never_came_to_its_end_is_forgotten(self, office):
        """Like a job that ended long ago; those that wait stay."""
        done = send(office, portrait(1, b""))
        work(office)
        waiting, begun = send(office, portrait(2, b"")), send(office, portrait(3, b""))
        long_ago = office.services.clock() - timedelta(days=40)
        with office.services.database.writing() as connection:
            connection.execute(update(import_jobs).values(created_at=long_ago))
            ended = update(import_jobs).where(import_jobs.c.id == done["id"])
            connection.execute(ended.values(finished_at=long_ago))
            stale = update(import_jobs).where(import_jobs.c.id == begun["id"])
            connection.execute(stale.values(state="receiving"))
        assert office.authority.worker._queue.tidy() == 2
        with office.services.database.reading() as connection:
            assert connection.execute(select(import_jobs.c.id)).scalars().all() == [waiting["id"]]
            left = connection.execute(select(import_rows.c.job_id)).scalars().all()
            assert left == [waiting["id"]]


class TestPriority:
    def test_no_picture_is_begun_while_all_threads_are_busy(self, office):
        """Verifications go first; the import goes on once a thread is idle."""
        pool, release = office.services.extractor.pool, threading.Event()
        job = send(office, portrait(1, picture(1)))
        busy = threading.Thread(
            target=pool.run, args=([release.wait] * pool.workers, Deadline.after(30))
        )
        busy.start()
        while pool.depth < pool.workers:
            threading.Event().wait(0.01)
        worker = threading.Thread(target=work, args=(office,))
        worker.start()
        threading.Event().wait(0.3)
        assert pool.depth == pool.workers
        assert follow(office, job)["state"] == "running"
        release.set()
        busy.join()
        worker.join()
        assert counts(follow(office, job)) == (0, 1, 0, 0, 0)

    def test_a_stopped_worker_leaves_the_rest_to_others(self, office):
        """The lease is given back at once."""
        job = send(office, portrait(1, picture(1)))
        office.authority.worker._loop.stop()
        office.authority.worker.work_once()
        assert follow(office, job)["state"] == "waiting"
        worker, _ = other_worker(office)
        assert worker.work_once()
        assert counts(follow(office, job)) == (0, 1, 0, 0, 0)


class TestAccess:
    def test_a_job_is_its_idp_s_alone(self, office):
        """Another IdP with the scope finds nothing: neither state, refusals nor cancellation."""
        job = send(office, portrait(1, b""))
        others = bearer(office.services, Scope.ENROL, idp="other.example")
        path = f"/v1/import-jobs/{job['id']}"
        assert office.client.get(path, headers=others).status_code == 404
        assert office.client.get(f"{path}/refusals", headers=others).status_code == 404
        assert office.client.post(f"{path}/cancellation", headers=others).status_code == 404
        assert follow(office, job)["state"] == "waiting"

    def test_an_idp_has_so_many_jobs_at_once(self, office):
        """The next is refused, with nothing taken, until one is at its end."""
        object.__setattr__(office.authority.imports, "settings", ImportSettings(max_waiting_jobs=1))
        job = send(office, portrait(1, b""))
        headers = office.headers | NDJSON
        body = ndjson([portrait(2, b"")])
        answer = office.client.post("/v1/import-jobs", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (429, "import_queue_full")
        office.client.post(f"/v1/import-jobs/{job['id']}/cancellation", headers=office.headers)
        send(office, portrait(2, b""))

    @pytest.mark.parametrize("after", ["-1", "x", str(2**31)])
    def test_a_place_that_is_none_is_refused(self, office, after):
        """As a violation."""
        path = f"/v1/import-jobs/{'0' * 32}/refusals?after={after}"
        answer = office.client.get(path, headers=office.headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")

    @pytest.mark.parametrize(
        ("kind", "status", "code"),
        [
            ({"Content-Type": "text/csv"}, 415, "unsupported_media_type"),
            ({"Content-Type": "application/zip"}, 400, "invalid_request"),
            ({"Content-Type": "application/json"}, 415, "unsupported_media_type"),
        ],
    )
    def test_bodies_that_are_none_are_refused(self, office, kind, status, code):
        """Nothing is taken."""
        headers = office.headers | kind
        answer = office.client.post("/v1/import-jobs", content=b"x", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        with office.services.database.reading() as connection:
            assert connection.execute(select(import_jobs)).all() == []
