"""The report of an evaluation: one HTML file, and a PDF of the same content.

Data flows one way: scores, a pack's operating points and PAD results become `Evidence`; that
becomes a `Document` of sections in English, Thai or both; and that becomes HTML or PDF. Needs the
extra `report`; the engine never imports it.
"""

__all__: list[str] = []
