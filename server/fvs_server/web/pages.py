"""Templates -> HTML, and the headers that every page is sent with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from fvs_server.edge.languages import Language, preferred_language
from fvs_server.web.texts import TEXTS

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["PAGE_HEADERS", "Asset", "find_asset", "language_of", "render_page"]

_MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "ttf": "font/ttf",
}
_FONTS = ("Sarabun-Regular.ttf", "Sarabun-Bold.ttf")
"""Of the package fontpkg-sarabun (OFL-1.1), for machines without a Thai typeface."""

PAGE_HEADERS = {
    # No script or style but our own files; nothing can be sent elsewhere or framed.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # Not `no-referrer`: forms would then be sent with `Origin: null`.
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class Asset:
    """A file that pages load.

    Attributes:
        content: its bytes.
        media_type: with its character set.
        digest: of the content; it stands in the address, which may be cached for ever.
    """

    content: bytes
    media_type: str
    digest: str


def language_of(wanted: str | None, accept_language: str) -> Language:
    """What `?lang=` asks for, else what the browser prefers."""
    if wanted in set(Language):
        return Language(wanted)
    return preferred_language(accept_language)


def render_page(template: str, language: Language, **context: object) -> str:
    """One page.

    Args:
        template: file name.
        language: of its texts, which the template calls `t`.
        context: what else the template names; a name that is missing is an error.
    """
    texts = {name: text[language] for name, text in TEXTS.items()}
    return _environment().get_template(template).render(t=texts, lang=language.value, **context)


def find_asset(name: str) -> Asset | None:
    """A style, script or typeface by its name; nothing else can be named."""
    return _assets().get(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("fvs_server.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["asset"] = _address_of
    return environment


def _address_of(name: str) -> str:
    return f"/static/{name}?v={_assets()[name].digest}"


@cache
def _assets() -> dict[str, Asset]:
    own = files("fvs_server.web").joinpath("static").iterdir()
    fonts = files("fontpkg_sarabun").joinpath("files")
    found = (*own, *(fonts.joinpath(name) for name in _FONTS))
    return {each.name: _read(each) for each in found}


def _read(file: Traversable) -> Asset:
    content = file.read_bytes()
    extension = file.name.rpartition(".")[2]
    digest = hashlib.sha256(content).hexdigest()[:16]
    return Asset(content, _MEDIA_TYPES[extension], digest)
