"""Keeps prompts and recordings on the firm's own machines: which hosts a model's server may have."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from prompts.errors import ChatError, ChatUnavailableError

Address = IPv4Address | IPv6Address
# RFC 1918, RFC 4193 and loopback. Link-local is left out: cloud metadata services live there.
OWN_NETWORKS = tuple(
    map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"))
)


def refuse_outside(
    base_url: str, *, resolve: bool = True, what: str = "chat server", setting: str = "allow_external"
) -> None:
    """Raises ChatError unless every address of the URL's host is loopback or private.

    Without `resolve` a host name passes and only a written address is judged. Raises
    ChatUnavailableError when a name has no address. what, setting: named in the message.
    """
    host = urlsplit(base_url).hostname or ""
    outside = [address for address in _addresses(host, resolve, what) if not is_own(address)]
    if outside:
        raise ChatError(
            f"the {what} {host} ({outside[0]}) lies outside this machine and private networks: "
            f"use one inside, or set {setting} once that is permitted"
        )


def is_own(address: Address) -> bool:
    """Whether the address is loopback or private; an IPv4 address inside IPv6 is judged as itself."""
    plain = getattr(address, "ipv4_mapped", None) or address
    return any(plain in network for network in OWN_NETWORKS)


def _addresses(host: str, resolve: bool, what: str) -> list[Address]:
    try:
        return [ip_address(host)]
    except ValueError:
        return _resolved(host, what) if resolve else []


def _resolved(host: str, what: str) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ChatUnavailableError(
            f"the {what}'s name {host} cannot be resolved: check base_url and the name service"
        ) from error
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
