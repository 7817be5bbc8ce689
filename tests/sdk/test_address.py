"""host, port and use_ssl to a URL."""

import pytest
from j_feature_store.address import base_url, is_loopback


@pytest.mark.parametrize(
    ("host", "port", "use_ssl", "url"),
    [
        ("localhost", None, None, "http://localhost:8000"),
        ("feature-store.example.com", 443, True, "https://feature-store.example.com:443"),
        ("feature-store.example.com", None, True, "https://feature-store.example.com:443"),
        ("10.0.0.7", 9000, False, "http://10.0.0.7:9000"),
        ("::1", 8000, False, "http://[::1]:8000"),
        ("[::1]", 8000, False, "http://[::1]:8000"),
        ("http://localhost:3000", None, None, "http://localhost:3000"),
        ("https://features.example.com", None, None, "https://features.example.com:443"),
        ("https://example.com/jstore/", None, True, "https://example.com:443/jstore"),
        ("http://example.com", 8080, None, "http://example.com:8080"),
    ],
)
def test_it_makes_one_base_url(host, port, use_ssl, url):
    assert base_url(host, port, use_ssl) == url


@pytest.mark.parametrize(
    ("host", "port", "use_ssl"),
    [
        ("", None, None),
        ("example.com:8000", None, None),
        ("example.com/path", None, None),
        ("ftp://example.com", None, None),
        ("https://example.com", None, False),
        ("http://example.com:8000", 9000, None),
        ("https://user:secret@example.com", None, None),
        ("example.com", 70000, None),
    ],
)
def test_it_refuses_what_contradicts_itself(host, port, use_ssl):
    with pytest.raises(ValueError):
        base_url(host, port, use_ssl)


def test_it_knows_its_own_machine():
    assert all(
        is_loopback(url) for url in ("http://localhost:8000", "http://127.0.0.1:1", "http://127.8.8.8:1", "http://[::1]:8000")
    )
    assert not any(is_loopback(url) for url in ("http://10.0.0.1:8000", "https://localhost.example.com", "http://web:8000"))
