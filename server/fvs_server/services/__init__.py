"""What the service does with faces; knows no HTTP."""

__all__: list[str] = []
