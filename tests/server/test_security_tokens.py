"""Access tokens: every way to pass off another for the issuer's is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey, RSAKey

from fvs.errors import DeploymentError
from fvs_server.identity.access_tokens import AccessTokens
from fvs_server.identity.jwks import Jwks, jwks_reader
from fvs_server.identity.principal import AuthenticationMethod, Principal, Scope
from fvs_server.identity.refusals import RefusedCredentialsError
from fvs_server.identity.settings import Oauth2Settings
from fvs_server.problems import Problem, ServiceError
from tests.server.identity_fixtures import BANK, NOW, TELCO
from tests.server.identity_tokens import (
    ALGORITHM_OF,
    BOUND_CLIENT,
    CLIENT,
    certificate,
    claims,
    issuer_keys,
    jwks,
    oauth2,
    token,
    unsigned,
)

ISSUED_AT = int(NOW.timestamp())
SHA256 = hashlib.sha256(certificate()).digest()
X5T = base64.urlsafe_b64encode(SHA256).rstrip(b"=").decode()


@pytest.fixture
def tokens(clock) -> AccessTokens:
    """Takes tokens of the issuer."""
    keys = Jwks(jwks, lifetime_s=300, monotonic=clock.monotonic)
    return AccessTokens(oauth2("unused"), keys, clock)


def refusal(tokens: AccessTokens, text: str, sha256: bytes | None = None) -> str:
    """The reason why a token is not taken, as the log has it."""
    with pytest.raises(RefusedCredentialsError) as caught:
        tokens.check(text, sha256)
    return caught.value.reason


class TestGoodTokens:
    @pytest.mark.parametrize("kid", ALGORITHM_OF)
    def test_a_token_opens(self, tokens, kid):
        """The client's identity provider calls, with the scopes of the token."""
        assert tokens.check(token(kid=kid), None) == Principal(
            idp=BANK,
            key_id=CLIENT,
            scopes=frozenset({Scope.VERIFY}),
            method=AuthenticationMethod.OAUTH2,
        )

    @pytest.mark.parametrize(("kid", "alg"), [("okp", "EdDSA"), ("rsa", "PS256")])
    def test_other_names_of_the_list(self, tokens, kid, alg):
        """What the settings allow is taken; EdDSA is the older name of Ed25519."""
        assert tokens.check(token(kid=kid, alg=alg), None).idp == BANK

    @pytest.mark.parametrize(
        ("scope", "expected"),
        [
            ("", set()),
            ("verify", {Scope.VERIFY}),
            ("statistics  verify admin openid", {Scope.VERIFY, Scope.STATISTICS}),
            ("VERIFY", set()),
        ],
    )
    def test_a_token_carries_no_more_than_its_client_may(self, tokens, scope, expected):
        """Scopes are those of both, token and settings; words of others mean nothing."""
        assert tokens.check(token(claims(scope=scope)), None).scopes == expected

    def test_one_of_many_audiences(self, tokens):
        """`aud` may be a list."""
        assert tokens.check(token(claims(aud=["x", claims()["aud"]])), None).idp == BANK

    def test_keys_named_in_the_header_are_ignored(self, tokens):
        """A good token stays good whatever `jku` and `jwk` say; nothing is fetched."""
        stranger = OKPKey.generate_key("Ed25519").as_dict(private=False)
        shown = token(jku="https://evil.example/jwks", jwk=stranger, x5u="https://evil.example")
        assert tokens.check(shown, None).idp == BANK


