"""HTTPS with a private certificate authority."""

import ssl
import subprocess
import threading

import pytest
from j_feature_store import FeatureStoreClient, JStoreError

from tests.sdk.scripted import QUICK, Reply, Script, serve


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """-> (certificate, key): self-signed for localhost, so the certificate is its own authority."""
    home = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    extension = ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(
        [*command.split(), *extension, "-keyout", home / "key.pem", "-out", home / "ca.pem"], check=True, capture_output=True
    )
    return home / "ca.pem", home / "key.pem"


@pytest.fixture
def secure(certificate):
    """A scripted server behind TLS."""
    told = Script()
    server = serve(told)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    told.says(Reply(body={"name": "x"}))
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


def test_it_trusts_the_given_authority(secure, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent.pem")
    with FeatureStoreClient("localhost", secure.port, use_ssl=True, ca_file=str(certificate[0]), retry=QUICK) as client:
        assert client.get_feature("x") == {"name": "x"}


def test_the_environments_bundle_serves_too(secure, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    with FeatureStoreClient("localhost", secure.port, use_ssl=True, retry=QUICK) as client:
        assert client.get_feature("x") == {"name": "x"}


def test_an_unknown_authority_is_refused_at_once(secure):
    client = FeatureStoreClient("localhost", secure.port, use_ssl=True, retry=QUICK)
    with client, pytest.raises(JStoreError, match="give ca_file=") as caught:
        client.get_feature("x")
    assert caught.value.code == "tls_failed"
    assert secure.seen == []


def test_another_name_is_refused(secure, certificate):
    client = FeatureStoreClient("127.0.0.1", secure.port, use_ssl=True, ca_file=str(certificate[0]), retry=QUICK)
    with client, pytest.raises(JStoreError) as caught:
        client.get_feature("x")
    assert caught.value.code == "tls_failed"
