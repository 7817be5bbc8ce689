"""A real Prometheus for the tests: the machine's own program with the scrape settings of deploy/prometheus.yml."""

from __future__ import annotations

import json
import re
import shutil
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from jstore_site.embedded.ports import free_port
from tests.servers.process import Process, ServerFailed

DEPLOYED = Path(__file__).resolve().parents[2] / "deploy" / "prometheus.yml"
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def adapted(text: str, web: str, own: str, every: str = "1s") -> str:
    """The deployed settings with these addresses of web and Prometheus itself, scraped each second."""
    if "web:8000" not in text:
        raise ServerFailed("deploy/prometheus.yml does not scrape web:8000")
    text = text.replace("web:8000", web).replace("localhost:9090", own)
    return re.sub(r"(scrape_interval|evaluation_interval|scrape_timeout):\s*\S+", rf"\1: {every}", text)


class Prometheus:
    """Scrapes one address (host:port) until `stop`; `query` answers PromQL."""

    def __init__(self, home: Path, target: str) -> None:
        self.port = free_port()
        program = shutil.which("prometheus")
        if program is None:
            raise ServerFailed("Prometheus is not installed; Debian's package is called prometheus")
        if not DEPLOYED.exists():
            raise ServerFailed(f"{DEPLOYED} is missing")
        home.mkdir(parents=True, exist_ok=True)
        config = home / "prometheus.yml"
        config.write_text(adapted(DEPLOYED.read_text(), target, f"127.0.0.1:{self.port}"))
        for rules in DEPLOYED.parent.glob("rules*.yml"):
            shutil.copy(rules, home)
        self._process = Process(
            "Prometheus",
            [
                program,
                f"--config.file={config}",
                f"--storage.tsdb.path={home / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--log.level=warn",
            ],
            home / "prometheus.log",
        )

    def start(self) -> None:
        """Returns when it is ready to answer (about 1 s)."""
        self._process.start()
        self._process.wait_until(self._ready, 30)

    def stop(self) -> None:
        """Ends it."""
        self._process.stop()

    def query(self, promql: str) -> list[dict[str, Any]]:
        """The result vector of an instant query; ServerFailed when the query is refused."""
        answer = self._get("/api/v1/query?" + urllib.parse.urlencode({"query": promql}))
        if answer.get("status") != "success":
            raise ServerFailed(f"{promql}: {answer}")
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def targets(self) -> list[dict[str, Any]]:
        """The scraped targets with their health and last error."""
        active: list[dict[str, Any]] = self._get("/api/v1/targets")["data"]["activeTargets"]
        return active

    def _get(self, path: str) -> dict[str, Any]:
        with DIRECT.open(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            parsed: dict[str, Any] = json.load(answer)
            return parsed

    def _ready(self) -> bool:
        try:
            with DIRECT.open(f"http://127.0.0.1:{self.port}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