class TestForgedTokens:
    @pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, 0, ["Ed25519"], {}])
    def test_unsigned_tokens(self, tokens, alg):
        """`alg` none, in any spelling, is no algorithm."""
        header = {"typ": "at+jwt", "alg": alg, "kid": "okp"}
        assert refusal(tokens, unsigned(header, claims())) in {"token_algorithm", "token_malformed"}

    def test_a_public_key_as_a_shared_secret(self, tokens):
        """HS256 with the issuer's published key as the secret, in PEM and DER, is refused."""
        public = issuer_keys()["rsa"]
        header = {"typ": "at+jwt", "alg": "HS256", "kid": "rsa"}
        for secret in (public.as_pem(private=False), public.as_der(private=False)):
            signed, _, _ = unsigned(header, claims()).rpartition(".")
            mac = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), "sha256"))
            assert refusal(tokens, f"{signed}.{mac.rstrip(b'=').decode()}") == "token_algorithm"

    @pytest.mark.parametrize(
        ("kid", "alg"),
        [
            ("rsa", "ES256"),
            ("rsa", "Ed25519"),
            ("ec", "RS256"),
            ("ec", "PS256"),
            ("ec", "Ed25519"),
            ("okp", "RS256"),
            ("okp", "ES256"),
        ],
    )
    def test_an_algorithm_of_another_kind_of_key(self, tokens, kid, alg):
        """A key serves its own algorithm only."""
        forged = unsigned({"typ": "at+jwt", "alg": alg, "kid": kid}, claims(), b"x" * 64)
        assert refusal(tokens, forged) == "token_malformed"

    def test_a_key_bound_to_an_algorithm(self, clock):
        """Where the issuer says what a key is for, it is for nothing else."""
        named = issuer_keys()["rsa"].as_dict(private=False) | {"kid": "ps", "alg": "PS256"}
        keys = Jwks(lambda: jwks(named), lifetime_s=300, monotonic=clock.monotonic)
        tokens = AccessTokens(oauth2("unused"), keys, clock)
        rsa = issuer_keys()["rsa"]
        assert tokens.check(token(key=rsa, kid="ps", alg="PS256"), None).idp == BANK
        assert refusal(tokens, token(key=rsa, kid="ps", alg="RS256")) == "token_key"

    @pytest.mark.parametrize(
        ("stranger", "kid"),
        [
            (RSAKey.generate_key(2048), "rsa"),
            (ECKey.generate_key("P-256"), "ec"),
            (OKPKey.generate_key("Ed25519"), "okp"),
        ],
    )
    def test_an_embedded_key_of_the_forger(self, tokens, stranger, kid):
        """A token that brings its own key, by value or by address, proves nothing."""
        own = stranger.as_dict(private=False)
        forged = token(key=stranger, kid=kid, jwk=own, jku="https://evil.example/jwks")
        assert refusal(tokens, forged) == "token_signature"

    @pytest.mark.parametrize(
        "kid",
        ["", "no-such", "../../etc/passwd", "okp' OR '1'='1", "/dev/null", "OKP", "okp\0", None, 7],
    )
    def test_tricks_with_the_key_id(self, tokens, kid):
        """A key id is looked up as it is, and nowhere but in the issuer's set."""
        header = {"typ": "at+jwt", "alg": "Ed25519", "kid": kid}
        assert refusal(tokens, unsigned(header, claims())) in {"token_key", "token_malformed"}

    def test_a_changed_claim(self, tokens):
        """Whatever was signed is what counts."""
        header, _, signature = token().split(".")
        _, payload, _ = unsigned({}, claims(scope="verify statistics")).split(".")
        assert refusal(tokens, f"{header}.{payload}.{signature}") == "token_signature"

    @pytest.mark.parametrize("typ", [None, "JWT", "jwt", "id+jwt", "dpop+jwt", "at+jwt ", 1, []])
    def test_other_tokens_of_the_issuer(self, tokens, typ):
        """An ID token is not an access token (RFC 9068, section 4)."""
        header = {"alg": "Ed25519", "kid": "okp"} | ({} if typ is None else {"typ": typ})
        shown = unsigned(header, claims()) if not isinstance(typ, str) else token(typ=typ)
        assert refusal(tokens, shown) in {"token_type", "token_malformed"}

    @pytest.mark.parametrize("extra", [{"crit": ["exp"], "exp": 1}, {"b64": True}])
    def test_critical_headers(self, tokens, extra):
        """What must be understood and is not, is refused (RFC 7515, section 4.1.11)."""
        header = {"typ": "at+jwt", "alg": "Ed25519", "kid": "okp"} | extra
        shown = unsigned(header, claims())
        assert refusal(tokens, shown) in {"token_critical", "token_malformed"}

    @pytest.mark.parametrize(
        "text",
        ["", ".", "..", "...", "a.b.c", "e30.e30.", "ü.b.c", "x" * 8193, f"{'A' * 4000}.e30.e30"],
    )
    def test_what_is_no_token(self, tokens, text):
        """Garbage is refused, not stumbled over."""
        assert refusal(tokens, text).startswith("token_")

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
    @given(
        position=st.integers(0, 400),
        character=st.characters(codec="ascii"),
        deleted=st.integers(0, 3),
    )
    def test_any_change_is_refused(self, tokens, position, character, deleted):
        """No character can be changed, inserted or left out, but for a signature's spare bits."""
        good = token()
        position %= len(good)
        changed = good[:position] + character + good[position + deleted :]
        try:
            tokens.check(changed, None)
        except RefusedCredentialsError:
            return
        parts = zip(good.split("."), changed.split("."), strict=True)
        assert all(_bytes(one) == _bytes(other) for one, other in parts)


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class TestClaims:
    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"iss": "https://issuer.example/"}, "token_issuer"),
            ({"iss": "https://evil.example"}, "token_issuer"),
            ({"aud": "https://other.example"}, "token_audience"),
            ({"aud": []}, "token_audience"),
            ({"exp": ISSUED_AT - 31}, "token_expired"),
            ({"nbf": ISSUED_AT + 31}, "token_early"),
            ({"iat": ISSUED_AT + 31}, "token_early"),
            ({"exp": ISSUED_AT + 3601}, "token_lifetime"),
            ({"client_id": "stranger"}, "client_unknown"),
            ({"client_id": "__class__"}, "client_unknown"),
        ],
    )
    def test_not_for_us_or_not_now(self, tokens, change, reason):
        """Each claim must be right for itself."""
        assert refusal(tokens, token(claims(**change))) == reason

    @pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"])
    def test_required_claims(self, tokens, name):
        """RFC 9068, section 2.2: a token without one is no access token."""
        assert refusal(tokens, token(claims(**{name: None}))) == "token_claims"

    @pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
    @pytest.mark.parametrize("value", ["9999999999", True, [1], {}])
    def test_times_are_numbers(self, tokens, name, value):
        """A text or a boolean is not read as one."""
        assert refusal(tokens, token(claims(**{name: value}))) == "token_claims"

    @pytest.mark.parametrize("payload", [b"[]", b"null", b"\xff", b"", b"NaN", b'{"exp":1e999}'])
    def test_claims_are_an_object(self, tokens, payload):
        """What the issuer signed by mistake is refused too."""
        with pytest.raises(RefusedCredentialsError):
            tokens._claims(payload)

    def test_leeway_is_for_clocks(self, tokens):
        """Thirty seconds either way, and no more (see the table above)."""
        assert tokens.check(token(claims(exp=ISSUED_AT - 29)), None)
        assert tokens.check(token(claims(nbf=ISSUED_AT + 30)), None)


