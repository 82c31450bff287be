"""Exceptions: mistakes of callers and deployers, never the fate of one picture (see `Status`).

```
FvsError
├── UsageError                 the caller's mistake: an argument that cannot be right
└── DeploymentError            the deployer's mistake
    ├── ManifestError          a model.toml, pack.toml or operating-point file that is wrong
    ├── ModelNotFoundError     weights or a pack that are nowhere on the search path
    ├── ModelIntegrityError    weights whose hash, inputs or outputs differ from the manifest
    ├── ModelDownloadError     weights that could not be fetched
    ├── ProviderError          an execution provider that was asked for and is not there
    └── MissingExtraError      an optional dependency that is not installed
```
"""

__all__ = [
    "DeploymentError",
    "FvsError",
    "ManifestError",
    "MissingExtraError",
    "ModelDownloadError",
    "ModelIntegrityError",
    "ModelNotFoundError",
    "ProviderError",
    "UsageError",
]


class FvsError(Exception):
    """Base of all; `advice` says what to do next."""

    def __init__(self, message: str, *, advice: str = "") -> None:
        """Keep the message and the advice apart, so that each front end can lay them out."""
        super().__init__(message)
        self.advice = advice


class UsageError(FvsError, ValueError):
    """An argument that cannot be right."""


class DeploymentError(FvsError):
    """Something about the installation is wrong."""


class ManifestError(DeploymentError):
    """A model, pack or operating-point file is malformed or contradicts itself."""


class ModelNotFoundError(DeploymentError):
    """Weights or a pack are nowhere on the search path."""


class ModelIntegrityError(DeploymentError):
    """Weights differ from what their manifest declares."""


class ModelDownloadError(DeploymentError):
    """Weights could not be fetched, or what came is not what was asked for."""


class ProviderError(DeploymentError):
    """An execution provider was asked for by name and cannot be had."""


class MissingExtraError(DeploymentError):
    """An optional dependency is not installed."""
