"""What tests let bulk workers do: functions of a module, so that any process can import them."""

import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

from fvs.errors import UsageError


class Fatal(NamedTuple):
    """An item that kills the first so many workers that take it; `folder` counts them."""

    value: int
    folder: str
    kills: int


def doubled(value: int) -> int:
    """An easy task."""
    return 2 * value


def slow_when_even(value: int) -> int:
    """Later items are done before earlier ones."""
    time.sleep(0.05 if value % 2 == 0 else 0.0)
    return value


def refuse_three(value: int) -> int:
    """Raises an error of ours on one item."""
    if value == 3:
        raise UsageError("three is refused", advice="Choose four.")
    return value


def killing(item: Fatal) -> int:
    """Kills its worker as an operator would, while `item.kills` worker deaths are due."""
    deaths = len(list(Path(item.folder).glob(f"{item.value}-*")))
    if deaths < item.kills:
        (Path(item.folder) / f"{item.value}-{os.getpid()}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return item.value


def own_process(_: object) -> int:
    """Which worker this is."""
    time.sleep(0.05)
    return os.getpid()
