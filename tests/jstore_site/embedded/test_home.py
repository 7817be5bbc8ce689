"""The home's files: written whole, locked by the living only."""

import os
import signal
import subprocess
import sys
import time

import pytest

from jstore_site.conf.environment import BASE_DIR, read_json, write_json
from jstore_site.embedded.home import Busy, Home

HOLD = """
import sys, time
from pathlib import Path
from jstore_site.embedded.home import Home
with Home(Path(sys.argv[1])).lock(0):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home")
    made.make()
    return made


def test_two_at_once_are_refused_and_a_killed_holder_holds_nothing(home):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(home.path)], cwd=BASE_DIR, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(Busy), home.lock(0):
        pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait(10)
    holder.stdout.close()
    with home.lock(0):
        pass


def test_a_torn_file_counts_as_none(home):
    write_json(home.run, {"url": "http://127.0.0.1"})
    assert read_json(home.run) == {"url": "http://127.0.0.1"}
    home.run.write_text('{"url": "http')
    assert read_json(home.run) == {}
    assert read_json(home.path / "nothing.json") == {}


def test_a_long_log_is_put_aside(home, monkeypatch):
    monkeypatch.setattr("jstore_site.embedded.home.LOG_LIMIT", 10)
    home.log("web").write_text("x" * 11)
    assert home.rotated_log("web") == home.log("web")
    assert not home.log("web").exists()
    assert (home.path / "logs" / "web.log.1").exists()


def test_metrics_of_the_dead_are_cleared(home):
    (home.metrics / "counter_1.db").write_text("")
    home.clear_metrics()
    assert list(home.metrics.iterdir()) == []


def test_waiting_for_the_lock_ends(home):
    started = time.monotonic()
    with home.lock(0), pytest.raises(Busy), home.lock(0.3):
        pass
    assert time.monotonic() - started < 5
