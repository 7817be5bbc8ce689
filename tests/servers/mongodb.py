"""MongoDB's wire for the tests: SecantusDB as a process of its own. It is GPL, so it is used by tests only and never shipped."""

from __future__ import annotations

import sys
from pathlib import Path

import pymongo
from pymongo.errors import PyMongoError

from jstore_site.embedded.ports import free_port
from tests.servers.process import Process

PROGRAM = Path(sys.executable).with_name("secantusd-py")


class MongoDB:
    """One server; `uri` is what MONGODB_URI takes, database included."""

    def __init__(self, home: Path, database: str = "jstore") -> None:
        self.port = free_port()
        # directConnection: the server calls itself a replica set of one and gives an address of its own for it.
        self.uri = f"mongodb://127.0.0.1:{self.port}/{database}?directConnection=true"
        self._process = Process(
            "SecantusDB",
            [
                str(PROGRAM),
                "--host=127.0.0.1",
                f"--port={self.port}",
                f"--storage-path={home / 'data'}",
                "--cache-size=256M",
                "--log-level=WARNING",
            ],
            home / "mongodb.log",
        )

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    def start(self) -> None:
        """Returns when a client is answered."""
        self._process.start()
        self._process.wait_until(self._ready, 30)

    def stop(self) -> None:
        """Ends it; the data stays."""
        self._process.stop()

    def _ready(self) -> bool:
        with pymongo.MongoClient[dict[str, object]](self.uri, serverSelectionTimeoutMS=500) as client:
            try:
                client.admin.command("ping")
            except PyMongoError:
                return False
            return True
