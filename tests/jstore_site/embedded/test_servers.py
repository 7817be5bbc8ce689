"""The embedded servers: started once, found again, healed after kill -9, half a data directory made anew."""

import os
import signal
import socket

import psycopg2
import pytest
import redis as redis_client

from jstore_site.conf.environment import read_json
from jstore_site.embedded import servers
from jstore_site.embedded.home import Home
from jstore_site.embedded.process import wait_gone


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    path = tmp_path_factory.mktemp("servers") / "home"
    made = Home(path)
    made.make()
    yield made
    for name in servers.VARIABLES:
        servers.stop(made, name)


def start(home):
    started = [name for name in servers.VARIABLES if servers.ensure(home, name)]
    for name in servers.VARIABLES:
        servers.wait(home, name)
    return started


def rows(home, sql):
    with psycopg2.connect(read_json(home.servers)["postgres_uri"]) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def test_half_a_data_directory_does_not_block(home):
    left = home.path / "postgres.new-1"
    left.mkdir()
    (left / "base").write_text("torn")
    assert start(home) == ["postgres", "valkey"]
    assert not left.exists()
    assert (home.path / "servers.json").stat().st_mode & 0o777 == 0o600


def test_what_runs_is_not_started_again(home):
    before = {name: servers.find(home, name).pid for name in servers.VARIABLES}
    assert start(home) == []
    assert {name: servers.find(home, name).pid for name in servers.VARIABLES} == before


def test_both_ask_for_the_password_and_evict_nothing(home):
    address = read_json(home.servers)
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(address["postgres_uri"].replace(":" + address["postgres_uri"].split(":")[2].split("@")[0], ":wrong"))
    client = redis_client.Redis.from_url(address["redis_uri"])
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client.config_get("append*")["appendfsync"] == "everysec"
    with pytest.raises(redis_client.AuthenticationError):
        redis_client.Redis(port=address["valkey_port"]).ping()


def test_a_committed_row_outlives_kill_9_and_a_stale_lock_file(home):
    rows(home, "CREATE TABLE t (a int)")
    rows(home, "INSERT INTO t VALUES (7)")
    held = psycopg2.connect(read_json(home.servers)["postgres_uri"])
    with held.cursor() as cursor:
        cursor.execute("SELECT 1")
        process = servers.find(home, "postgres")
        os.kill(process.pid, signal.SIGKILL)
        assert wait_gone(process, 10)
    lock = home.path / "postgres" / "postmaster.pid"
    lock.write_text(lock.read_text().replace(str(process.pid), str(os.getpid())))  # the pid is somebody else's by now
    port = read_json(home.servers)["postgres_port"]
    assert start(home) == ["postgres"]
    assert rows(home, "SELECT a FROM t") == [(7,)]
    assert read_json(home.servers)["postgres_port"] == port
    held.close()


def test_a_written_key_outlives_kill_9(home):
    client = redis_client.Redis.from_url(read_json(home.servers)["redis_uri"])
    client.set("a", "1")
    client.execute_command("WAITAOF", 1, 0, 2000)
    process = servers.find(home, "valkey")
    os.kill(process.pid, signal.SIGKILL)
    assert wait_gone(process, 10)
    assert start(home) == ["valkey"]
    assert client.get("a") == b"1"


def test_a_taken_port_is_left_to_its_owner(home):
    for name in servers.VARIABLES:
        assert servers.stop(home, name)
        assert servers.find(home, name) is None
    port = read_json(home.servers)["valkey_port"]
    with socket.create_server(("127.0.0.1", port)):
        assert start(home) == ["postgres", "valkey"]
        assert read_json(home.servers)["valkey_port"] != port
    assert rows(home, "SELECT a FROM t") == [(7,)]
