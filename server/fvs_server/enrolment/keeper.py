"""Keeps this process in step with the registry: other processes enrol, erase and rotate keys."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from fvs.registry.errors import MissingKeyError

if TYPE_CHECKING:
    from fvs.deployment.registry_location import Location
    from fvs.registry.registry import Registry

__all__ = ["RegistryKeeper"]

logger = logging.getLogger(__name__)

_FOLLOW_S = 1.0
"""Between looks at the store; a verification looks for itself, so this only saves it work."""
_AFTER_FAILURE_S = 5.0


class RegistryKeeper:
    """One thread of a process; `start` and `stop` it."""

    def __init__(self, location: Location, registry: Registry, *, index: bool) -> None:
        """Take what it keeps; without an index there is nothing to follow, only keys."""
        self._location = location
        self._registry = registry
        self._index = index
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="registry", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        if self._index:
            self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

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

    def _run(self) -> None:
        pause_s = _FOLLOW_S
        while not self._stopping.wait(pause_s):
            try:
                self.follow()
                pause_s = _FOLLOW_S
            except Exception as error:  # noqa: BLE001 - the thread must live; messages may tell
                logger.warning("the registry cannot be followed: %s", type(error).__name__)
                pause_s = _AFTER_FAILURE_S
