"""Downloads against a real server on the loopback address: good, cut, lying and silent."""

import hashlib
import io
import socket
import urllib.request
from http.client import HTTPMessage

import numpy as np
import pytest

from fvs.errors import ModelDownloadError
from fvs.fetch import NotOfferedError, Policy, _HttpOnlyRedirects, fetch, is_http_url
from fvs.model_store import Identity
from tests import loopback

CONTENT = np.random.default_rng(0).bytes(700_001)
"""Longer than two reads of the client."""

EXPECTED = Identity(hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
PATH = "/some/file.onnx"


@pytest.fixture
def server(monkeypatch):
    """A server that has the file, reached without a proxy."""
    for name in loopback.PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with loopback.serving() as running:
        running.files[PATH] = CONTENT
        yield running


class Download:
    """Fetches the file, and remembers what it was told meanwhile."""

    def __init__(self, server, folder):
        self.server = server
        self.target = folder / "deep" / "file.onnx"
        self.part = folder / "deep" / f".file.onnx.{EXPECTED.sha256[:12]}.part"
        self.pauses = []
        self.progress = []

    def run(self, url=None, expected=EXPECTED, attempts=4, timeout_s=5.0):
        """Fetch, without waiting between attempts."""
        policy = Policy(attempts=attempts, timeout_s=timeout_s, sleep=self.pauses.append)
        fetch(
            url or self.server.url(PATH),
            self.target,
            expected,
            policy,
            lambda name, done, total: self.progress.append((name, done, total)),
        )

    def assert_done(self):
        """The file is there, whole, and nothing beside it."""
        assert self.target.read_bytes() == CONTENT
        assert [path.name for path in self.target.parent.iterdir()] == ["file.onnx"]


@pytest.fixture
def download(server, tmp_path):
    """A download that has not begun."""
    return Download(server, tmp_path)


class TestArrives:
    """Downloads that end well."""

    def test_whole(self, download):
        """One request brings the file, and progress ends at its size."""
        download.run()
        download.assert_done()
        assert download.server.requests == [(PATH, None)]
        assert download.progress[-1] == ("file.onnx", len(CONTENT), len(CONTENT))
        assert [p[1] for p in download.progress] == sorted({p[1] for p in download.progress})

    def test_replaces(self, download):
        """A wrong file that was there before is replaced."""
        download.target.parent.mkdir()
        download.target.write_bytes(b"old")
        download.run()
        download.assert_done()

    @pytest.mark.parametrize("n_bytes", [0, 1, 1000, 300_000, len(CONTENT) - 1])
    def test_resumed_after_a_cut(self, download, n_bytes):
        """After a cut the next request asks for the rest only."""
        download.server.plan = [loopback.cut_after(n_bytes)]
        download.run()
        download.assert_done()
        ranges = [None, f"bytes={n_bytes}-" if n_bytes else None]
        assert download.server.requests == [(PATH, wanted) for wanted in ranges]
        assert download.pauses == [1.0]

    def test_several_cuts(self, download):
        """Every attempt goes on where the last one was cut, after twice the pause."""
        download.server.plan = [loopback.cut_after(100_000)] * 3
        download.run()
        download.assert_done()
        assert [r for _, r in download.server.requests] == [
            None,
            "bytes=100000-",
            "bytes=200000-",
            "bytes=300000-",
        ]
        assert download.pauses == [1.0, 2.0, 4.0]

    def test_resumed_by_a_later_run(self, download):
        """What one run has fetched the next run need not."""
        download.server.plan = [loopback.cut_after(100_000)]
        with pytest.raises(ModelDownloadError, match=r"cut after 100000 of 700001") as caught:
            download.run(attempts=1)
        assert "goes on from there" in caught.value.advice
        assert not download.target.exists()
        download.run()
        download.assert_done()
        assert download.server.requests[1] == (PATH, "bytes=100000-")

    def test_complete_part(self, download):
        """A part that is whole already is checked and used without a request."""
        download.part.parent.mkdir()
        download.part.write_bytes(CONTENT)
        download.run()
        download.assert_done()
        assert download.server.requests == []

    def test_part_that_is_too_long(self, download):
        """A part longer than the file is worthless, and fetched anew."""
        download.part.parent.mkdir()
        download.part.write_bytes(CONTENT + b"!")
        download.run()
        download.assert_done()
        assert download.server.requests == [(PATH, None)]

    def test_server_ignores_range(self, download):
        """A server that sends everything again is taken at its word."""
        download.server.plan = [loopback.cut_after(100_000), loopback.ignores_range]
        download.run()
        download.assert_done()

    def test_range_not_satisfiable(self, download):
        """After a 416 the file is fetched from its beginning."""
        download.server.plan = [loopback.cut_after(100_000), loopback.refuses(416)]
        download.run()
        download.assert_done()
        assert [r for _, r in download.server.requests] == [None, "bytes=100000-", None]

    def test_another_range(self, download):
        """A server that sends another part than was asked for is not appended to ours."""
        odd = loopback.sends(CONTENT[5:], {"Content-Range": "bytes 5-700000/700001"}, status=206)
        download.server.plan = [loopback.cut_after(100_000), odd]
        download.run()
        download.assert_done()

    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
    def test_passing_trouble(self, download, status):
        """A server that is busy is asked again."""
        download.server.plan = [loopback.refuses(status)]
        download.run()
        download.assert_done()

    def test_stalled(self, download):
        """A server that falls silent is left after the timeout, and what came is kept."""
        download.server.plan = [loopback.stalls_after(100_000)]
        download.run(timeout_s=0.2)
        download.assert_done()
        assert download.server.requests[1] == (PATH, "bytes=100000-")

    def test_redirect(self, download):
        """A redirect to another http address is followed, with the range asked for."""
        download.server.files["/old"] = b""
        download.server.plan = [loopback.redirects(PATH), loopback.cut_after(9)]
        download.server.plan += [loopback.redirects(PATH)]
        download.run(download.server.url("/old"))
        download.assert_done()
        assert download.server.requests[-1] == (PATH, "bytes=9-")


class TestRefused:
    """Downloads that must not end well."""

    def assert_nothing_left(self, download):
        """Neither the file nor a part of it is there."""
        assert list(download.target.parent.iterdir()) == []

    def test_wrong_bytes(self, download):
        """A file of the right size with another hash is deleted."""
        download.server.files[PATH] = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
        with pytest.raises(ModelDownloadError, match="is not the file of the manifest"):
            download.run()
        self.assert_nothing_left(download)

    def test_wrong_part(self, download):
        """A part that began as another file is found by the hash, deleted, and fetched anew."""
        download.part.parent.mkdir()
        download.part.write_bytes(b"x" * 1000)
        with pytest.raises(ModelDownloadError, match="what came was deleted"):
            download.run()
        self.assert_nothing_left(download)
        download.run()
        download.assert_done()

    def test_not_there(self, download):
        """A 404 is final and has its own type, so that a mirror's other place can be tried."""
        with pytest.raises(NotOfferedError, match="status 404"):
            download.run(download.server.url("/none"))
        assert len(download.server.requests) == 1

    @pytest.mark.parametrize("status", [400, 401, 403, 451])
    def test_final_status(self, download, status):
        """A refusal that will not pass is told at once."""
        download.server.plan = [loopback.refuses(status)]
        with pytest.raises(ModelDownloadError, match=f"status {status}"):
            download.run()
        assert len(download.server.requests) == 1

    def test_busy_for_ever(self, download):
        """A server that stays busy is asked as often as the policy says."""
        download.server.plan = [loopback.refuses(503)] * 9
        with pytest.raises(ModelDownloadError, match=r"status 503 .*\(tried 4 times\)"):
            download.run()
        assert len(download.server.requests) == 4
        assert download.pauses == [1.0, 2.0, 4.0]

    @pytest.mark.parametrize("size", [0, 131, len(CONTENT) - 1, len(CONTENT) + 1])
    def test_another_size_is_announced(self, download, size):
        """A file of another size is refused before a byte of it is stored."""
        download.server.files[PATH] = bytes(size)
        with pytest.raises(ModelDownloadError, match=f"offers {size} bytes, expected 700001"):
            download.run()
        self.assert_nothing_left(download)

    def test_too_long(self, download):
        """A server that announces no length and sends too much is cut off."""
        download.server.plan = [loopback.sends(CONTENT + bytes(5_000_000))]
        with pytest.raises(ModelDownloadError, match="sends more than the 700001 bytes"):
            download.run()
        assert max(done for _, done, _ in download.progress) <= len(CONTENT)
        self.assert_nothing_left(download)

    def test_always_silent(self, download):
        """A server that never says a word is left in the end."""
        download.server.plan = [loopback.stalls_after(0)] * 2
        with pytest.raises(ModelDownloadError, match="timed out"):
            download.run(attempts=2, timeout_s=0.1)

    def test_nobody_listens(self, download):
        """A port without a server is an error with the system's reason."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}/x"
            with pytest.raises(ModelDownloadError, match="refused"):
                download.run(url, attempts=2)

    @pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "data:,x", "/etc/passwd"])
    def test_other_schemes(self, download, url):
        """Only http and https are fetched."""
        assert not is_http_url(url)
        with pytest.raises(ModelDownloadError, match="no http"):
            download.run(url)

    @pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"])
    def test_redirect_to_other_schemes(self, download, location):
        """Nor does a redirect lead anywhere else."""
        download.server.plan = [loopback.redirects(location)]
        with pytest.raises(ModelDownloadError):
            download.run()
        assert not download.target.exists()

    def test_redirect_from_https_to_http(self):
        """A redirect does not lead from https to http, where anyone may listen."""
        request = urllib.request.Request("https://example.org/x")
        answer = io.BytesIO()
        with pytest.raises(ModelDownloadError, match="which is refused"):
            _HttpOnlyRedirects().redirect_request(
                request, answer, 302, "", HTTPMessage(), "http://example.org/x"
            )
        assert answer.closed

    def test_redirect_loop(self, download):
        """A server that sends the client in circles is left."""
        download.server.plan = [loopback.redirects(PATH)] * 99
        with pytest.raises(ModelDownloadError, match="302"):
            download.run()

    def test_disk_trouble_is_not_retried(self, download):
        """A folder that cannot be written to is the file system's error, told at once."""
        download.target.parent.write_bytes(b"a file where the folder should be")
        with pytest.raises(FileExistsError):
            download.run()
        assert download.server.requests == []
