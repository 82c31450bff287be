"""What a registry's store says of itself, so that no other keys or model are used with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs.registry.errors import KeyRingError, ModelMismatchError, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fvs.manifest import ModelManifest
    from fvs.registry.keys import KeyRing

__all__ = ["FORMAT", "checked_registry_id", "expected_metadata", "require_ring_of"]

FORMAT = "fvs-registry-1"


def expected_metadata(keys: KeyRing, model: ModelManifest) -> dict[str, str]:
    """What a registry's store says about itself, but for its id."""
    return {
        "format": FORMAT,
        "key_fingerprint": keys.fingerprint,
        "model_id": model.id,
        "model_sha256": model.sha256,
    }


def require_ring_of(metadata: Mapping[str, str], keys: KeyRing) -> None:
    """Refuse the ring of another registry.

    Raises:
        KeyRingError: it is one.
    """
    if metadata.get("key_fingerprint") != keys.fingerprint:
        raise KeyRingError(
            "the key ring is that of another registry", advice="Use the ring it was made with."
        )


def checked_registry_id(metadata: Mapping[str, str], keys: KeyRing, model: ModelManifest) -> str:
    """The registry's id, once keys and model are its own.

    Raises:
        StoreError: the store holds no registry, or one of another format.
        KeyRingError: the ring is that of another registry.
        ModelMismatchError: it holds templates of another model.
    """
    if metadata.get("format") != FORMAT:
        raise StoreError(
            "the store holds no registry that this version of fvs can use",
            advice="Create the registry first.",
        )
    require_ring_of(metadata, keys)
    expected = expected_metadata(keys, model)
    if any(metadata[name] != expected[name] for name in ("model_id", "model_sha256")):
        raise ModelMismatchError(
            f"the registry holds templates of {metadata['model_id']}, not of these weights "
            f"of {model.id}",
            advice="Use the pack that it was made with, or enrol anew in a new registry.",
        )
    return metadata["registry_id"]
