"""What differs between two certificates, entry by entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fvs.certificates.records import Certificate

__all__ = ["Change", "diff_certificates"]

NAMING_FIELDS = ("target_fmr", "group", "band", "sex", "kind", "lowest", "name")
"""Fields by which the entries of a list are told apart; what they lack does not matter."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One value that is not the same.

    Attributes:
        where: the way to it: `points[0.0001].threshold`.
        before: the value there, None where there was none.
        after: likewise.
    """

    where: str
    before: object
    after: object


def diff_certificates(before: Certificate, after: Certificate) -> tuple[Change, ...]:
    """Every value that differs, in the order of the fields; empty for equal certificates."""
    return tuple(_changes("", _document(before), _document(after)))


def _document(certificate: Certificate) -> dict[str, object]:
    """All values, of distributions what people are shown: bins and samples always differ."""
    document: dict[str, object] = msgspec.to_builtins(certificate)
    summaries = [one.summary._asdict() for one in certificate.distributions]
    return document | {"distributions": summaries}


def _changes(where: str, before: object, after: object) -> Iterator[Change]:
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        before, after = _by_name(before), _by_name(after)
        brackets = True
    else:
        brackets = False
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            step = f"[{key}]" if brackets else f".{key}" if where else str(key)
            yield from _changes(where + step, before.get(key), after.get(key))
    elif before != after:
        yield Change(where=where, before=before, after=after)


def _by_name(entries: list[object] | tuple[object, ...]) -> dict[str, object]:
    """Entries under the names they have; those without any under their place."""
    return {
        _name(entry) if isinstance(entry, dict) else str(place): entry
        for place, entry in enumerate(entries)
    }


def _name(entry: Mapping[str, object]) -> str:
    parts = [entry[field] for field in NAMING_FIELDS if entry.get(field) not in (None, "")]
    words = [str(part["name"]) if isinstance(part, dict) else f"{part}" for part in parts]
    return " ".join(words)