class TestBoundTokens:
    """RFC 8705: a token that is bound to a certificate is worth nothing without it."""

    def test_with_its_certificate(self, tokens):
        """The proxy saw the certificate whose hash is in the token."""
        bound = claims(client_id=BOUND_CLIENT, cnf={"x5t#S256": X5T})
        assert tokens.check(token(bound), SHA256).idp == TELCO

    @pytest.mark.parametrize("sha256", [None, b"", bytes(32)])
    def test_without_it(self, tokens, sha256):
        """A stolen token opens nothing."""
        assert refusal(tokens, token(claims(cnf={"x5t#S256": X5T})), sha256) == "token_binding"

    @pytest.mark.parametrize(
        "cnf", [{}, {"x5t#S256": ""}, {"x5t#S256": 1}, {"jkt": "x"}, {"x5t#S256": X5T, "jkt": "x"}]
    )
    def test_bindings_that_cannot_be_checked(self, tokens, cnf):
        """A binding that we cannot check is not ignored."""
        assert refusal(tokens, token(claims(cnf=cnf)), SHA256) == "token_binding"

    def test_a_client_that_must_bind(self, tokens):
        """Its tokens are not taken unbound, certificate or not."""
        assert refusal(tokens, token(claims(client_id=BOUND_CLIENT)), SHA256) == "token_unbound"


class Issuer:
    """Publishes keys, or fails, and counts how often it is asked."""

    def __init__(self) -> None:
        self.content: bytes | Exception = jwks()
        self.asked = 0

    def __call__(self) -> bytes:
        """What is published."""
        self.asked += 1
        if isinstance(self.content, Exception):
            raise self.content
        return self.content


