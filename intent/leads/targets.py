"""Where a webhook may go: a public address, checked anew and then connected to as it was checked."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from intent.errors import WebhookError
from jobs.errors import DeliveryError

Resolve = Callable[[str], list[str]]  # host name to addresses
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, kw_only=True)
class Target:
    """One delivery's way to the receiver: the address that was checked, and the name that its certificate must have."""

    url: str  # with the address in place of the name
    host: str  # for the Host header
    server_name: str  # for TLS


def check_url(url: str, *, allow_private: bool) -> None:
    """Raises WebhookError unless the address is https (or allowed to be private) and names a host."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise WebhookError(f"{url} is no webhook address: give https://host/path.")
    if parts.username or parts.password:
        raise WebhookError("A webhook address holds no user and no password: the signature proves who sends.")
    if allow_private:
        return
    if parts.scheme != "https":
        raise WebhookError(f"The webhook {url} is not encrypted: use https, or set allow_private for tests.")
    if _is_private(parts.hostname):
        raise WebhookError(f"The webhook {url} is a private address: use a public one, or set allow_private.")


def target_of(url: str, *, allow_private: bool, resolve: Resolve) -> Target:
    """Resolve the receiver's name now, and take an address that may be used.

    Names are resolved at every delivery: they may point somewhere else by now. One private address among several is
    enough to refuse. Raises DeliveryError.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        found = resolve(host)
    except OSError as error:
        raise DeliveryError(f"the receiver's host has no address ({type(error).__name__})") from error
    if not found:
        raise DeliveryError("the receiver's host has no address")
    if not allow_private and any(_is_private(address) for address in found):
        raise DeliveryError("the receiver's host is a private address, which the settings forbid", permanent=True)
    address = f"[{found[0]}]" if ":" in found[0] else found[0]
    port = f":{parts.port}" if parts.port else ""
    return Target(
        url=parts._replace(netloc=f"{address}{port}").geturl(),
        host=parts.netloc.rpartition("@")[2],
        server_name=host,
    )


def addresses(host: str) -> list[str]:
    """Addresses of a host name. Raises OSError."""
    found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def _is_private(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False  # a name: judged by its addresses at delivery
    return any(not each.is_global or each.is_multicast for each in _meant(address))


def _meant(address: Address) -> list[Address]:
    """The address, and the IPv4 address that it carries: mapped, 6to4, Teredo or NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    carried: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in ipaddress.ip_network("64:ff9b::/96"):
        carried.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [address, *(each for each in carried if each is not None)]
