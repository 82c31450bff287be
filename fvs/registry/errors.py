"""What can go wrong with a registry; each class has one stable code.

```
FvsError
├── UsageError
│   ├── DuplicateRecordError   `duplicate_record`: a record id that is there already
│   └── ErasureProofError      `erasure_proof`: an erasure proof that its signer did not write
└── DeploymentError
    ├── StoreError             `store_failed`: the database refuses, is full, corrupt or unreachable
    ├── KeyRingError           `key_ring`: keys are missing, malformed or not those of this registry
    └── SealError              `seal_broken`: a template that does not open: wrong key, or tampered
```
"""

from __future__ import annotations

from typing import ClassVar

from fvs.errors import DeploymentError, UsageError

__all__ = [
    "DuplicateRecordError",
    "ErasureProofError",
    "KeyRingError",
    "SealError",
    "StoreError",
]


class DuplicateRecordError(UsageError):
    """A record with this id is there already."""

    code: ClassVar[str] = "duplicate_record"


class ErasureProofError(UsageError):
    """An erasure proof is malformed, altered or of another signer."""

    code: ClassVar[str] = "erasure_proof"


class StoreError(DeploymentError):
    """The database refuses; the message never holds a row's content."""

    code: ClassVar[str] = "store_failed"


class KeyRingError(DeploymentError):
    """The key ring cannot be used; the message never holds key bytes."""

    code: ClassVar[str] = "key_ring"


class SealError(DeploymentError):
    """A sealed template does not open."""

    code: ClassVar[str] = "seal_broken"
