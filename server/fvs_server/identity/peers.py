"""Who is at the other end: the address behind the proxies that we trust."""

from __future__ import annotations

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TYPE_CHECKING

from fvs.errors import DeploymentError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fvs_server.identity.request_head import RequestHead

__all__ = ["Peers", "block_of", "vicinity_of"]

_FORWARDED_FOR = "x-forwarded-for"
_BLOCK_BITS_V6 = 64
"""What one subscriber has at least; single addresses of it cost nothing."""
_VICINITY_BITS = {4: 24, 6: 48}


class Peers:
    """Proxies whose word on others' addresses and certificates is taken."""

    def __init__(self, trusted_proxies: Iterable[str]) -> None:
        """Take addresses and networks, for example `10.0.0.0/8`.

        Raises:
            DeploymentError: one is neither.
        """
        try:
            self._trusted = tuple(ip_network(text, strict=False) for text in trusted_proxies)
        except ValueError as error:
            raise DeploymentError(
                "a trusted proxy is neither an address nor a network",
                advice="Correct [http] trusted_proxies, for example 10.0.0.7 or 10.0.0.0/24.",
            ) from error

    def trusts(self, address: str) -> bool:
        """Whether the headers of the one at that address are believed."""
        parsed = _parse(address)
        return parsed is not None and self._includes(parsed)

    def client_of(self, head: RequestHead) -> str:
        """Address of the caller: of X-Forwarded-For the last that no trusted proxy has.

        What an untrusted peer writes there is not read; neither is what stands before the entry
        that a trusted proxy added, for the caller may have made it up.
        """
        address = head.peer
        hops = [hop.strip() for line in head.all(_FORWARDED_FOR) for hop in line.split(",")]
        while hops and self.trusts(address):
            address = hops.pop()
        return address

    def _includes(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trusted)


def block_of(address: str) -> str:
    """The addresses that one caller can choose among: one of IPv4, a /64 of IPv6."""
    parsed = _parse(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, _BLOCK_BITS_V6), strict=False))
    return "unknown" if parsed is None else str(parsed)


def vicinity_of(address: str) -> str:
    """As much of an address as a log needs: a /24 of IPv4, a /48 of IPv6."""
    parsed = _parse(address)
    if parsed is None:
        return "unknown"
    network = IPv4Network if isinstance(parsed, IPv4Address) else IPv6Network
    return str(network((int(parsed), _VICINITY_BITS[parsed.version]), strict=False))


def _parse(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return parsed if mapped is None else mapped
