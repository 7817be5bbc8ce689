"""Ports that are free, and stay out of the kernel's way."""

import socket
import threading

from jstore_site.embedded.ports import FIRST, LAST, becomes_free, free_port, is_free


def test_a_free_port_is_outside_the_range_of_outgoing_connections():
    with socket.create_server(("127.0.0.1", 0)) as server:
        outgoing = server.getsockname()[1]  # the kernel picks from that range
    assert not FIRST <= outgoing <= LAST
    assert all(FIRST <= free_port() <= LAST for _ in range(20))


def test_a_port_that_is_listened_on_is_not_free():
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)
        assert not becomes_free(port, 0.1)
    assert is_free(port)


def test_it_waits_for_a_port_that_is_being_left():
    server = socket.create_server(("127.0.0.1", free_port()))
    port = server.getsockname()[1]
    threading.Timer(0.2, server.close).start()
    assert becomes_free(port, 5)
