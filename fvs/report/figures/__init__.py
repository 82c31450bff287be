"""Drawings of a report: from numbers to SVG, the same bytes for the same numbers."""

__all__: list[str] = []
