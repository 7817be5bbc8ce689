"""`make demo`'s stack as a user runs it: one is started for this file, then hurt in each way there is."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time

import psutil
import psycopg2
import pytest
import redis as redis_client

from jstore_site.conf.environment import BASE_DIR, read_json
from jstore_site.embedded.ports import is_free
from tests.servers.stack import Stack, wait_for

UP = ("-m", "jstore_site.embedded", "up")
PROCESSES = ("web", "applier", "worker", "beat", "postgres", "valkey", "supervisor")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    made = Stack(tmp_path_factory.mktemp("stack") / "home")
    try:
        made.up()
        yield made
    finally:
        made.stop()


def features(demo, key=True):
    return demo.client(key).get("/api/v1/features/").status


def test_run_json_tells_its_owner_everything(demo):
    run = demo.run
    assert stat.S_IMODE((demo.home / "run.json").stat().st_mode) == 0o600
    assert set(run) == {"url", "username", "password", "api_key", "postgres_uri", "redis_uri", "kafka_bootstrap_servers", "pids"}
    assert run["url"] == demo.url
    assert run["kafka_bootstrap_servers"] is None
    assert set(run["pids"]) == set(PROCESSES)
    assert all(psutil.pid_exists(pid) for pid in run["pids"].values())
    psycopg2.connect(run["postgres_uri"]).close()
    assert redis_client.Redis.from_url(run["redis_uri"]).ping()


@pytest.mark.parametrize("key", [True, False])
def test_the_key_and_the_local_rule_are_good(demo, key):
    assert features(demo, key) == 200


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/static/drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js"])
def test_it_serves_what_needs_no_key(demo, path):
    assert demo.client(key=False).get(path).status == 200


def test_a_second_start_changes_nothing_and_is_quick(demo):
    before = demo.run
    started = time.monotonic()
    demo.up()
    assert demo.run == before
    assert time.monotonic() - started < 15


def test_a_start_without_a_port_keeps_the_running_one(demo):
    before = demo.run
    assert demo.command(*UP).returncode == 0
    assert demo.run == before


def test_status_names_every_process(demo):
    done = demo.command("-m", "jstore_site.embedded", "status")
    assert done.returncode == 0
    assert all(f"{name} " in done.stdout for name in PROCESSES)


def test_a_taken_port_is_an_error_before_anything_starts(tmp_path):
    other = Stack(tmp_path / "home")
    with socket.create_server(("127.0.0.1", other.port)):
        done = other.command(*UP, "--port", str(other.port))
    assert done.returncode == 1
    assert f"port {other.port}" in done.stderr
    assert "make demo PORT=" in done.stderr
    assert not (other.home / "servers.json").exists()


@pytest.mark.parametrize("name", [name for name in PROCESSES if name != "supervisor"])
def test_a_killed_process_comes_back_by_itself_and_its_children_answer_no_more(demo, name):
    before = demo.run
    children = psutil.Process(before["pids"][name]).children(recursive=True)
    os.kill(before["pids"][name], signal.SIGKILL)
    demo.wait_back(name, before["pids"][name])
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
    demo.wait_ready()
    assert {**demo.run, "pids": None} == {**before, "pids": None}
    assert features(demo) == 200


def test_a_server_whose_port_is_taken_comes_back_on_another_and_all_know_it(demo):
    before = demo.run
    port = read_json(demo.home / "servers.json")["valkey_port"]
    os.kill(before["pids"]["supervisor"], signal.SIGKILL)
    os.kill(before["pids"]["valkey"], signal.SIGKILL)
    assert wait_for(lambda: is_free(port))
    with socket.create_server(("127.0.0.1", port)):
        demo.up()
    assert demo.run["redis_uri"] != before["redis_uri"]
    assert features(demo) == 200


def test_a_killed_supervisor_is_replaced_by_the_next_start_and_nothing_else(demo):
    assert wait_for(lambda: demo.command("-m", "jstore_site.embedded", "status").returncode == 0)
    before = demo.run["pids"]
    os.kill(before["supervisor"], signal.SIGKILL)
    demo.up()
    after = demo.run["pids"]
    assert after.pop("supervisor") != before.pop("supervisor")
    assert after == before


def test_stop_ends_ours_and_nothing_else(demo):
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        pids = demo.run["pids"]
        (demo.home / "pids" / "consumer").write_text(str(stranger.pid))
        done = demo.command("-m", "jstore_site.embedded", "stop")
        assert done.returncode == 0, done.stderr
        assert stranger.poll() is None
        assert not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids.values())
        assert not (demo.home / "run.json").exists()
        assert "nothing was running" in demo.command("-m", "jstore_site.embedded", "stop").stdout
    finally:
        stranger.kill()
        stranger.wait(10)


def test_killed_starts_do_not_block_the_next(demo):
    for seconds in (0.4, 1.5):
        command = [sys.executable, *UP, "--port", str(demo.port)]
        start = subprocess.Popen(command, env=demo.environment, cwd=BASE_DIR, stdout=subprocess.DEVNULL, start_new_session=True)
        time.sleep(seconds)
        os.killpg(start.pid, signal.SIGKILL)
        start.wait(10)
    demo.up()
    assert set(demo.run["pids"]) == set(PROCESSES)
    assert read_json(demo.home / "stack.json")["port"] == demo.port
    assert features(demo) == 200
