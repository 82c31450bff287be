"""The sections of a report, each from the evidence and the words of one language.

A section that has nothing to say is None, except where the gap itself must be told.
"""

__all__: list[str] = []
