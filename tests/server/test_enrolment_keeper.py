"""A server keeps in step with a registry that others change, and with its rotated keys."""

from __future__ import annotations

import pytest

from fvs.deployment.registry_location import Location
from fvs.registry.errors import KeyRingError, MissingKeyError
from fvs.registry.keys import KeyRing
from tests.registry_desk import enrol_made_up


@pytest.fixture
def location(own_registry):
    """The registry that the server has open."""
    return Location.find(own_registry)


def rotate(location: Location) -> None:
    """As `fvs registry rotate-keys` in another process: the ring is kept, then records follow."""
    ring = location.read_keys()
    rotated = ring.rotated()
    rotated.update(location.key_file, ring)
    with location.opened() as registry:
        registry.rotate_keys(rotated)


def test_what_others_enrol_is_followed(office, own_registry):
    """Between verifications too, so that none has much to take in."""
    assert office.authority.keeper.follow() == 0
    enrol_made_up(own_registry, range(1, 4))
    assert office.authority.keeper.follow() == 3
    stats = office.services.faces.registry.stats()
    assert stats.gallery_revision == stats.revision


def test_a_rotated_ring_is_found_when_it_is_needed(office, own_registry, location):
    """Records under a new key are read after one look at the ring, without a signal."""
    rotate(location)
    enrol_made_up(own_registry, [1])
    with pytest.raises(MissingKeyError):
        office.services.faces.registry.catch_up()
    assert office.authority.keeper.follow() == 1


def test_a_signal_reads_the_ring_anew(office, own_registry, location):
    """`reload_keys` is what SIGHUP calls: from then on new records are written under it."""
    rotate(location)
    office.authority.keeper.reload_keys()
    enrol_made_up(own_registry, [1])
    assert office.services.faces.registry.catch_up() == 1


def test_a_ring_of_another_registry_is_refused(office, location):
    """The old one stays in use."""
    location.key_file.unlink()
    KeyRing.generate().write(location.key_file)
    with pytest.raises(KeyRingError):
        office.authority.keeper.reload_keys()
    assert office.authority.keeper.follow() == 0
