"""The pages in a real browser, whose camera sees a face, against a real server."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec
import pytest

from fvs.cli.demo_cases import build_cases
from fvs.receipts import KeptAnswer, check_receipt, is_about, read_jwks, require_unaltered
from fvs.subjects import SubjectId, SubjectKind
from fvs_server.identity import Scope
from fvs_server.operation import demo
from fvs_server.wiring import utc_now
from tests.server.audit_fixtures import answer, record
from tests.server.identity_fixtures import create, order
from tests.server.web_fixtures import SIZES, browser, page_of, site_of  # noqa: F401 - a fixture

NUMBER, OTHER_NUMBER = "1101700230708", "3100501234563"
_ANSWER = "#answer:not([hidden]), #error:not([hidden])"
_WAIT_MS = 30_000
_LABELS_OUTSIDE_THEIR_CHART = """
  [...document.querySelectorAll("svg.chart text")].filter((label) => {
    const [inner, outer] = [label, label.closest("svg")].map((e) => e.getBoundingClientRect());
    return inner.left < outer.left - 1 || inner.right > outer.right + 1;
  }).map((label) => label.textContent)
"""


@pytest.fixture(scope="module")
def cases():
    """Pictures of the demo's people, by name."""
    return {case.name: case for case in build_cases()}


@pytest.fixture(scope="module")
def site(cases):
    """The demo's service, with its networks and two people enrolled, and its address."""
    enrolled = {name: cases[name] for name in ("mated", "mated-dim")}
    with demo._demo_services(enrolled, 0) as opened:
        # It listens elsewhere than the demo would, and forms are taken from its own origin only.
        http = msgspec.structs.replace(opened.settings.http, public_url="")
        settings = msgspec.structs.replace(opened.settings, http=http)
        services = dataclasses.replace(opened, settings=settings)
        with site_of(services) as url:
            yield services, url


@pytest.fixture
def key(site) -> str:
    """A new key with all scopes."""
    services, _ = site
    issued = create(services.database, services.api_keys, order(*Scope), utc_now())
    return issued.text.reveal()


@pytest.fixture
def open_page(browser):  # noqa: F811 - the fixture
    """Open pages."""

    def opened(language: str = "en", size: str = "wide"):
        return page_of(browser, language, size)

    return opened


def fill(page, url: str, key: str, number: str = NUMBER, level: str = "ial2.2") -> None:
    """Fill the try-out page in, all but the face."""
    page.goto(f"{url}/try")
    page.fill("#key", key)
    page.fill("#number", number)
    page.select_option("#level", level)
    page.check("#consent")


def send(page) -> None:
    """Send it, and wait until something is said."""
    page.click("#send")
    page.wait_for_selector(_ANSWER, timeout=_WAIT_MS)


