"""Writes deploy/constraints.txt: `python -m tests.server.deploy_constraints`."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distribution

from packaging.requirements import Requirement

from tests.conftest import REPOSITORY

FILE = REPOSITORY / "deploy" / "constraints.txt"
_US = "face-verification-service"
_HEAD = """\
# What the image is built with: every dependency of the extra `server`, as it was tested.
# Written by `python -m tests.server.deploy_constraints`; a test holds its names to what is there.
"""


def installed() -> str:
    """The file as it should be: all that the extra needs, with the versions of this environment."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    found: dict[str, str] = {}
    left = [*project["dependencies"], *extras["server"], *extras["registry"]]
    seen: set[str] = set()
    while left:
        text = left.pop()
        requirement = Requirement(text)
        if text in seen or requirement.name == _US:
            continue
        seen.add(text)
        if not _applies(requirement):
            continue
        package = distribution(requirement.name)
        found[re.sub(r"[-_.]+", "-", requirement.name).lower()] = package.version
        for each in package.requires or ():
            needed = Requirement(each)
            if _applies(needed, requirement.extras):
                needed.marker = None
                left.append(str(needed))
    return _HEAD + "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))


def _applies(requirement: Requirement, extras: set[str] = frozenset()) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": each}) for each in {"", *extras})


if __name__ == "__main__":
    FILE.write_text(installed())