class TestJwks:
    @pytest.fixture
    def issuer(self) -> Issuer:
        """One that works."""
        return Issuer()

    @pytest.fixture
    def keys(self, issuer, clock) -> Jwks:
        """Its keys, kept for 300 s."""
        return Jwks(issuer, lifetime_s=300, monotonic=clock.monotonic)

    def test_no_set_is_no_verdict(self, keys, issuer):
        """While the issuer was never reached, a token is neither good nor bad: 503."""
        issuer.content = httpx.ConnectError("down")
        with pytest.raises(ServiceError) as caught:
            keys.key("okp")
        assert caught.value.problem is Problem.ISSUER_UNAVAILABLE
        assert caught.value.retry_after_s

    def test_a_set_is_fetched_once_in_its_life(self, keys, issuer, clock):
        """And again after it."""
        for _ in range(10):
            assert keys.key("okp") is not None
        assert issuer.asked == 1
        clock.pass_s(300)
        keys.key("okp")
        assert issuer.asked == 2

    def test_a_new_key_is_found(self, keys, issuer, clock):
        """An issuer that rotates its keys needs no restart of ours."""
        keys.key("okp")
        clock.pass_s(10)
        new = OKPKey.generate_key("Ed25519", {"kid": "new"}).as_dict(private=False)
        issuer.content = jwks(new)
        assert keys.key("new") is not None

    def test_made_up_ids_cause_no_flood(self, keys, issuer, clock):
        """Between two fetches lie ten seconds, whoever asks for what."""
        for number in range(200):
            assert keys.key(f"made-up-{number}") is None
            clock.pass_s(0.1)
        assert issuer.asked <= 3

    def test_a_revoked_key_is_gone_after_its_life(self, keys, issuer, clock):
        """A key that the issuer no longer publishes opens nothing."""
        assert keys.key("okp") is not None
        issuer.content = b'{"keys":[]}'
        clock.pass_s(300)
        assert keys.key("okp") is None

    @pytest.mark.parametrize(
        "content", [httpx.ConnectError("down"), OSError("gone"), b"", b"[]", b'{"keys":1}']
    )
    def test_an_issuer_that_fails_is_outlived_for_an_hour(self, keys, issuer, clock, content):
        """The last good set serves on, but not for ever."""
        assert keys.key("okp") is not None
        issuer.content = content
        clock.pass_s(300 + 3599)
        assert keys.key("okp") is not None
        clock.pass_s(1)
        with pytest.raises(ServiceError):
            keys.key("okp")

    @pytest.mark.parametrize(
        "entry",
        [
            {"kty": "oct", "k": "AAAA", "kid": "x"},
            {**OKPKey.generate_key("Ed25519").as_dict(private=True), "kid": "x"},
            {**OKPKey.generate_key("Ed25519").as_dict(private=False), "kid": "x", "use": "enc"},
            {"kty": "OKP", "crv": "Ed25519", "x": "?", "kid": "x"},
            {"kty": "RSA", "n": "AQ", "e": "AQAB", "kid": "x"},
            {"kty": "none", "kid": "x"},
            {"kid": "x"},
        ],
        ids=lambda entry: str(entry.get("kty")),
    )
    def test_only_public_signing_keys_are_taken(self, issuer, clock, entry):
        """Shared secrets, private, short, malformed and foreign keys are passed over."""
        issuer.content = jwks(entry)
        keys = Jwks(issuer, lifetime_s=300, monotonic=clock.monotonic)
        assert keys.key("x") is None
        assert keys.key("okp") is not None

    def test_from_a_file(self, tmp_path):
        """Without a network the set is a file, which may be replaced."""
        path = tmp_path / "jwks.json"
        path.write_bytes(jwks())
        assert jwks_reader(str(path))() == jwks()
        path.write_bytes(b" " * (256 * 1024 + 1))
        with pytest.raises(ValueError, match="too large"):
            jwks_reader(str(path))()

    @pytest.mark.parametrize(
        "location", ["", "http://issuer.example/jwks", "ftp://x/y", "file:///etc/passwd"]
    )
    def test_only_https_and_files(self, location):
        """Keys do not come over a line on which anybody can change them."""
        with pytest.raises(DeploymentError):
            jwks_reader(location)

    def test_over_a_socket(self, published):
        """Of an answer 200 the body is taken, bounded; a redirect is not followed."""
        url, answers = published
        answers["/jwks"] = (200, jwks(), {})
        assert jwks_reader(f"{url}/jwks")() == jwks()
        answers["/moved"] = (302, b"", {"Location": f"{url}/jwks"})
        answers["/large"] = (200, b" " * (256 * 1024 + 1), {})
        for path in ("moved", "large", "missing"):
            with pytest.raises(ValueError, match="issuer"):
                jwks_reader(f"{url}/{path}")()


class TestSettings:
    def test_no_issuer_takes_no_tokens(self, clock):
        """The default."""
        assert AccessTokens.open(Oauth2Settings(), clock) is None

    @pytest.mark.parametrize("left_out", ["audience", "jwks", "algorithms"])
    def test_an_issuer_needs_the_rest(self, clock, left_out):
        """Half a configuration would take tokens meant for others, or none."""
        whole = {
            "issuer": "https://i.example",
            "audience": "a",
            "jwks": "f",
            "algorithms": ["ES256"],
        }
        settings = Oauth2Settings(**(whole | {left_out: () if left_out == "algorithms" else ""}))
        with pytest.raises(DeploymentError):
            AccessTokens.open(settings, clock)

    def test_a_secret_cannot_be_allowed(self):
        """HS256 and none are refused as settings already."""
        for name in ("none", "HS256", "HS512"):
            with pytest.raises(msgspec.ValidationError):
                msgspec.json.decode(
                    json.dumps({"algorithms": [name]}).encode(), type=Oauth2Settings
                )
