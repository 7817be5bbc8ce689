"""x5, x6: the disk of PostgreSQL or Valkey is full. A limit on the size of files does it to the real server, whoever runs the
tests: every write beyond it fails, as on a full disk. Nothing that was acknowledged is lost, and all goes on once there is space.
"""

from __future__ import annotations

import resource
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator

import psutil
import pytest
import redis as redis_client

from jstore_site.embedded.account import as_server_user
from jstore_site.embedded.ports import free_port
from jstore_site.embedded.valkey import DURABLE, Valkey
from processing.stores import store_is_away
from tests import oracle
from tests.processing.world import NOON, SUMS, World, event
from tests.servers.stack import Stack, wait_for

FREE = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
NONE = (0, resource.RLIM_INFINITY)
OUTPUTS: dict[str, oracle.Output] = {"total": ("sum", "amount"), "n": ("count",)}


@pytest.mark.kafka
@pytest.mark.timeout(400)
def test_x5_the_disk_of_postgresql_is_full(stack: Stack) -> None:
    """It can write no log any more, so it ends; started again with space it has every row that was acknowledged."""
    tag, client = uuid.uuid4().hex[:8], stack.client()
    sql = f"SELECT user_id, SUM(x_{tag}) AS total, COUNT(*) AS n FROM input_data GROUP BY user_id"
    assert client.define(f"full_{tag}", sql).status == 201
    user, pid = f"f-{tag}", stack.pid("postgres")
    assert pid is not None
    sent, failures, going = [0], list[str](), [True]

    def push() -> None:
        while going[0]:
            row = {"user_id": user, f"x_{tag}": 1, "event_id": f"{tag}-{sent[0]}"}
            try:
                answer = client.push([row] * 3, wait=None)
            except OSError as error:
                failures.append(repr(error))
                time.sleep(0.1)
                continue
            if answer.status == 202:
                assert answer["rejected"] == []
                sent[0] += 1
            else:
                assert answer.status >= 500, answer.body
                failures.append(str(answer.status))
                time.sleep(0.1)

    sender = threading.Thread(target=push, daemon=True)
    sender.start()
    try:
        assert wait_for(lambda: sent[0] > 5)
        server = psutil.Process(pid)
        for one in [server, *server.children()]:
            _no_space(one.pid)
        assert wait_for(lambda: failures, 30), "nobody noticed"
        stack.wait_back("postgres", pid)  # the supervisor's, which has space
        stack.wait_ready()
        before = sent[0]
        assert wait_for(lambda: sent[0] > before + 3)
    finally:
        going[0] = False
        sender.join(60)
    want = {"total": sent[0], "n": sent[0]}

    def seen() -> dict[str, object]:
        values = client.values(f"full_{tag}", user)
        return {name: cell["value"] for name, cell in values["values"].items() if cell["status"] == "PRESENT"}

    assert wait_for(lambda: seen() == want, 60), (seen(), want)


def _no_space(pid: int) -> None:
    """As the account of the server, which may limit what is its own. A backend that has just ended needs no limit."""
    done = subprocess.run(["prlimit", "--pid", str(pid), "--fsize=0:"], capture_output=True, text=True, **as_server_user())
    assert done.returncode == 0 or not psutil.pid_exists(pid), done.stderr


@pytest.fixture
def small(tmp_path_factory: pytest.TempPathFactory, settings) -> Iterator[tuple[subprocess.Popen[bytes], Valkey]]:
    """A Valkey of this test's own, that writes what it is told and no file larger than it may."""
    server = Valkey(tmp_path_factory.mktemp("valkey"), free_port(), uuid.uuid4().hex, DURABLE)
    server.initialise()
    process = _start(server)
    settings.REDIS_URI = server.uri
    yield process, server
    process.kill()
    process.wait(10)


def _start(server: Valkey) -> subprocess.Popen[bytes]:
    # a write beyond the limit shall fail and not end the process, as on a disk
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        process = subprocess.Popen(server.command(), stdout=subprocess.DEVNULL, restore_signals=False)
    finally:
        signal.signal(signal.SIGXFSZ, ignored)
    server.wait()
    return process


def test_x6_the_disk_of_valkey_is_full(fresh, monkeypatch, small) -> None:
    process, server = small
    world = World(monkeypatch, NOON)
    for name, window in (("all", None), ("day", "1d")):
        world.define(name, SUMS, window=window, columns={"amount": "DOUBLE"})
    users, events = [f"u{n}" for n in range(20)], list[dict[str, object]]()

    def push(seconds: int) -> None:
        rows = [event(user, seconds, float(seconds)) for user in users]
        assert world.push(rows).accepted == len(rows), "the log takes it whatever Redis says"
        events.append({"us": NOON + seconds * oracle.SECOND, "amount": float(seconds)})

    def check() -> None:
        world.applier.forget()
        world.settle()
        for name, window in (("all", None), ("day", "1d")):
            want = oracle.value(events, NOON, window, OUTPUTS)
            for user in users:
                found = world.served(name, user)
                assert (found.values, found.as_of) == (want, NOON), (name, user)

    push(-100)
    check()
    psutil.Process(process.pid).rlimit(psutil.RLIMIT_FSIZE, NONE)
    push(-90)
    refused = None
    for _ in range(200):  # what it has in its memory for a second may still be taken
        push(-80)
        try:
            world.settle()
        except redis_client.ResponseError as error:
            refused = error
            break
        time.sleep(0.05)
    assert refused is not None
    assert "MISCONF" in str(refused)
    assert store_is_away(refused), "an applier waits for it and tries again"
    assert world.served("all", users[0]).values["n"] <= len(events), "reads go on"
    psutil.Process(process.pid).rlimit(psutil.RLIMIT_FSIZE, FREE)
    assert wait_for(lambda: _writes(server), 30)
    check()
    process.kill()
    process.wait(10)
    again = _start(server)
    try:
        push(-70)
        check()
    finally:
        again.kill()
        again.wait(10)


def _writes(server: Valkey) -> bool:
    with redis_client.Redis.from_url(server.uri) as client:
        try:
            return bool(client.set("written", 1))
        except redis_client.ResponseError:
            return False
