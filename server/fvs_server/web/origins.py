"""Whether a form was sent from our own page: the second lock beside SameSite cookies."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["is_own_origin"]


def is_own_origin(headers: Mapping[str, str], public_url: str) -> bool:
    """Whether `Origin` is there and names this service.

    Args:
        headers: of the request, lower-case names.
        public_url: of the settings; where there is none, the name in `Host` is ours. A proxy may
            have taken TLS off, so that the scheme is not compared then.
    """
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = urlsplit(headers.get("origin", ""))
    if public_url:
        own = urlsplit(public_url)
        return (origin.scheme, origin.netloc) == (own.scheme, own.netloc)
    return bool(origin.netloc) and origin.netloc == headers.get("host", "")
