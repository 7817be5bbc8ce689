"""What "Use in code" shows is run as it stands: the same answer comes from curl, from Python and from the page."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys

import pytest
from django.test import Client

from features import services
from jstore_site.conf.environment import BASE_DIR
from tests.pages.shop import SQL

PAIRS = "SELECT user_id, item_id, SUM(amount) AS total FROM input_data GROUP BY user_id, item_id"


@pytest.fixture
def key(fresh: object) -> str:
    return services.create_key("default", "snippets", ["features:read"], None)[0]


def shown(site: Client, address: str, host: str) -> dict[str, str]:
    """The snippets of a group's page, by title, as a reader on this host copies them."""
    page = site.get(address, SERVER_NAME=host.partition(":")[0], SERVER_PORT=host.partition(":")[2]).content.decode()
    found = re.findall(r'<pre class="code code-small"[^>]*aria-label="(\w+)">(.*?)</pre>', page, re.S)
    return {title: html.unescape(text) for title, text in found}


@pytest.mark.parametrize(("sql", "entity"), [(SQL, "user_id"), (PAIRS, "user_id,item_id")])
def test_curl_and_python_read_the_same_value(shop, site, live_server, key, sql, entity):
    shop.define("spend", sql, entity=entity)
    shop.push([{"user_id": 1, "item_id": 1, "amount": 12.5}])
    shop.settle()
    snippets = shown(site, "/features/spend/", live_server.url.removeprefix("http://"))
    env = {**os.environ, "JSTORE_API_KEY": key, "PYTHONPATH": str(BASE_DIR / "sdk" / "python")}
    python = re.sub(r"^client\.get_feature_values\(", "answer = client.get_feature_values(", snippets["Python"], flags=re.M)
    for command in (
        ["bash", "-c", snippets["curl"]],
        [sys.executable, "-c", f"{python}\nimport json; print(json.dumps(answer))"],
    ):
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["values"]["total"]["value"] == 12.5, done.stdout


def test_a_version_that_is_not_served_is_read_by_its_number(shop, site):
    shop.define("spend", SQL)
    shop.define("spend", SQL.replace("SUM", "MAX"))
    assert "features/spend@2/values/1" in shown(site, "/features/spend/?version=2", "testserver:80")["curl"]
