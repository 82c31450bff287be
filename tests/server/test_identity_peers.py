"""Addresses behind proxies, failures by address, certificates that proxies hand on."""

from __future__ import annotations

import logging
from hashlib import sha256

import pytest

from fvs.errors import DeploymentError
from fvs_server.identity.client_certificates import ClientCertificates
from fvs_server.identity.failures import Failures
from fvs_server.identity.peers import Peers, block_of, vicinity_of
from fvs_server.identity.principal import AuthenticationMethod, Principal, Scope
from fvs_server.identity.refusals import RefusedCredentialsError
from fvs_server.identity.request_head import RequestHead
from fvs_server.identity.settings import MappedCertificate, MtlsSettings
from fvs_server.problems import Problem, ServiceError
from tests.server.identity_fixtures import BANK, TELCO
from tests.server.identity_tokens import certificate, client_cert

PROXY, STRANGER = "10.0.0.7", "203.0.113.9"


def head(peer: str, *fields: tuple[str, str]) -> RequestHead:
    """A request from that peer."""
    return RequestHead(method="POST", target="/v1/x", peer=peer, fields=fields)


class TestPeers:
    @pytest.mark.parametrize(
        ("peer", "forwarded", "expected"),
        [
            ("", [], ""),
            (STRANGER, [], STRANGER),
            (STRANGER, ["198.51.100.1"], STRANGER),
            (PROXY, [], PROXY),
            (PROXY, [STRANGER], STRANGER),
            (PROXY, ["198.51.100.1, 203.0.113.9"], STRANGER),
            (PROXY, ["198.51.100.1", STRANGER], STRANGER),
            (PROXY, [f"1.1.1.1, {STRANGER}, 10.0.0.8"], STRANGER),
            (PROXY, ["rubbish"], "rubbish"),
            (PROXY, ["10.0.0.9"], "10.0.0.9"),
            ("::ffff:10.0.0.7", [STRANGER], STRANGER),
        ],
    )
    def test_the_last_that_no_proxy_of_ours_has(self, peer, forwarded, expected):
        """What callers write into X-Forwarded-For themselves is not believed."""
        peers = Peers(["10.0.0.0/24"])
        shown = head(peer, *(("x-forwarded-for", line) for line in forwarded))
        assert peers.client_of(shown) == expected

    @pytest.mark.parametrize("text", ["10.0.0.0/33", "proxy.example", ""])
    def test_proxies_are_addresses(self, text):
        """A name could be anybody's tomorrow."""
        with pytest.raises(DeploymentError):
            Peers([text])

    @pytest.mark.parametrize(
        ("address", "block", "vicinity"),
        [
            ("", "unknown", "unknown"),
            ("rubbish", "unknown", "unknown"),
            (STRANGER, STRANGER, "203.0.113.0/24"),
            ("::ffff:203.0.113.9", STRANGER, "203.0.113.0/24"),
            ("2001:db8:1:2:3::4", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ],
    )
    def test_blocks_and_vicinities(self, address, block, vicinity):
        """One subscriber is one block; a log needs no more than a vicinity."""
        assert (block_of(address), vicinity_of(address)) == (block, vicinity)


class TestFailures:
    def test_so_many_and_then_a_wait(self, clock):
        """An address that failed too often waits for the minute's end; others do not."""
        failures = Failures(3, monotonic=clock.monotonic)
        for _ in range(3):
            failures.require_room(STRANGER)
            failures.record(STRANGER, "key_wrong")
        with pytest.raises(ServiceError) as caught:
            failures.require_room(STRANGER)
        assert caught.value.problem is Problem.AUTHENTICATION_THROTTLED
        assert 0 < caught.value.retry_after_s <= 60
        failures.require_room("203.0.113.10")
        clock.pass_s(caught.value.retry_after_s)
        failures.require_room(STRANGER)

    def test_a_subscriber_is_one(self, clock):
        """Addresses of one /64 are no many callers."""
        failures = Failures(3, monotonic=clock.monotonic)
        for number in range(3):
            failures.record(f"2001:db8::{number}", "key_wrong")
        with pytest.raises(ServiceError):
            failures.require_room("2001:db8::ffff")

    def test_memory_is_bounded(self, clock, monkeypatch):
        """Beyond so many addresses in a minute, the others are counted together."""
        monkeypatch.setattr("fvs_server.identity.failures._MOST_BLOCKS", 10)
        failures = Failures(1000, monotonic=clock.monotonic)
        for number in range(100):
            failures.record(f"198.51.100.{number}", "key_wrong")
        assert len(failures._counts) == 11

    def test_the_log_is_coarse(self, clock, caplog):
        """Two lines a minute and address, with its vicinity and no secret."""
        failures = Failures(5, monotonic=clock.monotonic)
        with caplog.at_level(logging.INFO):
            for _ in range(50):
                failures.record(STRANGER, "key_wrong")
        assert [record.getMessage() for record in caplog.records] == [
            "authentication failed (key_wrong) from 203.0.113.0/24",
            "authentication throttled for 203.0.113.0/24",
        ]


class TestCertificates:
    @pytest.fixture
    def certificates(self, clock) -> ClientCertificates:
        """Two that stand for somebody, named in both ways."""
        mapped = (
            MappedCertificate(idp=BANK, scopes=(Scope.VERIFY,), subject="CN=bank.example"),
            MappedCertificate(
                idp=TELCO, scopes=(), sha256=sha256(certificate("telco")).hexdigest()
            ),
        )
        return ClientCertificates(MtlsSettings(certificates=mapped), Peers([PROXY]), clock)

    def shown(self, certificates, value, peer=PROXY):
        """What is made of a field."""
        return certificates.shown(head(peer, ("client-cert", value)))

    @pytest.mark.parametrize(("name", "idp"), [("bank.example", BANK), ("telco", TELCO)])
    def test_a_registered_certificate(self, certificates, name, idp):
        """Stands for its identity provider."""
        found = self.shown(certificates, client_cert(certificate(name)))
        principal = certificates.principal(found)
        assert isinstance(principal, Principal)
        assert (principal.idp, principal.method) == (idp, AuthenticationMethod.MUTUAL_TLS)

    def test_another_certificate(self, certificates):
        """Stands for nobody, whoever signed it."""
        found = self.shown(certificates, client_cert(certificate("stranger")))
        with pytest.raises(RefusedCredentialsError):
            certificates.principal(found)

    @pytest.mark.parametrize("peer", ["", STRANGER, "10.0.0.8", "unix"])
    def test_only_a_trusted_proxy_is_believed(self, certificates, peer):
        """The field of anybody else is as if it were not there."""
        assert self.shown(certificates, client_cert(certificate()), peer) is None

    @pytest.mark.parametrize(
        "value", [":", "::", ":AAAA:", "AAAA", "?1", '"x"', "()", ":é:", f":{'A' * 20_000}:"]
    )
    def test_what_is_no_certificate(self, certificates, value):
        """Is refused: a proxy that sends it is misconfigured."""
        with pytest.raises(RefusedCredentialsError):
            self.shown(certificates, value)

    def test_no_certificate(self, certificates):
        """An empty field says that there was none."""
        assert self.shown(certificates, "") is None

    def test_two_certificates(self, certificates):
        """A field that is there twice is refused, or two readers would choose differently."""
        twice = [("client-cert", client_cert(certificate()))] * 2
        with pytest.raises(ServiceError) as caught:
            certificates.shown(head(PROXY, *twice))
        assert caught.value.problem is Problem.INVALID_REQUEST

    def test_out_of_date(self, certificates):
        """Is refused even if the proxy let it pass."""
        with pytest.raises(RefusedCredentialsError):
            self.shown(certificates, client_cert(certificate(days=-1)))

    @pytest.mark.parametrize("names", [{}, {"subject": "CN=x", "sha256": "0" * 64}])
    def test_an_entry_names_one_certificate_one_way(self, clock, names):
        """Neither nobody's certificate nor one of two."""
        entry = MappedCertificate(idp=BANK, scopes=(), **names)
        with pytest.raises(DeploymentError):
            ClientCertificates(MtlsSettings(certificates=(entry,)), Peers([]), clock)
