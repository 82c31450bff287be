"""What is HTTP about the service and the same for every route: problems, bodies, request ids."""

__all__: list[str] = []
