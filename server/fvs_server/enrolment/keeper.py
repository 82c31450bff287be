"""Keeps this process in step with the registry: other processes enrol, erase and rotate keys."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from fvs.registry.errors import MissingKeyError
from fvs_server.background import BackgroundLoop

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from fvs.deployment.registry_location import Location
    from fvs.registry.registry import Registry

__all__ = ["RegistryKeeper"]

_FOLLOW_S = 1.0
"""Between looks at the store; a verification looks for itself, so this only saves it work."""


class RegistryKeeper:
    """One thread of a process."""

    def __init__(self, location: Location, registry: Registry, *, index: bool) -> None:
        """Take what it keeps; without an index there is nothing to follow, only keys."""
        self._location = location
        self._registry = registry
        self._index = index
        self._loop = BackgroundLoop("registry", self.follow, _FOLLOW_S)

    def running(self) -> AbstractContextManager[None]:
        """Follow for as long as the block runs."""
        return self._loop.running() if self._index else nullcontext()

    def reload_keys(self) -> None:
        """Go on with the key ring as it is now (SIGHUP, after `fvs registry rotate-keys`).

        Raises:
            KeyRingError: it is missing, malformed, open to others or of another registry; the old
                one stays in use.
        """
        self._registry.use_keys(self._location.read_keys())

    def follow(self) -> int:
        """Take in what others changed; a key that was new to them is looked for in the ring.

        Returns:
            How many records had changed.

        Raises:
            StoreError: the store refuses.
            MissingKeyError: the ring has not got the key yet.
            KeyRingError: as of `reload_keys`.
        """
        try:
            return self._registry.catch_up()
        except MissingKeyError:
            self.reload_keys()
            return self._registry.catch_up()