def violations(page) -> list[str]:
    """What axe finds, by rule."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    return [each["id"] for each in axe.Axe().run(page).response["violations"]]


def assert_saved_answer_is_genuine(page, services) -> None:
    """The file is the whole answer: it shows what was decided, and about whom."""
    with page.expect_download() as download:
        page.click("#save")
    kept = msgspec.json.decode(Path(download.value.path()).read_bytes(), type=KeptAnswer)
    keys = read_jwks(msgspec.json.encode(services.receipts.jwks()))
    claims = check_receipt(kept.receipt.jws, keys, utc_now()).claims
    require_unaltered(kept, claims)
    subject = SubjectId.parse(SubjectKind.CITIZEN_ID, NUMBER)
    assert is_about(claims["subject_digest"], subject, kept.receipt.subject_salt)


class TestTryOut:
    def test_the_face_before_the_camera_matches(self, site, key, open_page):
        """Camera to answer, with all that a person is to know, and nothing secret."""
        services, url = site
        with open_page() as page:
            fill(page, url, key)
            page.click("#toggle-camera")
            page.wait_for_selector("#hint-face[data-is='right']", timeout=_WAIT_MS)
            assert page.get_attribute("#hint-light", "data-is") == "right"
            send(page)
            assert page.inner_text("#decision") == "Match"
            assert page.inner_text("#receipt-heading")
            assert page.input_value("#receipt").count(".") == 2
            assert page.locator("#quality meter").count() > 10
            assert page.evaluate("document.activeElement.id") == "answer-heading"
            shown = page.inner_text("#curl")
            assert key not in shown
            assert NUMBER not in shown
            assert violations(page) == []
            assert_saved_answer_is_genuine(page, services)

    @pytest.mark.slow
    def test_another_number_does_not_match_in_thai_either(self, site, key, cases, open_page):
        """The answer, its reasons and its advice are in the reader's language."""
        _, url = site
        with open_page("th") as page:
            fill(page, url, key, OTHER_NUMBER)
            # Another file of the same face: a capture that was sent before is refused.
            selfie = cases["mated"].selfie_jpeg + b"\0"
            page.set_input_files(
                "#files", [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": selfie}]
            )
            send(page)
            assert page.inner_text("#decision") == "ไม่ตรงกัน"
            assert "age_unknown" in page.inner_text("#reasons")
            assert violations(page) == []

    @pytest.mark.slow
    def test_files_will_do_instead_of_a_camera(self, site, key, open_page):
        """A picture file is sent as it is; its refusal says what to do."""
        _, url = site
        with open_page() as page:
            fill(page, url, key)
            files = [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}]
            page.set_input_files("#files", files)
            send(page)
            assert page.inner_text("#decision") == "Not compared"
            assert "unsupported_format" in page.inner_text("#reasons")

    @pytest.mark.slow
    def test_a_session_asks_for_moves_and_sends_what_it_saw(self, site, key, open_page):
        """A still picture before the camera does not answer the challenge."""
        _, url = site
        with open_page() as page:
            fill(page, url, key, level="ial2.3")
            page.click("#send")
            page.wait_for_selector("#error:not([hidden])")
            assert "start the camera" in page.inner_text("#error")
            page.click("#toggle-camera")
            page.wait_for_selector("#camera:not([hidden])")
            page.click("#send")
            page.get_by_text("Turn your head").first.wait_for(timeout=_WAIT_MS)
            page.wait_for_selector(_ANSWER, timeout=_WAIT_MS)
            assert page.inner_text("#decision") != "Match"

    @pytest.mark.slow
    @pytest.mark.parametrize("size", list(SIZES))
    def test_a_wrong_key_is_said(self, site, open_page, size):
        """The refusal is shown with its advice and the request's id, where it can be seen."""
        _, url = site
        with open_page("en", size) as page:
            fill(page, url, "fvs_no_key")
            files = [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}]
            page.set_input_files("#files", files)
            send(page)
            assert "Request:" in page.inner_text("#error")
            below = "document.querySelector('#error').getBoundingClientRect().bottom"
            assert page.evaluate(f"Math.floor({below}) <= innerHeight")

    @pytest.mark.slow
    def test_the_key_is_kept_nowhere(self, site, key, open_page):
        """No storage, cookie or address holds it, and a reload forgets it."""
        _, url = site
        with open_page() as page:
            fill(page, url, key)
            kept = page.evaluate(
                "JSON.stringify([{...localStorage, ...sessionStorage}, document.cookie, location])"
            )
            assert key not in kept
            page.reload()
            assert page.input_value("#key") == ""

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("typed", "state"),
        [
            ("1", "1 of 13 digits"),
            ("1-1017-00230-70-8", "The check digit is right."),
            ("1101700230709", "The check digit is wrong: a digit is mistyped."),
            ("11017002307081", "A citizen ID is 13 digits."),
            ("AA1234567", "A citizen ID is 13 digits."),
        ],
    )
    def test_check_digits_are_told_while_typing(self, site, open_page, typed, state):
        """As fvs.subjects would tell."""
        _, url = site
        with open_page() as page:
            page.goto(f"{url}/try")
            page.fill("#number", typed)
            assert page.inner_text("#number-state") == state

    @pytest.mark.slow
    def test_a_keyboard_is_enough(self, site, open_page):
        """Tab reaches the skip link first, and every control after it in order."""
        _, url = site
        with open_page() as page:
            page.goto(f"{url}/try")
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.className") == "skip"
            reached = []
            for _ in range(16):
                page.keyboard.press("Tab")
                reached.append(page.evaluate("document.activeElement.id"))
            controls = ["key", "kind", "number", "level", "purpose", "consent-reference", "consent"]
            controls += ["toggle-camera", "files", "send"]
            assert [each for each in reached if each in controls] == controls


@pytest.mark.slow
class TestOperations:
    @pytest.mark.parametrize("size", list(SIZES))
    @pytest.mark.parametrize("language", ["en", "th"])
    def test_anybody_can_read_it(self, site, key, open_page, language, size):
        """Axe finds nothing on any page, and nothing is wider than the window or its chart."""
        services, url = site
        changes = {"transaction_id": f"{language} {size}", "at": utc_now(), "latency_ms": 777.0}
        record(services.database, [answer(1, **changes)])
        with open_page(language, size) as page:
            for path in ("/try", "/operations"):
                page.goto(url + path)
                assert violations(page) == []
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            page.fill("#key", key)
            page.click("main button.main")
            page.wait_for_selector("#numbers")
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            page.wait_for_selector("svg.chart text")
            assert page.evaluate(_LABELS_OUTSIDE_THEIR_CHART) == []

    def test_in_and_out(self, site, key, open_page):
        """The browser takes and gives up the cookie; scripts cannot read it."""
        _, url = site
        with open_page() as page:
            page.goto(f"{url}/operations")
            page.fill("#key", key)
            page.click("main button.main")
            page.wait_for_selector("#numbers")
            assert page.evaluate("document.cookie") == ""
            page.select_option("#days", "30")
            page.click("form[method=get] button")
            page.wait_for_url("**days=30**")
            assert page.input_value("#days") == "30"
            page.click("form[action*=logout] button")
            page.wait_for_selector("#key")
            assert page.context.cookies() == []
