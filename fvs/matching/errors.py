"""What can go wrong with files of vectors.

```
FvsError
└── DeploymentError
    └── IndexFileError         `index_damaged`: a saved index that is not what was saved
```
"""

from __future__ import annotations

from typing import ClassVar

from fvs.errors import DeploymentError

__all__ = ["IndexFileError"]


class IndexFileError(DeploymentError):
    """A saved index is missing, altered or of another format; it can be rebuilt from its store."""

    code: ClassVar[str] = "index_damaged"
