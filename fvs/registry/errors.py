"""What can go wrong with a registry; each class has one stable code.

```
FvsError
├── UsageError
│   ├── DuplicateRecordError   `duplicate_record`: a record id that is there already
│   ├── ErasureProofError      `erasure_proof`: an erasure proof that its signer did not write
│   ├── ModelMismatchError     `model_mismatch`: another embedder than the registry's
│   └── DuplicatesOffError     `duplicates_off`: a search without a stated purpose
└── DeploymentError
    ├── StoreError             `store_failed`: the database refuses, is full, corrupt or unreachable
    ├── KeyRingError           `key_ring`: keys are missing, malformed or not those of this registry
    ├── DumpError              `dump_altered`: a dump that is cut short, altered or of another ring
    └── SealError              `seal_broken`: a template that does not open: wrong key, or tampered
        └── MissingKeyError    `key_missing`: the key ring lacks the key that a record asks for
```
"""

from __future__ import annotations

from typing import ClassVar

from fvs.errors import DeploymentError, UsageError

__all__ = [
    "DumpError",
    "DuplicateRecordError",
    "DuplicatesOffError",
    "ErasureProofError",
    "KeyRingError",
    "MissingKeyError",
    "ModelMismatchError",
    "SealError",
    "StoreError",
]


class DuplicateRecordError(UsageError):
    """A record with this id is there already."""

    code: ClassVar[str] = "duplicate_record"


class ErasureProofError(UsageError):
    """An erasure proof is malformed, altered or of another signer."""

    code: ClassVar[str] = "erasure_proof"


class ModelMismatchError(UsageError):
    """Templates or probes are of another embedder, or other weights, than the registry's."""

    code: ClassVar[str] = "model_mismatch"


class DuplicatesOffError(UsageError):
    """Searching all people needs a purpose and a legal basis of its own, and none is configured."""

    code: ClassVar[str] = "duplicates_off"


class StoreError(DeploymentError):
    """The database refuses; the message never holds a row's content."""

    code: ClassVar[str] = "store_failed"


class KeyRingError(DeploymentError):
    """The key ring cannot be used; the message never holds key bytes."""

    code: ClassVar[str] = "key_ring"


class SealError(DeploymentError):
    """A sealed template does not open."""

    code: ClassVar[str] = "seal_broken"


class MissingKeyError(SealError):
    """The key ring lacks the wrapping key that a record asks for."""

    code: ClassVar[str] = "key_missing"


class DumpError(DeploymentError):
    """A dump is cut short, altered, or signed by another key ring."""

    code: ClassVar[str] = "dump_altered"
