"""A web server on this machine that behaves as badly as a test asks it to."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PROXY_VARIABLES = (
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
)


def whole(request, content):
    """Send the file, or the rest of it that was asked for."""
    start = request.range_start()
    if start is None:
        request.reply(200, content)
    elif start >= len(content):
        request.reply(416, b"")
    else:
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        request.reply(206, content[start:], {"Content-Range": span})


def cut_after(n_bytes):
    """Announce all that is left and close the connection after `n_bytes` of it."""

    def behave(request, content):
        rest = content[request.range_start() or 0 :]
        status = 200 if request.range_start() is None else 206
        first = len(content) - len(rest)
        span = f"bytes {first}-{len(content) - 1}/{len(content)}"
        headers = {"Content-Range": span} if status == 206 else {}
        request.reply(status, rest[:n_bytes], headers | {"Content-Length": str(len(rest))})

    return behave


def ignores_range(request, content):
    """Send the whole file whatever was asked for."""
    request.reply(200, content)


def refuses(status):
    """Answer with a status and no file."""

    def behave(request, _content):
        request.reply(status, b"no")

    return behave


def redirects(location):
    """Send the client elsewhere."""

    def behave(request, _content):
        request.reply(302, b"", {"Location": location})

    return behave


def sends(body, headers=None, status=200):
    """Send these bytes, announced as `headers` say; without a length, until the connection ends."""

    def behave(request, _content):
        request.reply(status, body, {"Content-Length": None} | (headers or {}))

    return behave


def stalls_after(n_bytes):
    """Send some bytes of the file and then nothing, without closing the connection."""

    def behave(request, content):
        request.reply(200, content[:n_bytes], {"Content-Length": str(len(content))})
        request.server.released.wait(timeout=30)

    return behave


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append((self.path, self.headers.get("Range")))
        behave = self.server.plan.pop(0) if self.server.plan else whole
        files = self.server.files
        if self.path not in files:
            behave = refuses(404)
        behave(self, files.get(self.path, b""))

    def range_start(self):
        text = self.headers.get("Range")
        return None if text is None else int(text.removeprefix("bytes=").partition("-")[0])

    def reply(self, status, body, headers=None):
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_args):
        """Stay silent: the test looks at `requests` instead."""


class LoopbackServer(ThreadingHTTPServer):
    """Serves `files` (path -> bytes); each request takes the next behaviour of `plan`.

    When the plan is used up it behaves well. A path that is not in `files` is a 404 always.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = {}
        self.plan = []
        self.requests = []
        self.released = threading.Event()

    def url(self, path=""):
        """The address of a path that begins with a slash."""
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, *_args):
        """A client that hangs up is what some tests want."""


@contextmanager
def serving():
    """A running server, stopped in the end."""
    with LoopbackServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()
