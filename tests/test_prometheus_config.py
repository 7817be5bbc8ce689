"""The scrape configuration and the alert rules, judged by Prometheus's own tool."""

import subprocess

import pytest

from jstore_site.conf.environment import BASE_DIR


@pytest.mark.parametrize("command", [["check", "config", "prometheus.yml"], ["test", "rules", "rules_test.yml"]])
def test_promtool_agrees(command):
    done = subprocess.run(["promtool", *command], cwd=BASE_DIR / "deploy", capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
