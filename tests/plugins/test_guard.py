"""The run's servers end with the run, however it ends."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from jstore_site.conf.environment import BASE_DIR
from jstore_site.embedded import process

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
GUARD = [sys.executable, "-m", "tests.plugins.guard"]
# A run that starts a guard, says the guard's pid and waits to be killed.
RUN = """
import subprocess, sys, time
guard = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, text=True)
guard.stdin.write(sys.argv[1])
guard.stdin.flush()
print(guard.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_run_leaves_nothing(tmp_path, how):
    folder = tmp_path / "servers"
    folder.mkdir()
    plan = json.dumps([["one", SLEEP, int(signal.SIGTERM), None]]) + "\n"
    command = [sys.executable, "-c", RUN, plan, *GUARD, str(folder)]
    run = subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True, start_new_session=True)
    guard = psutil.Process(int(run.stdout.readline()))
    while not guard.children():
        assert guard.is_running()
    (server,) = guard.children()
    os.kill(run.pid, how)
    run.wait(10)
    run.stdout.close()
    assert process.wait_gone(guard, 20)
    assert process.wait_gone(server, 1)
    assert not folder.exists()
