"""Tests reach this machine only: a test that calls the outside fails at once, and says what it called."""

import ipaddress
import socket
from typing import Any

import pytest


class OutsideNetworkError(AssertionError):
    """A test tried to reach another machine."""


def block_outside_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections other than to loopback and Unix sockets, for this process."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _refuse_outside(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_outside(self, address)
        return connect_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)


def _refuse_outside(endpoint: socket.socket, address: Any) -> None:
    if endpoint.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(address[0]):
        raise OutsideNetworkError(f"A test tried to reach {address!r}")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
