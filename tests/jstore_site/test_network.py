"""The gateway of a container's bridge, from the kernel's table."""

from jstore_site.conf.network import default_gateway

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
LOCAL = "eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
DEFAULT = "eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"


def test_it_reads_the_default_route():
    assert default_gateway(HEAD + LOCAL + DEFAULT) == "172.17.0.1"


def test_without_a_default_route_there_is_none():
    assert default_gateway(HEAD + LOCAL) is None
    assert default_gateway("") is None
