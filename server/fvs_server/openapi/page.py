"""The OpenAPI document as one page that needs no network and runs no script."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CONTENT_SECURITY_POLICY", "reference_page"]

_CODE = re.compile("`([^`]+)`")
_STYLE = """
body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:auto;padding:1rem;color:#1a1a1a;
background:#fff}
h2{margin-top:3rem;border-top:1px solid #767676;padding-top:1rem}
code,pre{font-family:ui-monospace,monospace;background:#f2f2f2;overflow-wrap:anywhere}
pre{padding:.75rem;overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{border:1px solid #767676;padding:.25rem .5rem;text-align:left;vertical-align:top}
a{color:#0b4f9e}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""Of the page: its own style and nothing else."""


def reference_page(document: dict[str, Any]) -> str:
    """The page.

    Args:
        document: of `openapi_document`.
    """
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = document["components"]["schemas"]
    title = escape(document["info"]["title"])
    return "".join(
        (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
            '<meta name="viewport" content="width=device-width">',
            f"<style>{_STYLE}</style></head><body><main><h1>{title}</h1>",
            f"<p>{escape(document['info']['description'])} Version ",
            f"{escape(document['info']['version'])}; for programs: ",
            '<a href="/openapi.json">openapi.json</a>.</p>',
            f"<nav aria-label='Operations'>{_contents(operations)}</nav>",
            *(_operation(*each) for each in operations),
            "<h2>Schemas</h2>",
            *(_schema(name, schema) for name, schema in schemas.items()),
            "</main></body></html>",
        )
    )


def _contents(operations: list[tuple[str, str, dict[str, Any]]]) -> str:
    items = (
        f'<li><a href="#{escape(operation["operationId"])}"><code>{method} {escape(path)}</code>'
        f"</a> {_words(operation['summary'])}</li>"
        for method, path, operation in operations
    )
    return f"<ul>{''.join(items)}</ul>"


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    granted = [scopes for each in operation["security"] for scopes in each.values()]
    scopes = sorted({scope for each in granted for scope in each})
    name = escape(operation["operationId"])
    parts = [
        f'<h2 id="{name}"><code>{method} {escape(path)}</code></h2>',
        f"<p>{_words(operation['summary'])} {_words(operation.get('description', ''))}</p>",
        f"<p>Scope: {' or '.join(f'<code>{scope}</code>' for scope in scopes) or 'none'}.</p>",
        _table(("Parameter", "In", "Kind", "Meaning"), map(_parameter, operation["parameters"])),
    ]
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"<p>Body, <code>{escape(media_type)}</code>: {_kind(content['schema'])}</p>")
        if "example" in content:
            example = json.dumps(content["example"], indent=2)
            parts.append(f'<pre tabindex="0">{escape(example)}</pre>')
    parts.append(
        _table(("Status", "Body", "Meaning"), map(_response, operation["responses"].items()))
    )
    return "".join(parts)


def _parameter(parameter: dict[str, Any]) -> tuple[str, ...]:
    name = f"<code>{escape(parameter['name'])}</code>"
    said = _words(parameter.get("description", ""))
    return name, parameter["in"], _kind(parameter["schema"]), said


def _response(item: tuple[str, dict[str, Any]]) -> tuple[str, ...]:
    status, response = item
    kinds = (_kind(content["schema"]) for content in response["content"].values())
    return status, " or ".join(kinds), _words(response["description"])


def _schema(name: str, schema: dict[str, Any]) -> str:
    needed = schema.get("required", ())
    rows = (
        (
            f"<code>{escape(member)}</code>{'' if member in needed else ' (optional)'}",
            _kind(of),
            _words(of.get("description", "")),
        )
        for member, of in schema.get("properties", {}).items()
    )
    values = ", ".join(f"<code>{escape(str(each))}</code>" for each in schema.get("enum", ()))
    return (
        f'<h3 id="schema-{escape(name)}">{escape(name)}</h3>'
        f"<p>{_words(schema.get('description', ''))} {values}</p>"
    ) + _table(("Member", "Kind", "Meaning"), rows)


def _kind(schema: dict[str, Any]) -> str:
    """A type in few words, with links to what it refers to."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[1])
        return f'<a href="#schema-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(map(_kind, schema["anyOf"]))
    if "allOf" in schema:
        return _kind(schema["allOf"][0])
    if "enum" in schema:
        return ", ".join(f"<code>{escape(str(each))}</code>" for each in schema["enum"])
    return _plain_kind(schema)


def _plain_kind(schema: dict[str, Any]) -> str:
    if "prefixItems" in schema:
        return f"list: {', '.join(map(_kind, schema['prefixItems']))}"
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"by name, {_kind(schema['additionalProperties'])}"
    return escape(str(schema.get("format") or schema.get("type") or "any"))


def _words(text: str) -> str:
    """Prose, in which code stands between backticks."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table of cells that are HTML already; nothing without rows."""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    if not body:
        return ""
    head = "".join(f"<th scope='col'>{escape(each)}</th>" for each in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
