"""Processes are known by what we gave them, never by a pid alone."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from jstore_site.embedded import process
from jstore_site.embedded.home import Home

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
PARENT = [
    sys.executable,
    "-c",
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); time.sleep(60)",
]


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home")
    made.make()
    yield made
    process.kill(process.left_behind(made, "one"))


def until(check, seconds=10):
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


def test_a_process_records_itself_and_is_found(home):
    started = process.spawn(home, "one", SLEEP, dict(os.environ))
    found = until(lambda: process.find(home, "one"))
    assert found.pid == started.pid
    process.end([found])
    started.wait(10)
    assert process.find(home, "one") is None


def test_a_zombie_is_dead(home):
    started = process.spawn(home, "one", SLEEP, dict(os.environ))
    until(lambda: process.find(home, "one"))
    os.kill(started.pid, signal.SIGKILL)
    until(lambda: psutil.Process(started.pid).status() == psutil.STATUS_ZOMBIE)
    assert process.find(home, "one") is None
    started.wait(10)


def test_a_recycled_pid_is_never_ours(home):
    stranger = subprocess.Popen(SLEEP)
    try:
        home.pid_file("one").write_text(str(stranger.pid))
        assert process.find(home, "one") is None
        assert process.left_behind(home, "one") == []
    finally:
        stranger.kill()
        stranger.wait(10)


def test_a_process_of_another_home_is_not_ours(home, tmp_path):
    other = Home(tmp_path / "other")
    other.make()
    started = process.spawn(other, "one", SLEEP, dict(os.environ))
    try:
        until(lambda: process.find(other, "one"))
        home.pid_file("one").write_text(str(started.pid))
        assert process.find(home, "one") is None
    finally:
        started.kill()
        started.wait(10)


def test_children_that_outlive_a_killed_parent_are_found(home):
    started = process.spawn(home, "one", PARENT, dict(os.environ))
    until(lambda: len(process.left_behind(home, "one")) == 2)
    os.kill(started.pid, signal.SIGKILL)
    started.wait(10)
    (child,) = process.left_behind(home, "one")
    process.kill([child])
    assert process.left_behind(home, "one") == []


def test_what_does_not_end_when_asked_is_ended(home):
    deaf = [sys.executable, "-c", DEAF]
    started = process.spawn(home, "one", deaf, dict(os.environ))
    until(lambda: home.log("one").read_text() == "deaf\n")
    process.end([psutil.Process(started.pid)], seconds=0.3)
    assert process.find(home, "one") is None
    started.wait(10)
