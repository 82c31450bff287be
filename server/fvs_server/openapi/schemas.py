"""JSON schemas of structs, with the descriptions that their docstrings hold."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import msgspec

__all__ = ["Schemas"]

_REF = "#/components/schemas/{name}"
_ATTRIBUTES = re.compile(r"\n+ *Attributes:\n(?P<lines>.*)\Z", re.DOTALL)
_ATTRIBUTE = re.compile(r"^(?P<name>\w+): (?P<text>.*(?:\n +.*)*)", re.MULTILINE)


class Schemas:
    """Schemas of types, which refer to one another by name."""

    def __init__(self, types: list[Any]) -> None:
        """Take all types at once: names are unique among them."""
        # Not hashable all: unions of generics are compared.
        self._types: list[Any] = []
        self._types += [each for each in types if each not in self._types]
        self._schemas, components = msgspec.json.schema_components(self._types, ref_template=_REF)
        self.components = {name: _described(components[name]) for name in sorted(components)}

    def of(self, wanted: Any) -> dict[str, Any]:  # noqa: ANN401 - any type
        """The schema of one of the types."""
        return dict(self._schemas[self._types.index(wanted)])


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    """The docstring's summary for the object, and what it says of an attribute for the member."""
    text = schema.get("description", "")
    attributes = _ATTRIBUTES.search(text)
    described = schema | {"description": _ATTRIBUTES.sub("", text).strip()}
    if attributes and "properties" in schema:
        said = {
            match["name"]: " ".join(match["text"].split())
            for match in _ATTRIBUTE.finditer(textwrap.dedent(attributes["lines"]))
        }
        described["properties"] = {
            name: {"description": said[name], **member} if name in said else member
            for name, member in schema["properties"].items()
        }
    return described
