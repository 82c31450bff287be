"""Comparing probes with many references: vectors and their keys, nothing about whose they are.

`VectorIndex` holds unit vectors by key for 1:1 comparison and exact 1:N search; `plan_search` says
what suits a size and a memory, and `ApproximateIndex` is for what no exact scan can serve;
`score_all_pairs` compares a set with itself. Knows numpy and faiss, no subjects, stores or keys of
people. Needs the extra `registry`.
"""

from fvs.errors import MissingExtraError

try:
    import faiss as _faiss  # noqa: F401 - asked for here, so that every module below may rely on it
except ImportError as error:
    raise MissingExtraError(
        f"matching needs {error.name}",
        advice="Install it with `pip install 'face-verification-service[registry]'`.",
    ) from error

__all__: list[str] = []
