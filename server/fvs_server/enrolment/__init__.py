"""The authority's own work: who is enrolled, exported, erased, imported and reviewed."""

__all__: list[str] = []
