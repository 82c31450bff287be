"""One file over HTTP: resumed after a cut, capped in size, checked before it is believed.

Neither the server nor the way to it is trusted, only the hash. Two downloads of one file at a time
would spoil each other's part file; the hash finds that, and the next download starts anew.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from fvs.errors import ModelDownloadError
from fvs.model_store import SHOWN_HASH_CHARS, Identity, holds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message
    from pathlib import Path

__all__ = ["NotOfferedError", "OnProgress", "Policy", "fetch", "is_http_url"]

OnProgress = Callable[[str, int, int], None]
"""Called with a file's name, the bytes that are there, and the bytes there will be."""

CHUNK_BYTES = 1 << 18
"""At most read from a connection at once; what has come is on disk within a chunk."""

SCHEMES = ("https", "http")
STATUS_PARTIAL = 206
STATUS_RANGE_NOT_SATISFIABLE = 416
STATUSES_NOT_OFFERED = frozenset({404, 410})
PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may be gone at the next attempt."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How patient a download is.

    Attributes:
        timeout_s: longest silence, while connecting or between two pieces.
        attempts: requests per file, each resuming where the last was cut.
        backoff_s: pause before the second attempt; it doubles with each further one.
        sleep: waits that many seconds.
    """

    timeout_s: float = 30.0
    attempts: int = 4
    backoff_s: float = 1.0
    sleep: Callable[[float], None] = time.sleep


class NotOfferedError(ModelDownloadError):
    """The server says that it has no such file."""


class _PassingError(Exception):
    """Something that another attempt may mend."""


def fetch(
    url: str, target: Path, expected: Identity, policy: Policy, on_progress: OnProgress
) -> None:
    """Download one file to `target`, which appears whole and verified or not at all.

    What has come of a cut download stays beside it as a hidden `.part` file and is resumed.
    Proxies are those of the operating system or the usual environment variables.

    Raises:
        NotOfferedError: the server has no such file.
        ModelDownloadError: what it offers has another size or hash, or all attempts failed.
        OSError: the file system refuses.
    """
    if not is_http_url(url):
        raise ModelDownloadError(f"{url} is no http(s) address")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{expected.sha256[:SHOWN_HASH_CHARS]}.part")
    _receive_all(_Transfer(url, part, expected.size_bytes, target.name, on_progress), policy)
    if not holds(part, expected):
        part.unlink(missing_ok=True)
        raise ModelDownloadError(
            f"{url} is not the file of the manifest (its sha256 is not "
            f"{expected.sha256[:SHOWN_HASH_CHARS]}…); what came was deleted"
        )
    part.replace(target)


def is_http_url(address: str) -> bool:
    """Whether this is an address that `fetch` takes."""
    return urllib.parse.urlsplit(address).scheme in SCHEMES


def _receive_all(transfer: _Transfer, policy: Policy) -> None:
    pause_s = policy.backoff_s
    for attempts_left in reversed(range(policy.attempts)):
        try:
            transfer.resume(policy.timeout_s)
        except _PassingError as error:
            if attempts_left == 0:
                raise ModelDownloadError(
                    f"cannot fetch {transfer.url}: {error} (tried {policy.attempts} times)",
                    advice="What has come is kept: the same command goes on from there.",
                ) from error
            policy.sleep(pause_s)
            pause_s *= 2
        else:
            return


@dataclass(frozen=True)
class _Transfer:
    """One file on its way into a part file."""

    url: str
    part: Path
    size_bytes: int
    name: str
    on_progress: OnProgress

    def resume(self, timeout_s: float) -> None:
        """Ask for what is missing and append it, until the part file has its full size."""
        have = self.part.stat().st_size if self.part.exists() else 0
        if have == self.size_bytes:
            return
        if have > self.size_bytes:
            self.part.unlink()
            have = 0
        with self._ask(have, timeout_s) as response:
            self._receive(response, have)

    def _ask(self, start: int, timeout_s: float) -> Any:  # noqa: ANN401 - as typeshed has it
        headers = {"User-Agent": "fvs", "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        request = urllib.request.Request(self.url, headers=headers)  # noqa: S310 - `fetch` checked it
        try:
            return _http_opener().open(request, timeout=timeout_s)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error.code, error.reason) from error
        except (OSError, http.client.HTTPException) as error:
            raise _PassingError(str(error) or type(error).__name__) from error

    def _refusal(self, status: int, reason: str) -> Exception:
        if status == STATUS_RANGE_NOT_SATISFIABLE:
            self.part.unlink(missing_ok=True)
            return _PassingError("the server cannot go on from there")
        if status in PASSING_STATUSES:
            return _PassingError(f"status {status} {reason}")
        kind = NotOfferedError if status in STATUSES_NOT_OFFERED else ModelDownloadError
        return kind(f"cannot fetch {self.url}: status {status} {reason}")

    def _receive(self, response: http.client.HTTPResponse, have: int) -> None:
        partial = response.status == STATUS_PARTIAL
        if partial and _range_start(response.headers) != have:
            self.part.unlink(missing_ok=True)
            raise _PassingError("the server sent another range than was asked for")
        have = have if partial else 0
        self._check_announced(response.headers, have)
        with self.part.open("ab" if partial else "wb") as stream:
            for piece in _pieces(response):
                have += len(piece)
                if have > self.size_bytes:
                    break
                stream.write(piece)
                self.on_progress(self.name, have, self.size_bytes)
        if have > self.size_bytes:
            self.part.unlink()
            raise ModelDownloadError(
                f"{self.url} sends more than the {self.size_bytes} bytes expected; "
                "what came was deleted"
            )
        if have < self.size_bytes:
            raise _PassingError(f"cut after {have} of {self.size_bytes} bytes")

    def _check_announced(self, headers: Message, have: int) -> None:
        """Refuse another length than the expected one before anything is stored."""
        announced = headers.get("Content-Length", "")
        if announced.isdecimal() and have + int(announced) != self.size_bytes:
            raise ModelDownloadError(
                f"{self.url} offers {have + int(announced)} bytes, expected {self.size_bytes}",
                advice="The file there has changed, or the address leads to a page instead.",
            )


def _pieces(response: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while piece := response.read1(CHUNK_BYTES):
            yield piece
    except (OSError, http.client.HTTPException) as error:
        raise _PassingError(str(error) or type(error).__name__) from error


class _HttpOnlyRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect to http(s) only, and never from https to http."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        scheme = urllib.parse.urlsplit(newurl).scheme
        if scheme not in SCHEMES or (req.type == "https" and scheme != "https"):
            fp.close()
            raise ModelDownloadError(f"{req.full_url} redirects to {newurl}, which is refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _http_opener() -> urllib.request.OpenerDirector:
    """Http(s) alone: urllib's default opener would also read `file:` and `data:` addresses."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _HttpOnlyRedirects(),
    ):
        opener.add_handler(handler)
    return opener


def _range_start(headers: Message) -> int | None:
    """The first byte that a partial answer holds (`Content-Range: bytes 10-99/100`)."""
    unit, _, rest = headers.get("Content-Range", "").partition(" ")
    first = rest.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdecimal() else None
