"""Templates by subject: a durable store, sealed at rest, and an index that is made from it."""

__all__: list[str] = []
