"""Pages: both languages, and nothing on them that is not ours."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from fvs_server.edge.languages import Language
from fvs_server.limits.challenges import Step
from fvs_server.statistics.drift import SignalState
from fvs_server.web.script_texts import SCRIPT_TEXTS
from fvs_server.web.texts import TEXTS

PAGES = ("/try", "/operations")
STATIC = files("fvs_server.web").joinpath("static")


class TestTexts:
    @pytest.mark.parametrize("name", list(TEXTS))
    def test_each_is_there_in_both_languages(self, name):
        """With the same places for values, in Thai letters where words are Thai."""
        english, thai = TEXTS[name][Language.ENGLISH], TEXTS[name][Language.THAI]
        places = re.compile(r"\{\w+\}")
        assert sorted(places.findall(english)) == sorted(places.findall(thai))
        assert english.isascii()
        assert not thai.isascii() or thai == "{name}"

    def test_scripts_have_what_they_say(self):
        """Each text that a script names is on the page, and none is there in vain."""
        source = "".join(each.read_text() for each in STATIC.iterdir() if each.name.endswith(".js"))
        words = set(re.findall(r"[\"'`]([a-z_]+)[\"'`]", source))
        decisions = {"match", "no_match", "inconclusive", "not_compared"}
        made = {*Step, *decisions, *(f"means_{decision}" for decision in decisions)}
        named = words & TEXTS.keys()
        assert set(SCRIPT_TEXTS) - made <= named
        said = set(re.findall(r"text\(\"([a-z_]+)\"", source))
        assert said | made <= set(SCRIPT_TEXTS)

    def test_every_verdict_on_drift_can_be_said(self):
        """The dashboard has a word for each."""
        verdicts = SignalState.__struct_fields__
        assert "verdict" in verdicts
        assert {"steady", "drifted", "too_few"} <= TEXTS.keys()


class TestPages:
    @pytest.mark.parametrize("path", PAGES)
    @pytest.mark.parametrize(
        ("query", "accepted", "language"),
        [
            ("", "", "en"),
            ("", "th-TH,th;q=0.9", "th"),
            ("?lang=en", "th", "en"),
            ("?lang=th", "en", "th"),
            ("?lang=xx", "th", "th"),
        ],
    )
    def test_the_address_goes_before_the_browser(self, client, path, query, accepted, language):
        """`?lang=` decides, else Accept-Language; the page says which it is."""
        answer = client.get(path + query, headers={"Accept-Language": accepted})
        assert answer.status_code == 200
        assert answer.headers["content-language"] == language
        assert f'<html lang="{language}">' in answer.text

    @pytest.mark.parametrize("path", PAGES)
    def test_nothing_foreign_is_loaded(self, client, path):
        """Strict headers, no inline script or style, no other host; every own file is there."""
        answer = client.get(path)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "style=" not in answer.text
        assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=", answer.text)
        assert "//" not in answer.text
        for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text):
            assert client.get(address).status_code == 200

    @pytest.mark.parametrize("each", [each.name for each in STATIC.iterdir()])
    def test_files_are_what_they_are_served_as(self, client, each):
        """Known types only, which the browser may not guess anew."""
        answer = client.get(f"/static/{each}")
        assert answer.content == STATIC.joinpath(each).read_bytes()
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-type"].startswith(("text/css", "text/javascript"))

    @pytest.mark.parametrize("name", ["", "..%2fpages.py", "%2e%2e", "pages.css%00", "none.css"])
    def test_no_other_file_can_be_named(self, client, name):
        """Names are looked up, never joined to a path."""
        assert client.get(f"/static/{name}").status_code == 404
